import { Writable } from 'node:stream'
import { run } from '../../src/cli/run.ts'

class Collected extends Writable {
  readonly chunks: Buffer[] = []
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk)
    done()
  }
  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }
}

export interface Ran {
  code: number
  out: string
  err: string
}

/** Runs a command line from the sources, with the real engine, in this process and its folder. */
export async function runSource(argv: string[], signal?: AbortSignal): Promise<Ran> {
  const stdout = new Collected()
  const stderr = new Collected()
  const code = await run(argv, {
    stdout,
    stderr,
    stdinIsTerminal: false,
    env: { LANG: 'C.UTF-8' },
    platform: 'linux',
    signal: signal ?? new AbortController().signal,
    now: () => 0,
    loadEngine: () => import('../../src/engine.ts'),
  })
  return { code, out: stdout.text, err: stderr.text }
}
