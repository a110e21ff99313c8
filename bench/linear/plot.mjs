/** A plain SVG of points on logarithmic axes, enough to see a slope. */

const WIDTH = 460
const HEIGHT = 340
const LEFT = 62
const RIGHT = 18
const TOP = 40
const BOTTOM = 48
const TICK_FACTORS = [1, 2, 5]

/**
 * @typedef {{ x: number, low: number, y: number, high: number }} Point  all above 0
 * @typedef {{ title: string, xLabel: string, yLabel: string, points: Point[] }} Plot
 */

/** The slope of the line through points on logarithmic axes, by least squares: 1 means y grows as x does. */
export function fitSlope(points) {
  return leastSquares(points).slope
}

/** Plots side by side: points with their range, the fitted line, and a dashed line of slope 1. @param {Plot[]} plots */
export function logLogPlot(plots) {
  const panels = plots.map(
    (plot, i) => `<g transform="translate(${i * WIDTH} 0)">${panel(plot)}</g>`,
  )
  const width = plots.length * WIDTH
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${HEIGHT}" fill="white"/>
${panels.join('\n')}
</svg>
`
}

function panel({ title, xLabel, yLabel, points }) {
  const xs = axis(
    points.map(({ x }) => x),
    LEFT,
    WIDTH - RIGHT,
  )
  const ys = axis(
    points.flatMap(({ low, high }) => [low, high]),
    HEIGHT - BOTTOM,
    TOP,
  )
  const right = WIDTH - RIGHT
  const bottom = HEIGHT - BOTTOM
  const { slope, at } = leastSquares(points.map(({ x, y }) => [x, y]))
  const [first] = points
  const [from, to] = [Math.min(...points.map(({ x }) => x)), Math.max(...points.map(({ x }) => x))]
  const line = (y, style) =>
    `<line x1="${px(xs(from))}" y1="${px(ys(y(from)))}" x2="${px(xs(to))}" y2="${px(ys(y(to)))}" ${style}/>`
  return [
    `<clipPath id="${xLabel}"><rect x="${LEFT}" y="${TOP}" width="${right - LEFT}" height="${bottom - TOP}"/></clipPath>`,
    text(WIDTH / 2, 20, title, 'text-anchor="middle" font-size="13"'),
    ...xs.ticks.map(
      (x) =>
        `<path d="M${px(xs(x))} ${TOP}V${bottom}" stroke="#ddd"/>` +
        text(xs(x), bottom + 16, shortNumber(x), 'text-anchor="middle"'),
    ),
    ...ys.ticks.map(
      (y) =>
        `<path d="M${LEFT} ${px(ys(y))}H${right}" stroke="#ddd"/>` +
        text(LEFT - 6, ys(y) + 4, shortNumber(y), 'text-anchor="end"'),
    ),
    `<rect x="${LEFT}" y="${TOP}" width="${right - LEFT}" height="${bottom - TOP}" fill="none" stroke="#888"/>`,
    text(WIDTH / 2, HEIGHT - 10, xLabel, 'text-anchor="middle"'),
    text(LEFT, TOP - 6, yLabel, ''),
    `<g clip-path="url(#${xLabel})">`,
    line((x) => (first.y * x) / first.x, 'stroke="#999" stroke-dasharray="5 4"'),
    line((x) => at * x ** slope, 'stroke="#1f5fa8"'),
    '</g>',
    ...points.map(
      ({ x, low, y, high }) =>
        `<path d="M${px(xs(x))} ${px(ys(low))}V${px(ys(high))}" stroke="#1f5fa8" stroke-width="2"/>` +
        `<circle cx="${px(xs(x))}" cy="${px(ys(y))}" r="4" fill="#1f5fa8"/>`,
    ),
  ].join('\n')
}

/** Least squares over the logarithms: y = at · x^slope. */
function leastSquares(points) {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)])
  const mean = (k) => logs.reduce((sum, log) => sum + log[k], 0) / logs.length
  const [mx, my] = [mean(0), mean(1)]
  const over = logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0)
  const under = logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0)
  const slope = over / under
  return { slope, at: Math.exp(my - slope * mx) }
}

/** From values to pixels, with some air at both ends; `ticks` are round numbers between. */
function axis(values, start, end) {
  const low = Math.log(Math.min(...values) / 1.5)
  const high = Math.log(Math.max(...values) * 1.5)
  const place = (value) => start + ((Math.log(value) - low) / (high - low)) * (end - start)
  place.ticks = []
  for (let power = Math.floor(low / Math.LN10); power <= high / Math.LN10; power++) {
    for (const factor of TICK_FACTORS) {
      const tick = factor * 10 ** power
      if (Math.log(tick) >= low && Math.log(tick) <= high) place.ticks.push(tick)
    }
  }
  return place
}

function text(x, y, content, attributes) {
  return `<text x="${px(x)}" y="${px(y)}" ${attributes}>${content}</text>`
}

function shortNumber(value) {
  if (value >= 1e6) return `${value / 1e6} M`
  if (value >= 1e3) return `${value / 1e3} k`
  return `${Number(value.toPrecision(2))}`
}

function px(value) {
  return value.toFixed(1)
}
