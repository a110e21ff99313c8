#!/usr/bin/env node
import { keepCompiled } from './compile-cache.ts'
import { EXIT } from './exit-code.ts'
import { run } from './run.ts'

const interrupt = new AbortController()
process.on('SIGINT', () => {
  // A second Ctrl-C does not wait for the first one to be noticed.
  if (interrupt.signal.aborted) process.exit(EXIT.interrupted)
  interrupt.abort()
})
// Whoever runs these as a service stops them so, and wants what they have: a summary, rows, the samples of a worker.
if (['batch', 'watch', 'worker'].includes(process.argv[2] ?? '')) {
  process.on('SIGTERM', () => interrupt.abort())
}
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // `rstscope … | head`: who reads no further has what they wanted.
  if (error.code === 'EPIPE') process.exit(EXIT.done)
  process.stderr.write(`rstscope: cannot write to standard output: ${error.code}\n`)
  process.exit(EXIT.unusable)
})
process.stderr.on('error', () => {
  // Nobody reads what is said there; the result still counts.
})

async function main(): Promise<void> {
  // Answers to a single word are quick without it.
  if (process.argv.length > 3) await keepCompiled(process.env, process.platform)
  const code = await run(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    // Asked for by who reads it only: Node makes a stream of it then.
    get stdinIsTerminal() {
      return process.stdin.isTTY ?? false
    },
    env: process.env,
    platform: process.platform,
    signal: interrupt.signal,
    now: () => performance.now(),
    loadEngine: () => import('../engine.ts'),
  })
  // Ctrl-C ends at once, whatever is still open; a worker does not wait for a queue that is gone.
  if (code === EXIT.interrupted || process.argv[2] === 'worker') process.exit(code)
  process.exitCode = code
}

// Not awaited: what is bundled for `require` has no await outside of functions.
void main()
