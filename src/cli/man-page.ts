import { EXIT_MEANINGS, GROUPS, HELPS } from './help-text.ts'
import { COMMAND_NAMES, FLAGS, type Flag } from './options.ts'

const DESCRIPTION = [
  'Reads packet captures of TCP connections, of one side or of both, and tells for every connection how it ended, who sent the first RST, and why, with the frames that show it.',
  'Captures are pcap, pcapng or snoop, also when compressed with gzip, zstd or lz4, or a pipe.',
  'The answer is printed on standard output; progress and warnings go to standard error.',
]

/** Those of the environment that are no flag's; see terminal-style.ts. */
const ENVIRONMENT: readonly [name: string, meaning: string][] = [
  ['NO_COLOR', 'no colours, if it is not empty'],
  ['FORCE_COLOR', 'colours also where the output is no terminal; 0 or false: never'],
  ['TERM', 'no colours, if it is dumb'],
  ['COLUMNS', 'columns of text, without --width'],
  ['LC_ALL, LC_CTYPE, LANG', 'whether lines and arrows can be drawn (UTF-8), without --ascii'],
  ['XDG_CACHE_HOME', 'where the compiled program is kept for the next start'],
  ['NODE_DISABLE_COMPILE_CACHE', 'it is not kept, if it is set'],
]

const FILES: readonly [path: string, meaning: string][] = [
  [
    'docs/',
    'of the package: how to capture, how to read a verdict, the formats, a page for every finding',
  ],
  ['samples/', 'captures of known incidents to try it with'],
  ['schema/report-1.schema.json', 'the JSON Schema of the report'],
]

const SEE_ALSO = ['editcap(1)', 'tcpdump(1)', 'tshark(1)', 'wireshark(1)', 'pcap-filter(7)']

/** `man/rstscope.1`, from the tables that the parser and the help are made from. Bears no date and no version. */
export function manPage(): string {
  return [
    '.\\" Made by: npm run man',
    '.TH RSTSCOPE 1 "" "rstscope" "User Commands"',
    '.SH NAME',
    roff('rstscope \u2013 who reset this TCP connection, and why').replace('\\[u2013]', '\\-'),
    '.SH SYNOPSIS',
    '.nf',
    ...COMMAND_NAMES.flatMap((name) => HELPS[name].usage).map(roff),
    '.fi',
    '.SH DESCRIPTION',
    ...paragraphs(DESCRIPTION),
    '.SH COMMANDS',
    ...COMMAND_NAMES.flatMap((name) => [
      tagged(name),
      prose(`${capital(HELPS[name].summary)}.`),
      ...HELPS[name].text
        .trim()
        .split('\n\n')
        .flatMap((text) => ['.IP', prose(text)]),
    ]),
    '.SH OPTIONS',
    ...GROUPS.flatMap(flagGroup),
    '.SS Everywhere',
    tagged('-h'),
    'Short help; also after a command.',
    tagged('--help'),
    'Long help; also after a command.',
    tagged('--version'),
    'Version, Node, schema of the report.',
    '.SH EXIT STATUS',
    ...EXIT_MEANINGS.flatMap(([code, meaning]) => [
      tagged(String(code)),
      prose(`${capital(meaning)}.`),
    ]),
    '.SH ENVIRONMENT',
    ...FLAGS.flatMap(({ env, name }) => (env ? [tagged(env), roff(`As --${name}.`)] : [])),
    ...ENVIRONMENT.flatMap(([name, meaning]) => [tagged(name), prose(`${capital(meaning)}.`)]),
    '.SH FILES',
    ...FILES.flatMap(([path, meaning]) => [tagged(path), prose(`${capital(meaning)}.`)]),
    '.SH EXAMPLES',
    ...COMMAND_NAMES.flatMap((name) => HELPS[name].examples).flatMap(example),
    '.SH SEE ALSO',
    SEE_ALSO.map((page) => `.BR ${page.replace('(', ' (').replace('-', '\\-')}`).join(' ,\n'),
    '',
  ].join('\n')
}

function flagGroup(group: Flag['group']): string[] {
  const flags = FLAGS.filter((flag) => flag.group === group)
  return flags.length === 0 ? [] : [`.SS ${group}`, ...flags.flatMap(flagEntry)]
}

function flagEntry(flag: Flag): string[] {
  const { name, value, many, help, commands, env } = flag
  const more = many === 'list' ? '\u2026' : ''
  const notes = [
    flag.default === undefined ? '' : ` Default: ${flag.default}.`,
    env === undefined ? '' : ` Also $${env}.`,
    ` (${commands.join(', ')})`,
  ]
  return [
    '.TP',
    value === null
      ? `.B ${roff(`--${name}`)}`
      : `.BI ${roff(`--${name}`)} "\\ ${roff(value + more)}"`,
    prose(`${capital(help)}.${notes.join('')}`),
  ]
}

function example([line, meaning]: readonly [line: string, meaning: string]): string[] {
  return ['.TP', `.B ${roff(line)}`, prose(`${capital(meaning.replace(/^\u2026 /, ''))}.`)]
}

function tagged(word: string): string {
  return `.TP\n.B ${roff(word)}`
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text) => ['.PP', prose(text)]).slice(1)
}

/** The names of flags and commands stay as they are. */
function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Text that roff shows as it is: no request at its begin, hyphens that can be copied, no character beyond ASCII. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('\u2026', '...')
    .replace(/[^\x20-\x7e]/gu, unicode)
    .replace(/^\./, '\\&.')
}

function unicode(character: string): string {
  return `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`
}

const LINE = 78

/** A paragraph: the source keeps to 80 columns, which roff fills anew. */
function prose(text: string): string {
  const lines = ['']
  for (const word of text.split(/\s+/).map(roff)) {
    const line = lines.at(-1)!
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + 1 + word.length > LINE) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines.join('\n')
}
