import { readFindingPages } from '../finding-pages.ts'
import { type CommandHelp, HELPS } from '../help-text.ts'
import { COMMAND_NAMES, FLAGS, type Flag } from '../options.ts'

/** What may stand at a place of the command line; of anything else (numbers, addresses) nothing is known. */
export type Expected = 'files' | 'findings' | 'anything' | readonly string[]

export interface ExpectedFlag {
  /** With its dashes. */
  name: string
  help: string
  /** Name of its value in the help; null for a switch. */
  value: string | null
  expects: Expected
  /** `list`: several values after one flag; `repeat`: the flag may come again. */
  many: Flag['many'] | null
}

export interface ExpectedCommand {
  name: string
  summary: string
  /** The words that are no flags; null for none. */
  words: Expected | null
  flags: ExpectedFlag[]
}

/** Everything that a shell completes. */
export interface ExpectedWords {
  commands: ExpectedCommand[]
  /** Flags of the program itself. */
  flags: ExpectedFlag[]
  findings: { name: string; title: string }[]
}

/** Read from the tables that the parser and the help are made from, so that a new command or flag is known here, too. */
export function expectedWords(): ExpectedWords {
  const commands: ExpectedCommand[] = COMMAND_NAMES.map((name) => ({
    name,
    summary: HELPS[name].summary,
    words: positionals(HELPS[name]),
    flags: [...FLAGS.filter((flag) => flag.commands.includes(name)).map(expectedFlag), ...HELP],
  }))
  commands.push({ name: 'help', summary: 'the help of a command', words: COMMAND_NAMES, flags: [] })
  const pages = readFindingPages()
  return {
    commands,
    flags: [...HELP, switchOf('--version', 'version, Node, schema of the report')],
    findings: [
      ...pages.map(({ code, title }) => ({ name: code, title })),
      ...pages.map(({ id, title }) => ({ name: id, title })),
    ],
  }
}

const HELP = [switchOf('-h', 'short help'), switchOf('--help', 'long help')]

function switchOf(name: string, help: string): ExpectedFlag {
  return { name, help, value: null, expects: 'anything', many: null }
}

function expectedFlag({ name, help, value, choices, many }: Flag): ExpectedFlag {
  return {
    name: `--${name}`,
    help,
    value,
    expects: choices ?? (value === null ? 'anything' : byName(value)),
    many: many ?? null,
  }
}

/** What the usage says of the words that are neither the command, nor flags, nor values of flags. */
function positionals({ usage }: CommandHelp): Expected | null {
  const words = usage.flatMap((line) =>
    line
      .replace(/[[\]…]/g, '')
      .replace(/--\S+ [A-Z]\S*/g, '')
      .split(' ')
      .slice(2)
      .filter((word) => word !== '' && word !== 'flags' && !word.startsWith('-')),
  )
  const [first] = words
  if (first === undefined) return null
  return /^[a-z|]+$/.test(first) ? first.split('|') : positional(first)
}

/** A word that is no value of a flag is a file, whatever it is a file of, unless it is known to be something else. */
function positional(name: string): Expected {
  const expected = byName(name)
  return expected === 'anything' ? 'files' : expected
}

function byName(value: string): Expected {
  if (value === 'CODE') return 'findings'
  return value.split('|').some((word) => /^(?:FILE|FOLDER|PATH|INDEX)$/.test(word))
    ? 'files'
    : 'anything'
}
