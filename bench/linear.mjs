#!/usr/bin/env node
/**
 * Does cost grow with size and no faster? The same connections with 1, 4 and 16 times the packets, then 1, 4 and 16
 * times the connections: wall time and peak memory of `analyze`, as numbers and as a plot.
 */
import { closeSync, existsSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { KINDS } from './capture/capture.mjs'
import { fitSlope, logLogPlot } from './linear/plot.mjs'
import { CACHE, captureFile } from './measure/capture-files.mjs'
import { environment, resultName } from './measure/environment.mjs'
import { spread } from './measure/pairs.mjs'
import { run } from './measure/run.mjs'
import { RESULTS } from './speed/results.mjs'

const USAGE = `usage: node bench/linear.mjs [flags]
  --scale N    size of the captures: 1 is up to 0.6 GB and 2 M connections [1]
  --runs N     of each [5]
  --dir PATH   where captures are made and kept [bench/.cache]
  --no-save    print only
`
const root = fileURLToPath(new URL('..', import.meta.url))
const MAIN = `${root}dist/cli/main.js`
/** With so many exchanges a conversation of `small` has 1, 4 and 16 times as many packets. */
const EXCHANGES = [2, 15, 66]
const STEPS = [1 / 16, 1 / 4, 1]
const PACKETS_SCALE = 0.04

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    runs: { type: 'string', default: '5' },
    dir: { type: 'string', default: CACHE },
    'no-save': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}
if (!existsSync(MAIN)) {
  console.error('linear: not built yet; run npm run build')
  process.exit(2)
}
const scale = Number(values.scale)
const series = [
  {
    grows: 'packets',
    fixed: `${Math.round(KINDS.small.connections * PACKETS_SCALE * scale)} connections`,
    files: EXCHANGES.map((exchanges) => ['small', { scale: PACKETS_SCALE * scale, exchanges }]),
    size: ({ packets }) => packets,
  },
  {
    grows: 'connections',
    fixed: 'about 2.4 packets of a connection',
    files: STEPS.map((step) => ['syn', { scale: step * scale }]),
    size: ({ connections }) => connections,
  },
]
for (const one of series) {
  one.points = []
  for (const [kind, options] of one.files) {
    const { path, bytes } = await captureFile(kind, { dir: values.dir, ...options })
    const connections = Math.round(KINDS[kind].connections * options.scale)
    const packets = countRecords(path)
    const command = [process.execPath, MAIN, 'analyze', path, '--progress', 'none']
    await run(command)
    const runs = []
    for (let i = 0; i < Number(values.runs); i++) runs.push(await run(command))
    const point = { kind, connections, packets, bytes, runs }
    const { min, median, max } = spread(runs.map(({ ms }) => ms))
    one.points.push({ ...point, x: one.size(point), min, median, max })
    const peak = Math.max(...runs.map(({ peakBytes }) => peakBytes ?? 0))
    console.log(
      `${one.grows}: ${packets} packets, ${connections} connections, ${(bytes / 1e6).toFixed(0)} MB: ` +
        `${(min / 1e3).toFixed(2)} – ${(median / 1e3).toFixed(2)} – ${(max / 1e3).toFixed(2)} s, peak ${(peak / 1e6).toFixed(0)} MB`,
    )
  }
  one.slope = fitSlope(one.points.map(({ x, median }) => [x, median]))
  console.log(`${one.grows}: slope ${one.slope.toFixed(2)} (1: linear; below 1: start-up weighs)\n`)
}
if (!values['no-save']) {
  mkdirSync(RESULTS, { recursive: true })
  const place = environment()
  const name = `linear-${resultName(place)}${scale === 1 ? '' : `-scale${scale}`}`
  const kept = series.map(({ grows, fixed, slope, points }) => ({ grows, fixed, slope, points }))
  const json = JSON.stringify({ environment: place, scale, series: kept }, null, 1)
  writeFileSync(join(RESULTS, `${name}.json`), `${json}\n`)
  const plots = kept.map(({ grows, fixed, slope, points }) => ({
    title: `${grows}, ${fixed}: slope ${slope.toFixed(2)}`,
    xLabel: grows,
    yLabel: 'seconds',
    points: points.map(({ x, min, median, max }) => ({
      x,
      low: min / 1e3,
      y: median / 1e3,
      high: max / 1e3,
    })),
  }))
  writeFileSync(join(RESULTS, `${name}.svg`), logLogPlot(plots))
  console.log(`written: ${relative(process.cwd(), join(RESULTS, name))}.json and .svg`)
}

/** Records of a classic pcap file, by walking it. */
function countRecords(path) {
  const fd = openSync(path, 'r')
  const window = Buffer.alloc(1 << 20)
  let count = 0
  let start = 24
  for (;;) {
    const length = readSync(fd, window, 0, window.length, start)
    if (length < 16) break
    let at = 0
    while (at + 16 <= length) {
      at += 16 + window.readUInt32LE(at + 8)
      count++
    }
    start += at
  }
  closeSync(fd)
  return count
}
