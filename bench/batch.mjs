#!/usr/bin/env node
/**
 * What does the queue cost for each sample, and what does a second worker bring? Rows: `empty`, samples that take no
 * time, and `large`, samples of one kind of capture, on one machine and through a Redis that is started here.
 */
import { spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startRedis } from './batch/redis.mjs'
import { captureFile } from './measure/capture-files.mjs'
import { environment, resultName } from './measure/environment.mjs'
import { cleanEnv } from './measure/run.mjs'
import { RESULTS } from './speed/results.mjs'

const USAGE = `usage: node bench/batch.mjs [flags]
  --empty N      samples that take no time [2000]
  --large N      samples of a capture of --kind [8]
  --kind NAME    big, small or syn [small]
  --scale X      size of that capture; 1 is full [0.05]
  --rounds N     of each, in turn; the median counts [3]
  --no-save      print only
`
const root = fileURLToPath(new URL('..', import.meta.url))
const MAIN = `${root}dist/cli/main.js`
const EMPTY_WORKER = `${root}bench/batch/empty-worker.mjs`
const TICKS_PER_SECOND = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout)

const { values } = parseArgs({
  options: {
    empty: { type: 'string', default: '2000' },
    large: { type: 'string', default: '8' },
    kind: { type: 'string', default: 'small' },
    scale: { type: 'string', default: '0.05' },
    rounds: { type: 'string', default: '3' },
    'no-save': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}
if (!existsSync(MAIN)) fail('not built yet; run npm run build')
if (spawnSync('redis-server', ['--version']).error) fail('needs redis-server')

const folder = mkdtempSync(join(tmpdir(), 'rstscope-bench-'))
const redis = await startRedis()
const rows = []
try {
  const empty = {
    samples: Number(values.empty),
    bytes: 0,
    list: manifest(Number(values.empty), 'none.pcap'),
  }
  const capture = await captureFile(values.kind, { scale: Number(values.scale) })
  const large = largeSamples(Number(values.large), capture)
  const ways = [
    { id: 'empty, 1 worker', ...empty, workers: [[EMPTY_WORKER, redis.url, '1']] },
    { id: 'empty, 2 workers', ...empty, workers: Array(2).fill([EMPTY_WORKER, redis.url, '1']) },
    { id: 'large, --jobs 1', ...large, workers: [], jobs: 1 },
    { id: 'large, --jobs 2', ...large, workers: [], jobs: 2 },
    { id: 'large, 1 worker', ...large, workers: [worker()] },
    { id: 'large, 2 workers', ...large, workers: [worker(), worker()] },
  ]
  const runs = new Map(ways.map(({ id }) => [id, []]))
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const way of ways) runs.get(way.id).push(await measure(way))
  }
  console.log(
    '                      samples     wall   a sample      CPU   a sample  of workers     MB/s',
  )
  for (const { id, samples, bytes } of ways) {
    const row = { id, samples, bytes, runs: runs.get(id) }
    rows.push(row)
    console.log(line(row))
  }
} finally {
  redis.stop()
  rmSync(folder, { recursive: true })
}
if (!values['no-save']) {
  mkdirSync(RESULTS, { recursive: true })
  const place = environment()
  const path = join(RESULTS, `batch-${resultName(place)}.json`)
  const head = JSON.stringify({
    environment: place,
    kind: values.kind,
    scale: Number(values.scale),
  })
  const lines = rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')
  writeFileSync(path, `${head.slice(0, -1)},"rows":[\n${lines}\n]}\n`)
  console.log(`\nwritten: ${relative(process.cwd(), path)}`)
}

function worker() {
  return [MAIN, 'worker', '--quiet', '--jobs', '1', '--queue', redis.url]
}

/** Wall time of the whole `batch` process, its workers waiting; CPU time of it and of them. */
async function measure({ list, workers, jobs }) {
  const children = workers.map((words) => start(words))
  // Connected, and their code loaded.
  if (children.length > 0) await new Promise((resolve) => setTimeout(resolve, 3000))
  const before = children.map(({ pid }) => cpuMs(pid))
  const way = jobs === undefined ? ['--queue', redis.url] : ['--jobs', `${jobs}`]
  const began = performance.now()
  const batch = start([MAIN, 'batch', '--manifest', list, '--quiet', ...way])
  let own = 0
  const timer = setInterval(() => {
    own = cpuMs(batch.pid) ?? own
  }, 20)
  const code = await new Promise((resolve) => batch.once('exit', resolve))
  const ms = performance.now() - began
  clearInterval(timer)
  const theirs = children.map(({ pid }, at) => cpuMs(pid) - before[at])
  await Promise.all(
    children.map((child) => {
      child.kill('SIGTERM')
      return new Promise((resolve) => child.once('exit', resolve))
    }),
  )
  if (code !== 0 && code !== 3) throw new Error(`batch ended with ${code}`)
  const workersMs = theirs.reduce((sum, one) => sum + one, 0)
  return { ms, cpuMs: own + workersMs, workersMs }
}

function start(words) {
  return spawn(process.execPath, words, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: cleanEnv(),
  })
}

/** What a process and its threads have had of the processors; null once it is gone. */
function cpuMs(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return null
    throw error
  }
}

/** A list of samples of one capture each. */
function manifest(count, path) {
  const file = join(folder, `${count}-${path}.csv`)
  const lines = Array.from({ length: count }, (_, at) => `sample-${at},${path.replace('#', at)}`)
  writeFileSync(file, `id,capture\n${lines.join('\n')}\n`)
  writeFileSync(join(folder, 'none.pcap'), 'no capture')
  return file
}

/** The same bytes under several names. */
function largeSamples(samples, { path, bytes }) {
  for (let at = 0; at < samples; at++) linkOrFail(path, join(folder, `large-${at}.pcap`))
  return { samples, bytes: bytes * samples, list: manifest(samples, 'large-#.pcap') }
}

function linkOrFail(from, to) {
  try {
    linkSync(from, to)
  } catch (error) {
    if (error.code !== 'EXDEV') throw error
    spawnSync('ln', ['-s', from, to])
  }
}

function line({ id, samples, bytes, runs }) {
  const median = (key) => runs.map((run) => run[key]).sort((a, b) => a - b)[runs.length >> 1]
  const [wall, cpu, workers] = ['ms', 'cpuMs', 'workersMs'].map(median)
  const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`.padStart(9)
  const each = (ms) => `${(ms / samples).toFixed(2)} ms`.padStart(11)
  const rate = bytes === 0 ? '' : (bytes / wall / 1000).toFixed(0).padStart(8)
  return `${id.padEnd(20)} ${`${samples}`.padStart(8)}${seconds(wall)}${each(wall)}${seconds(cpu)}${each(cpu)}${each(workers)} ${rate}`
}

function fail(message) {
  console.error(`batch: ${message}`)
  process.exit(2)
}
