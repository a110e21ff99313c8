import { existsSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { RstscopeError } from '../errors.ts'
import { ANSWERS } from './answers.ts'
import { EXIT } from './exit-code.ts'
import { longHelp, shortHelp } from './help-text.ts'
import type { Host } from './host.ts'
import { occurrences } from './occurrences.ts'
import { InvalidValue } from './option-values.ts'
import { COMMAND_NAMES, type CommandName, FLAGS, type Flag, type OptionValues } from './options.ts'

type RunCommand = (words: string[], values: OptionValues, host: Host) => Promise<number>

/** A command is loaded when it is run. */
const COMMANDS: Record<CommandName, RunCommand> = {
  compare: async (...given) => (await import('./commands/compare.ts')).compareCommand(...given),
  analyze: async (...given) => (await import('./commands/analyze.ts')).analyzeCommand(...given),
  batch: async (...given) => (await import('./commands/batch.ts')).batchCommand(...given),
  watch: async (...given) => (await import('./commands/watch.ts')).watchCommand(...given),
  worker: async (...given) => (await import('./commands/worker.ts')).workerCommand(...given),
  render: async (...given) => (await import('./commands/render.ts')).renderCommand(...given),
  explain: async (...given) => (await import('./commands/explain.ts')).explainCommand(...given),
  schema: async (words, _, host) =>
    (await import('./commands/schema.ts')).schemaCommand(words, host),
  completion: async (words, _, host) =>
    (await import('./commands/completion.ts')).completionCommand(words, host),
}

/** Thrown while parsing: print this and end. */
class Answer extends Error {
  readonly text: string

  constructor(text: string) {
    super('answered')
    this.text = text
  }
}

/** Parses a command line and does what it says; tells the exit code. What is typed wrongly is a `RstscopeError`. */
export async function runCommandLine(argv: string[], host: Host): Promise<number> {
  let code: number = EXIT.done
  try {
    const program = makeProgram(argv, host, (result) => {
      code = result
    })
    refuseRepeatedClient(argv)
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) throw usageError(error, argv)
    if (!(error instanceof Answer)) throw error
    host.stdout.write(error.text)
  }
  return code
}

function makeProgram(argv: string[], host: Host, done: (code: number) => void): Command {
  // Flags belong to the command they follow: `compare -h` is the help of compare.
  const program = bare(new Command('rstscope')).enablePositionalOptions()
  for (const [flag, text] of ANSWERS) answer(program, flag, text)
  for (const name of COMMAND_NAMES) addCommand(program, name, argv, host, done)
  const help = bare(new Command('help')).argument('[command]')
  help.action((name?: string) => {
    if (name !== undefined && !isCommand(name)) {
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
  argv: string[],
  host: Host,
  done: (code: number) => void,
): void {
  const command = bare(new Command(name)).argument('[words...]')
  answer(command, '-h', () => shortHelp(name))
  answer(command, '--help', () => longHelp(name))
  // Making an option takes commander longer than parsing it: a command that was not typed gets none.
  const flags = argv.includes(name) ? FLAGS.filter(({ commands }) => commands.includes(name)) : []
  for (const flag of flags) command.addOption(optionOf(flag, host))
  command.action(async (words: string[], values: OptionValues) => {
    done(await COMMANDS[name](words, withCaptures(values, argv), host))
  })
  program.addCommand(command)
}

function isCommand(word: string): word is CommandName {
  return (COMMAND_NAMES as readonly string[]).includes(word)
}

/** No help, no output and no exit of commander's own: all three are ours. */
function bare(command: Command): Command {
  return command
    .helpOption(false)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut() {}, writeErr() {}, outputError() {} })
}

function answer(command: Command, flag: string, text: () => string): void {
  command.option(flag, '')
  command.on(`option:${flag.replace(/^-+/, '')}`, () => {
    throw new Answer(text())
  })
}

function optionOf(flag: Flag, host: Host): Option {
  const value = flag.value === null ? '' : ` <${flag.value}${flag.many === 'list' ? '...' : ''}>`
  const option = new Option(`--${flag.name}${value}`, flag.help)
  if (flag.choices) option.choices(flag.choices)
  if (flag.parse) option.argParser(naming(flag.parse))
  if (flag.many === 'repeat') {
    option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text])
  }
  const preset = (flag.env && host.env[flag.env]) || undefined
  if (preset !== undefined) option.default(fromEnvironment(flag, preset))
  else if (flag.default !== undefined) option.default(flag.default)
  return option
}

/** commander adds the flag to what an error of its own class says, and to no other. */
function naming(parse: (text: string) => unknown): (text: string) => unknown {
  return (text) => {
    try {
      return parse(text)
    } catch (error) {
      throw error instanceof InvalidValue ? new InvalidArgumentError(error.message) : error
    }
  }
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

/** What was given several times stands for several captures. */
function withCaptures(values: OptionValues, argv: string[]): OptionValues {
  return {
    ...values,
    hops: occurrences(argv, '--via'),
    upstreams: occurrences(argv, '--upstream'),
  }
}

/** A client named twice is no rotated set: its files stand after one flag. */
function refuseRepeatedClient(argv: string[]): void {
  const times = occurrences(argv, '--client').length
  if (times < 2) return
  throw new RstscopeError(
    'RSTSCOPE_USAGE',
    `--client is given ${times} times`,
    'name the files of a rotated set after one --client',
  )
}

/** What commander refuses, in this project's words, with what to try. */
function usageError(error: CommanderError, argv: string[]): RstscopeError {
  const usage = (what: string, hint: string) => new RstscopeError('RSTSCOPE_USAGE', what, hint)
  const [message, suggestion] = error.message.replace(/^error: /, '').split('\n')
  const nearest = /Did you mean (?:one of )?(.*?)\?\)$/.exec(suggestion ?? '')?.[1]
  const command = argv.find(isCommand)
  if (error.code === 'commander.unknownCommand' && argv[0] && existsSync(argv[0])) {
    const name = argv[1] && existsSync(argv[1]) ? 'compare' : 'analyze'
    return usage(message!, `rstscope ${name} ${argv.join(' ')}`)
  }
  const known =
    nearest && error.code === 'commander.unknownCommand' ? `rstscope ${nearest}` : nearest
  return usage(message!, known ?? `rstscope ${command ? `${command} ` : ''}--help`)
}
