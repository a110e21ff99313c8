import { existsSync, readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { RstscopeError } from '../errors.ts'
import { REPORT_SCHEMA_ID } from '../model/schema-id.ts'
import { EXIT } from './exit-code.ts'
import { longHelp, shortHelp } from './help-text.ts'
import type { Host } from './host.ts'
import { type CommandName, FLAGS, type Flag, type OptionValues } from './options.ts'

/** Thrown while parsing: print this and end. */
class Answer extends Error {
  readonly text: string

  constructor(text: string) {
    super('answered')
    this.text = text
  }
}

/** Runs one command line and tells the exit code. Writes only to the host's streams. */
export async function run(argv: string[], host: Host): Promise<number> {
  try {
    if (argv.length === 0) {
      host.stderr.write(shortHelp(null))
      return EXIT.unusable
    }
    let code: number = EXIT.done
    const program = makeProgram(host, (result) => {
      code = result
    })
    refuseRepeatedSides(argv)
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof Answer) {
      host.stdout.write(error.text)
      return EXIT.done
    }
    return await explain(error, argv, host)
  }
}

function makeProgram(host: Host, done: (code: number) => void): Command {
  // Flags belong to the command they follow: `compare -h` is the help of compare.
  const program = bare(new Command('rstscope')).enablePositionalOptions()
  answer(program, '-h', shortHelp(null))
  answer(program, '--help', longHelp(null))
  program.option('--version', '')
  program.on('option:version', () => {
    throw new Answer(versionText())
  })
  for (const name of ['compare', 'analyze'] as const) addCommand(program, name, host, done)
  const help = bare(new Command('help')).argument('[command]')
  help.action((name?: string) => {
    if (name !== undefined && name !== 'compare' && name !== 'analyze') {
      throw new RstscopeError('RSTSCOPE_USAGE', `unknown command '${name}'`, 'rstscope --help')
    }
    throw new Answer(longHelp(name ?? null))
  })
  program.addCommand(help)
  return program
}

function addCommand(
  program: Command,
  name: CommandName,
  host: Host,
  done: (code: number) => void,
): void {
  const command = bare(new Command(name)).argument('[captures...]')
  answer(command, '-h', shortHelp(name))
  answer(command, '--help', longHelp(name))
  for (const flag of FLAGS)
    if (flag.commands.includes(name)) command.addOption(optionOf(flag, host))
  command.action(async (captures: string[], values: OptionValues) => {
    if (name === 'compare') {
      const { compareCommand } = await import('./commands/compare.ts')
      done(await compareCommand(captures, values, host))
    } else {
      const { analyzeCommand } = await import('./commands/analyze.ts')
      done(await analyzeCommand(captures, values, host))
    }
  })
  program.addCommand(command)
}

/** No help, no output and no exit of commander's own: all three are ours. */
function bare(command: Command): Command {
  return command
    .helpOption(false)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut() {}, writeErr() {}, outputError() {} })
}

function answer(command: Command, flag: string, text: string): void {
  command.option(flag, '')
  command.on(`option:${flag.replace(/^-+/, '')}`, () => {
    throw new Answer(text)
  })
}

function optionOf(flag: Flag, host: Host): Option {
  const value = flag.value === null ? '' : ` <${flag.value}${flag.many === 'list' ? '...' : ''}>`
  const option = new Option(`--${flag.name}${value}`, flag.help)
  if (flag.choices) option.choices(flag.choices)
  if (flag.parse) option.argParser(flag.parse)
  if (flag.many === 'repeat') {
    option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text])
  }
  const preset = (flag.env && host.env[flag.env]) || undefined
  if (preset !== undefined) option.default(fromEnvironment(flag, preset))
  else if (flag.default !== undefined) option.default(flag.default)
  return option
}

function fromEnvironment(flag: Flag, text: string): unknown {
  try {
    if (flag.choices && !flag.choices.includes(text)) {
      throw new Error(`Expected ${flag.choices.join(', ')}.`)
    }
    return flag.parse ? flag.parse(text) : text
  } catch (error) {
    throw new RstscopeError('RSTSCOPE_USAGE', `$${flag.env} is '${text}'`, (error as Error).message)
  }
}

/** A side named twice will one day mean replicas; until then it must not be taken for a rotated set. */
function refuseRepeatedSides(argv: string[]): void {
  for (const flag of ['--client', '--upstream']) {
    const times = argv.filter((word) => word === flag || word.startsWith(`${flag}=`)).length
    if (times < 2) continue
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      `${flag} is given ${times} times`,
      `name the files of a rotated set after one ${flag}`,
    )
  }
}

function versionText(): string {
  const { version } = JSON.parse(readFileSync(packageJson(), 'utf8')) as { version: string }
  return `rstscope ${version}\nNode ${process.versions.node}\nschema ${REPORT_SCHEMA_ID}\n`
}

/** Three levels up from `dist/src/cli`, two from `src/cli`. */
function packageJson(): URL {
  const built = new URL('../../../package.json', import.meta.url)
  return existsSync(built) ? built : new URL('../../package.json', import.meta.url)
}

/** Says on standard error what went wrong and what to try; tells the exit code. */
async function explain(error: unknown, argv: string[], host: Host): Promise<number> {
  if (host.signal.aborted) {
    host.stderr.write('rstscope: interrupted\n')
    return EXIT.interrupted
  }
  const { what, hint } =
    error instanceof CommanderError ? parseError(error, argv) : describeError(error, argv)
  // File names come from anywhere too; they must not steer the terminal.
  const { escapeText } = await import('../reports/text-escape.ts')
  const lines = [`rstscope: ${what}`, ...(hint ? [`  try: ${hint}`] : [])].join('\n').split('\n')
  host.stderr.write(`${lines.map(escapeText).join('\n')}\n`)
  return codeOf(error) === 'RSTSCOPE_INTERRUPTED' ? EXIT.interrupted : EXIT.unusable
}

function parseError(error: CommanderError, argv: string[]): { what: string; hint: string } {
  const [message, suggestion] = error.message.replace(/^error: /, '').split('\n')
  const nearest = /Did you mean (?:one of )?(.*?)\?\)$/.exec(suggestion ?? '')?.[1]
  const command = argv.find((word) => word === 'compare' || word === 'analyze')
  if (error.code === 'commander.unknownCommand' && argv[0] && existsSync(argv[0])) {
    const name = argv[1] && existsSync(argv[1]) ? 'compare' : 'analyze'
    return { what: message!, hint: `rstscope ${name} ${argv.join(' ')}` }
  }
  const known =
    nearest && error.code === 'commander.unknownCommand' ? `rstscope ${nearest}` : nearest
  return { what: message!, hint: known ?? `rstscope ${command ? `${command} ` : ''}--help` }
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
