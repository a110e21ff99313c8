import { RstscopeError } from '../errors.ts'
import { ANSWERS } from './answers.ts'
import { EXIT } from './exit-code.ts'
import { shortHelp } from './help-text.ts'
import type { Host } from './host.ts'

/** Runs one command line and tells the exit code. Writes only to the host's streams. */
export async function run(argv: string[], host: Host): Promise<number> {
  const [word, ...others] = argv
  if (word === undefined) {
    host.stderr.write(shortHelp(null))
    return EXIT.unusable
  }
  try {
    // Loading the parser takes longer than such a text: a flag that stands alone does not wait for it.
    const answer = others.length === 0 && ANSWERS.get(word)
    if (answer) {
      host.stdout.write(answer())
      return EXIT.done
    }
    const { runCommandLine } = await import('./command-line.ts')
    return await runCommandLine(argv, host)
  } catch (error) {
    return await explain(error, argv, host)
  }
}

/** Says on standard error what went wrong and what to try; tells the exit code. */
async function explain(error: unknown, argv: string[], host: Host): Promise<number> {
  if (host.signal.aborted) {
    host.stderr.write('rstscope: interrupted\n')
    return EXIT.interrupted
  }
  const { what, hint } = describeError(error, argv)
  // File names come from anywhere too; they must not steer the terminal.
  const { escapeText } = await import('../reports/text-escape.ts')
  const lines = [`rstscope: ${what}`, ...(hint ? [`  try: ${hint}`] : [])].join('\n').split('\n')
  host.stderr.write(`${lines.map(escapeText).join('\n')}\n`)
  return codeOf(error) === 'RSTSCOPE_INTERRUPTED' ? EXIT.interrupted : EXIT.unusable
}

function describeError(error: unknown, argv: string[]): { what: string; hint: string | null } {
  const code = codeOf(error)
  if (error instanceof RstscopeError && code !== 'RSTSCOPE_INTERNAL') {
    return { what: error.message, hint: error.hint }
  }
  const verbose = argv.includes('--verbose')
  const text = error instanceof Error ? error.message : String(error)
  const stack = verbose && error instanceof Error ? `\n${error.stack}` : ''
  return {
    what: `internal error: ${text}${stack}\n  This is a defect of rstscope. Please report it with the command and the message above.`,
    hint: verbose ? null : 'the same command with --verbose, and report what it prints',
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
