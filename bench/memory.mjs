#!/usr/bin/env node
/**
 * Does memory stay bounded, whatever the size? Streams captures of growing size, with a steady rate of connections,
 * through a pipe into `rstscope analyze -` (or `watch -`) and follows its resident memory.
 */
import { spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { captureChunks, KINDS } from './capture/capture.mjs'
import { environment, resultName } from './measure/environment.mjs'
import { cleanEnv, peakOf, residentOf } from './measure/run.mjs'
import { RESULTS } from './speed/results.mjs'

const SIZES = '1,5,20'
const USAGE = `usage: node bench/memory.mjs [flags]
  --sizes LIST   GB that are streamed [${SIZES}]
  --kinds LIST   ${Object.keys(KINDS).join(',')} [big,small]
  --command NAME analyze or watch [analyze]
  --flags TEXT   more flags for it ("--max-memory 512M")
  --no-save      print only
`
const root = fileURLToPath(new URL('..', import.meta.url))
const MAIN = `${root}dist/cli/main.js`
const SAMPLE_MS = 50
/** Samples of a run that are kept. */
const MOST_KEPT = 100
/** Part of a kind from which its bytes at full size are estimated. */
const ESTIMATE = 0.005

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: SIZES },
    kinds: { type: 'string', default: 'big,small' },
    command: { type: 'string', default: 'analyze' },
    flags: { type: 'string', default: '' },
    'no-save': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}
if (!existsSync(MAIN)) fail('not built yet; run npm run build')
if (!existsSync('/proc/self/status')) fail('needs /proc, where Linux tells the memory of a process')
const sizes = values.sizes.split(',').map(Number)
const kinds = values.kinds.split(',')
if (sizes.some((gb) => !(gb > 0))) fail('--sizes takes numbers above 0')
if (!['analyze', 'watch'].includes(values.command)) fail('--command: analyze, watch')
if (kinds.some((kind) => !(kind in KINDS))) fail(`--kinds: ${Object.keys(KINDS).join(', ')}`)

const streams = []
console.log('kind    streamed      time   peak RSS   RSS at 25 %   50 %   75 %   100 %  (MB)')
for (const kind of kinds) {
  const bytesInFull = estimateBytes(kind)
  for (const gb of sizes) {
    const stream = { kind, gb, ...(await follow(kind, (gb * 1e9) / bytesInFull)) }
    streams.push(stream)
    console.log(line(stream))
  }
}
if (!values['no-save']) {
  mkdirSync(RESULTS, { recursive: true })
  const place = environment()
  const isQuick = values.sizes !== SIZES
  const of = values.command === 'watch' ? 'watch-' : ''
  const path = join(RESULTS, `memory-${of}${resultName(place)}${isQuick ? '-quick' : ''}.json`)
  const rows = streams.map((stream) => `  ${JSON.stringify(stream)}`).join(',\n')
  const head = JSON.stringify({ environment: place, flags: values.flags }).slice(0, -1)
  writeFileSync(path, `${head},"streams":[\n${rows}\n]}\n`)
  console.log(`\nwritten: ${relative(process.cwd(), path)}`)
}

/** Streams one capture and samples what its reader holds. */
async function follow(kind, scale) {
  const scratch = mkdtempSync(join(tmpdir(), 'rstscope-bench-'))
  const pipe = join(scratch, 'pipe')
  const said = join(scratch, 'stderr')
  if (spawnSync('mkfifo', [pipe]).status !== 0) fail('mkfifo is missing')
  const maker = [join(root, 'bench', 'make-capture.mjs'), kind, pipe, '--scale', `${scale}`]
  const writer = spawn(process.execPath, maker, { stdio: ['ignore', 'ignore', 'inherit'] })
  const stdin = openSync(pipe, 'r')
  const stderr = openSync(said, 'w')
  const start = performance.now()
  const flags = values.flags.split(' ').filter((flag) => flag !== '')
  const quiet = values.command === 'watch' ? [] : ['--progress', 'none']
  const reader = spawn(process.execPath, [MAIN, values.command, '-', ...quiet, ...flags], {
    stdio: [stdin, 'ignore', stderr],
    env: cleanEnv(),
  })
  closeSync(stdin)
  const samples = []
  let peakBytes = 0
  const timer = setInterval(() => {
    const rssBytes = residentOf(reader.pid)
    const readBytes = bytesReadBy(reader.pid)
    // A process that has ended but was not waited for has no memory any more.
    if (rssBytes === null || readBytes === null) return
    peakBytes = Math.max(peakBytes, peakOf(reader.pid) ?? 0)
    samples.push({ ms: Math.round(performance.now() - start), readBytes, rssBytes })
  }, SAMPLE_MS)
  const status = await new Promise((resolve, reject) => {
    reader.on('error', reject)
    reader.on('exit', (code, signal) => resolve(code ?? signal))
  })
  clearInterval(timer)
  const ms = performance.now() - start
  const message = readFileSync(said, 'utf8').trim()
  closeSync(stderr)
  rmSync(scratch, { recursive: true })
  if (status !== 0) {
    writer.kill()
    throw new Error(`${values.command} ended with ${status}: ${message}`)
  }
  return { ms: Math.round(ms), peakBytes, samples: thinned(samples) }
}

/** What a process has read of everything, in bytes: here nearly all of it is the capture. */
function bytesReadBy(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/io`, 'utf8').match(/^rchar: (\d+)/m)[1])
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH' || error.code === 'EACCES') return null
    throw error
  }
}

function thinned(samples) {
  const step = Math.max(1, Math.ceil(samples.length / MOST_KEPT))
  return samples.filter((_, i) => i % step === 0 || i === samples.length - 1)
}

function line({ kind, gb, ms, peakBytes, samples }) {
  const total = samples.at(-1)?.readBytes ?? 0
  const at = (part) => samples.find(({ readBytes }) => readBytes >= part * total)?.rssBytes ?? 0
  const mb = (bytes) => Math.round(bytes / 1e6)
  const seconds = (ms / 1e3).toFixed(1)
  const quarters = [0.25, 0.5, 0.75, 1].map((part) => `${mb(at(part))}`.padStart(6))
  return `${kind.padEnd(6)} ${`${gb} GB`.padStart(9)} ${seconds.padStart(8)}s ${`${mb(peakBytes)}`.padStart(8)}       ${quarters.join(' ')}`
}

function estimateBytes(kind) {
  let bytes = 0
  for (const chunk of captureChunks(kind, { scale: ESTIMATE })) bytes += chunk.length
  return bytes / ESTIMATE
}

function fail(message) {
  console.error(`memory: ${message}`)
  process.exit(2)
}
