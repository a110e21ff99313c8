import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TIME = '/usr/bin/time'
/** Other implementations know no `-f`. */
const isGnuTime =
  spawnSync(TIME, ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU') ?? false
const POLL_MS = 5

/** @typedef {{ ms: number, peakBytes: number | null }} Run wall time of the whole process and its peak RSS */

/**
 * Runs a command once, its output thrown away.
 * The clock runs from spawn to exit; the peak is that of the process with all its threads (`ru_maxrss`, or `VmHWM`
 * polled where GNU time is missing; null where there is neither). Rejects when the command does not exit with 0.
 * @param {readonly string[]} command program and arguments
 * @returns {Promise<Run>}
 */
export async function run([program, ...args]) {
  const scratch = mkdtempSync(join(tmpdir(), 'rstscope-bench-'))
  const said = join(scratch, 'stderr')
  const peak = join(scratch, 'peak')
  const argv = isGnuTime
    ? [TIME, '-q', '-f', '%M', '-o', peak, program, ...args]
    : [program, ...args]
  const stderr = openSync(said, 'w')
  try {
    const start = process.hrtime.bigint()
    const child = spawn(argv[0], argv.slice(1), {
      stdio: ['ignore', 'ignore', stderr],
      env: cleanEnv(),
    })
    const watch = isGnuTime ? null : watchPeak(child.pid)
    const status = await new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', (code, signal) => resolve(code ?? signal))
    })
    const ms = Number(process.hrtime.bigint() - start) / 1e6
    const polled = watch?.stop() ?? null
    if (status !== 0) throw new Error(`${program} ended with ${status}: ${lastLine(said)}`)
    return { ms, peakBytes: isGnuTime ? Number(readFileSync(peak, 'utf8')) * 1024 : polled }
  } finally {
    closeSync(stderr)
    rmSync(scratch, { recursive: true })
  }
}

/** What a user's shell may have set must not steer what is measured. */
export function cleanEnv() {
  const env = { ...process.env, LC_ALL: 'C' }
  for (const name of Object.keys(env)) {
    if (name.startsWith('RSTSCOPE_') || name.startsWith('NODE_') || name === 'FORCE_COLOR')
      delete env[name]
  }
  return env
}

/** The highest RSS of a process, in bytes, as the kernel keeps it; null once it is gone or where there is no /proc. */
export function peakOf(pid) {
  return statusField(pid, 'VmHWM')
}

/** The present RSS of a process, in bytes. */
export function residentOf(pid) {
  return statusField(pid, 'VmRSS')
}

function statusField(pid, name) {
  try {
    const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(
      new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'),
    )
    return line === null ? null : Number(line[1]) * 1024
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return null
    throw error
  }
}

function watchPeak(pid) {
  let peak = null
  const timer = setInterval(() => {
    peak = peakOf(pid) ?? peak
  }, POLL_MS)
  return {
    stop() {
      clearInterval(timer)
      return peak
    },
  }
}

function lastLine(path) {
  return readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) || 'nothing on stderr'
}
