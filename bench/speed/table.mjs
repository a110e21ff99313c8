import { readFileSync, writeFileSync } from 'node:fs'
import { spread } from '../measure/pairs.mjs'
import { judge } from './results.mjs'

const OPEN = '<!-- bench -->'
const CLOSE = '<!-- /bench -->'

/** One measured row as a line for the terminal. */
export function rowLine(row) {
  const name = row.id.padEnd(24)
  if (row.skipped !== null) return `${name} skipped: ${row.skipped}`
  const { ratio, peaks, isFastEnough, isSmallEnough } = judge(row)
  const reach = row.reach === null ? '' : `  reach ${reachText(row.reach)} ${mark(isFastEnough)}`
  const bound = row.peak === null ? '' : ` of ${megabytes(row.peak)} ${mark(isSmallEnough)}`
  const against = `peak ${megabytes(peaks.a)}${bound}, ${megabytes(peaks.b)}`
  return `${name} ${spreadText(ratio)}${reach}  ${seconds(row, 'a')} : ${seconds(row, 'b')}  ${against}`
}

/** A result as Markdown, with where and how it was measured. */
export function markdownTable({ environment, tools, scale, rows }) {
  const versions = Object.entries(tools).filter(([, version]) => version !== null)
  const pairs = [...new Set(rows.map(({ runs }) => runs.length).filter((n) => n > 0))]
  const lines = [
    '| | compared with | time, min – median – max | reach | peak memory | reach |',
    '|---|---|---|---|---|---|',
    ...rows.filter(({ skipped }) => skipped === null).map(markdownRow),
  ]
  const skipped = rows.filter((row) => row.skipped !== null)
  return [
    ...lines,
    '',
    `${environment.date}, ${environment.cpu}, ${environment.cores} cores, Node ${environment.node.slice(1)}` +
      `${scale === 1 ? '' : `, captures of ${scale} of the full size`}; ` +
      `${pairs.join(' or ')} pairs each. ${versions.map(([name, v]) => `${name} ${v}`).join(', ')}.`,
    ...(skipped.length === 0
      ? []
      : [
          '',
          `Not measured: ${skipped.map(({ id, skipped: why }) => `${id} (${why})`).join(', ')}.`,
        ]),
  ].join('\n')
}

function markdownRow(row) {
  const { ratio, peaks, isFastEnough, isSmallEnough } = judge(row)
  const [, what] = row.id.split('/')
  const cells = [
    row.id.startsWith('start') ? row.a : `**${what}** ${row.a}`,
    `\`${row.b}\``,
    spreadText(ratio),
    row.reach === null ? '' : `${reachText(row.reach)} ${mark(isFastEnough)}`,
    megabytes(peaks.a),
    row.peak === null ? '' : `≤ ${megabytes(row.peak)} ${mark(isSmallEnough)}`,
  ]
  return `| ${cells.join(' | ')} |`
}

/** Puts the table between the markers of a file; throws where they are missing. */
export function writeTable(path, result) {
  const text = readFileSync(path, 'utf8')
  const from = text.indexOf(OPEN)
  const to = text.indexOf(CLOSE)
  if (from < 0 || to < from) throw new Error(`${path} has no ${OPEN} … ${CLOSE}`)
  const table = markdownTable(result)
  writeFileSync(path, `${text.slice(0, from + OPEN.length)}\n${table}\n${text.slice(to)}`)
}

/** Above a half as a multiple of the other's time, below it as how many times faster. */
function spreadText({ min, median, max }) {
  const isFaster = median < 0.5
  const values = isFaster ? [1 / max, 1 / median, 1 / min] : [min, median, max]
  return `${values.map(shortNumber).join(' – ')} ${isFaster ? '× faster' : '×'}`
}

function reachText(reach) {
  return reach <= 0.5 ? `≥ ${shortNumber(1 / reach)} × faster` : `≤ ${shortNumber(reach)} ×`
}

function shortNumber(value) {
  return value >= 10 ? value.toFixed(0) : value >= 2 ? value.toFixed(1) : value.toFixed(2)
}

function mark(isMet) {
  return isMet === null ? '' : isMet ? '✓' : '✗'
}

function seconds({ runs }, side) {
  const { median } = spread(runs.map((pair) => pair[side].ms))
  return `${(median / 1e3).toFixed(median < 1e3 ? 3 : 2)} s`
}

function megabytes(bytes) {
  return bytes === null ? '–' : `${Math.round(bytes / 1e6)} MB`
}
