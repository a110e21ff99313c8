import type { Writable } from 'node:stream'
import type { Engine } from './engine.ts'
import type { Environment } from './terminal-style.ts'

/** A stream to write to, which may be a terminal. */
export type Output = Writable & { isTTY?: boolean; columns?: number }

/** Everything that the command line takes from the process it runs in. */
export interface Host {
  stdout: Output
  stderr: Output
  stdinIsTerminal: boolean
  env: Environment
  platform: string
  /** Ends the run when it aborts; exit code 130. */
  signal: AbortSignal
  /** Milliseconds of a clock that does not jump. */
  now(): number
  /** Loaded only by a command that reads captures, so that help and version are quick. */
  loadEngine(): Promise<Engine>
}
