import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SampleTask } from '../../../src/batch/sample-task.ts'
import { VERSION } from '../../../src/version.ts'
import { root } from '../../source-files.ts'

const SCRIPT = fileURLToPath(new URL('./sample-worker.mjs', import.meta.url))

export interface WorkerSettings {
  url: string
  ca?: string
  name?: string
  version?: string
  jobs?: number
  takesMs?: number
  stalledAfterMs?: number
  graceMs?: number
  fails?: 'defect' | 'unreadable'
}

export interface WorkerProcess {
  pid: number
  begun: string[]
  done: string[]
  notices: string[]
  stderr: string
  kill(how: 'SIGKILL' | 'SIGTERM'): Promise<number | null>
}

const running = new Set<ChildProcess>()

/** A worker in a process of its own. */
export function startWorker(settings: WorkerSettings): WorkerProcess {
  const defaults = { name: 'worker', version: VERSION, jobs: 1, takesMs: 0, stalledAfterMs: 1500 }
  const words = [SCRIPT, JSON.stringify({ ...defaults, graceMs: 5000, ...settings })]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  ended.then(() => running.delete(child))
  const worker: WorkerProcess = {
    pid: child.pid!,
    begun: [],
    done: [],
    notices: [],
    stderr: '',
    kill(how) {
      child.kill(how)
      return ended
    },
  }
  let rest = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const { begun, done, notice } = JSON.parse(line)
      if (begun !== undefined) worker.begun.push(begun)
      if (done !== undefined) worker.done.push(done)
      if (notice !== undefined) worker.notices.push(notice)
    }
  })
  child.stderr.on('data', (chunk: Buffer) => {
    worker.stderr += chunk.toString()
  })
  return worker
}

/** Ends those that a test left, by their process ids. */
export async function killWorkers(): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      return ended
    }),
  )
}

const CASES = ['keepalive-race', 'idle-timeout', 'tls-reset-at-hello', 'firewall-reject']

/** Shipped samples under other names, again and again. */
export function makeTasks(count: number, results: string | null = null): SampleTask[] {
  return Array.from({ length: count }, (_, at) => {
    const folder = `${root}samples/${CASES[at % CASES.length]}`
    const captures = { client: [`${folder}/client.pcap`], upstream: [`${folder}/upstream.pcap`] }
    return {
      key: `key-${at}`,
      options: { accessLogs: [], kubernetes: [], render: { all: false }, redactKey: null },
      jobs: 1,
      results,
      reports: [],
      rows: null,
      sample: {
        id: `night/sample-${at}`,
        captures,
        accessLogs: [],
        kubernetes: [],
        bytes: 1000 + at,
        basis: 'made',
      },
    }
  })
}
