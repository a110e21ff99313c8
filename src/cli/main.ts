#!/usr/bin/env node
import type { Engine } from './engine.ts'
import { EXIT } from './exit-code.ts'
import { run } from './run.ts'

const interrupt = new AbortController()
process.on('SIGINT', () => {
  // A second Ctrl-C does not wait for the first one to be noticed.
  if (interrupt.signal.aborted) process.exit(EXIT.interrupted)
  interrupt.abort()
})
// `rstscope … | head`: who reads no further has what he wanted.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.unusable),
  )
}

const code = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdinIsTerminal: process.stdin.isTTY ?? false,
  env: process.env,
  platform: process.platform,
  signal: interrupt.signal,
  now: () => performance.now(),
  loadEngine: () => import(new URL('../index.js', import.meta.url).href) as Promise<Engine>,
})
// Ctrl-C ends at once, whatever is still open.
if (code === EXIT.interrupted) process.exit(code)
process.exitCode = code
