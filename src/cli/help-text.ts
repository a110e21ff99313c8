import { EXIT } from './exit-code.ts'
import { type CommandName, FLAGS, type Flag, type FlagGroup } from './options.ts'

/** Groups of flags, in the order of the help. */
export const GROUPS: readonly FlagGroup[] = [
  'Captures',
  'Selection',
  'Output',
  'Reading',
  'Machines',
  'Display',
]

/** What the exit codes mean; the same for every command and format. */
export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.done, 'done; a reset that was found is a successful analysis'],
  [EXIT.failed, 'done, and something reached --fail-on'],
  [EXIT.unusable, 'usage, unreadable input, not a capture'],
  [EXIT.partly, 'done in part: a capture is damaged, a sample failed (1 wins over 3)'],
  [EXIT.interrupted, 'interrupted'],
]

const EXIT_CODES = `Exit codes
${EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padEnd(5)}${meaning}\n`).join('')}`

/** What the help says of a command; completion reads its usage, the man page all of it. */
export interface CommandHelp {
  usage: string[]
  summary: string
  examples: [command: string, meaning: string][]
  text: string
}

export const HELPS: Readonly<Record<CommandName, CommandHelp>> = {
  compare: {
    usage: [
      'rstscope compare CLIENT UPSTREAM [flags]',
      'rstscope compare --client FILE… [--via FILE…] --upstream FILE… [flags]',
    ],
    summary: 'which side reset first',
    examples: [
      ['rstscope compare client.pcap upstream.pcap', 'answer for one incident'],
      ['rstscope compare c.pcap u.pcap --host 10.8.1.15 --port 8443', 'about one service'],
      ['rstscope compare c.pcap u.pcap --out report.json', 'the report as JSON, too'],
      ['rstscope compare --client c.pcap --via gateway.pcap --upstream u.pcap', 'through a proxy'],
    ],
    text: `CLIENT was captured at or nearer to the host that opened the connections, UPSTREAM at or
nearer to the one that accepted them. Their clocks need not agree: the offset is measured
from the packets that both captures hold. pcap and pcapng are read, also when compressed
with gzip, zstd or lz4; one of them may be - for standard input.

A proxy ends connections and opens others. A capture at the proxy joins them: --via, once for
each in order of the path. --upstream once more is another replica behind the same proxy.
`,
  },
  analyze: {
    usage: ['rstscope analyze CAPTURE… [flags]'],
    summary: 'how every connection in one capture ended',
    examples: [
      ['rstscope analyze node7.pcapng', 'how its connections ended'],
      ["tcpdump -U -w - 'tcp or icmp or icmp6' | rstscope analyze -", 'from a pipe'],
      ['rstscope analyze pod.pcap --at upstream', 'taken in the pod that serves'],
    ],
    text: `One capture shows one point of the path: who sent a reset is proved only if the capture was
taken in that host. Several files are a rotated set of one capture and are read as one.
`,
  },
  batch: {
    usage: [
      'rstscope batch PATH… [flags]',
      'rstscope batch --manifest FILE [flags]',
      'rstscope batch --merge INDEX… [flags]',
    ],
    summary: 'many captures, one summary',
    examples: [
      ['rstscope batch captures/', 'all that is in it'],
      ["rstscope batch 'pods/**/*.pcap.gz' --list", 'what belongs together'],
      ['rstscope batch captures/ --results nightly/ --resume', 'reports; only what changed'],
      ['rstscope batch captures/ --baseline old/index.ndjson --fail-on error', 'what is new'],
    ],
    text: `PATH is a capture, a folder (with all below it) or a pattern of * ** ? and {a,b}. Rotated files
are joined; the captures of both sides are paired by their names and folders, or as --pair or a
manifest says; others are analysed alone. What belongs together is shown before it starts.
A sample that cannot be read fails alone. Findings of all samples are added up: a connection that
several captures saw counts once. Ctrl-C keeps what is done; --resume goes on from there.
INDEX is the index.ndjson of a run: --merge makes one summary of several, such as of slices.
`,
  },
  watch: {
    usage: ['rstscope watch FOLDER|FILE|- [flags]'],
    summary: 'how connections end, while they are captured',
    examples: [
      ["tcpdump -U -w - 'tcp or icmp or icmp6' | rstscope watch -", 'from a pipe'],
      ['rstscope watch /var/captures', 'rotated files, as they come'],
      ['rstscope watch trace.pcap --format ndjson | jq .detail', 'for a pipeline'],
    ],
    text: `Prints a line for each connection that ends otherwise than in order (--all: for each), about a
second after its last packet, and a summary at the end of the pipe, on Ctrl-C or SIGTERM. The
files of a folder are read as one capture, oldest first, and followed from then on. With
--format ndjson each line is a connection as analyze prints it, and the summary is on stderr.
`,
  },
  worker: {
    usage: ['rstscope worker --queue URL [flags]'],
    summary: 'analyses samples that batch --queue puts into a queue',
    examples: [
      ['rstscope worker --queue redis://redis', 'takes samples until it is ended'],
      ['rstscope batch /captures --queue redis://redis', 'puts them there'],
    ],
    text: `Any number of workers on any number of machines, of the same version as the batch. They read
captures under the paths that the batch names (shared storage, or http, https and s3 addresses)
and write reports to its folder of results. A worker that ends finishes what it has begun or
gives it back; one that dies loses it to the others. Needs: npm install bullmq ioredis
`,
  },
  render: {
    usage: ['rstscope render REPORT.json|REPORT.html [flags]'],
    summary: 'a saved report in another format',
    examples: [
      ['rstscope render report.json', 'as text'],
      ['rstscope render report.json --format markdown --template ticket', 'to paste into a ticket'],
      ['rstscope render report.json --out resets.csv --out tests.xml', 'as files'],
    ],
    text: `REPORT.json is what --format json printed, REPORT.html what --format html did; - is standard
input. The same bytes come out as if the format had been asked for with the captures. A page of
very many connections carries some of them only: then it is said. --host, --port, --connection,
--since and --until choose connections, and the verdict is about these: a ticket about one service
of a report that somebody else saved.
`,
  },
  explain: {
    usage: ['rstscope explain [CODE…] [flags]'],
    summary: 'what a finding means and what to do',
    examples: [
      ['rstscope explain RS241', 'by the code of a finding'],
      ['rstscope explain keepalive-race', 'by the id of a cause'],
      ['rstscope explain', 'all of them, with their titles'],
    ],
    text: `What the packets show, what speaks for it and against it, what looks the same, what to do
next. The pages are in docs/findings of the package, too.
`,
  },
  schema: {
    usage: ['rstscope schema'],
    summary: 'the JSON Schema of the report',
    examples: [['rstscope schema > report-1.schema.json', 'to check reports with']],
    text: `Also in the package, as rstscope/schema/report-1.json. Within version 1 fields may be added.
`,
  },
  completion: {
    usage: ['rstscope completion bash|zsh|fish'],
    summary: 'completion of this command line in a shell',
    examples: [
      ['eval "$(rstscope completion bash)"', 'in ~/.bashrc; zsh likewise, behind compinit'],
      ['rstscope completion fish | source', 'in ~/.config/fish/config.fish'],
    ],
    text: `Commands, flags, their choices, files, and the codes and ids of findings. The script runs
nothing when it completes; made anew after an upgrade it knows what is new.
`,
  },
}

const TOP_EXAMPLES: [string, string][] = [
  ['rstscope compare client.pcap upstream.pcap', 'answer for one incident'],
  ['rstscope compare c.pcap u.pcap --out report.json', '… as a file to keep'],
  ["tcpdump -U -w - 'tcp or icmp or icmp6' | rstscope analyze -", 'one capture, from a pipe'],
]

/** The help that fits a screen: of the program, or of one command. */
export function shortHelp(command: CommandName | null): string {
  if (command) {
    const { usage, examples } = HELPS[command]
    const common = FLAGS.filter((flag) => flag.commands.includes(command)).map(flagWords)
    return [
      `${examplesText(examples)}`,
      `Usage  ${usage.join('\n       ')}\n`,
      ...(common.length === 0 ? [] : [`${flow('Flags  ', common)}\n`]),
      `${common.length === 0 ? 'More' : 'What each flag does'}: rstscope ${command} --help\n`,
    ].join('\n')
  }
  return `rstscope — who reset this TCP connection, and why

${examplesText(TOP_EXAMPLES)}
Commands
  compare CLIENT UPSTREAM    which side reset first
  analyze CAPTURE            how every connection in one capture ended
  batch PATH…                many captures, one summary
  watch FOLDER|FILE|-        how connections end, while they are captured
  worker --queue URL         a part of the captures of a batch, from a queue
  render REPORT              a saved report as markdown, csv, junit …
  explain CODE               what a finding means and what to do
  schema, completion SHELL   the JSON Schema of the report; completion for your shell

Common flags   --json  --out FILE  --host ADDR  --port N  --fail-on LEVEL  --color WHEN  --help
`
}

/** All of it: of the program, or of one command with every flag. */
export function longHelp(command: CommandName | null): string {
  if (command) return `${commandHelp(command)}\n${EXIT_CODES}`
  const commands = (Object.keys(HELPS) as CommandName[]).map(commandUsage)
  return [
    shortHelp(null).split('\nCommands\n')[0]!,
    ...commands,
    flagHelp(FLAGS),
    '  --version                   version, Node, schema of the report\n  -h, --help                  short help, long help; also after a command\n',
    EXIT_CODES,
  ].join('\n')
}

function commandUsage(command: CommandName): string {
  const { usage, examples, text, summary } = HELPS[command]
  return `${command} — ${summary}

${usage.map((line) => `  ${line}`).join('\n')}

${indent(text)}
${examplesText(examples)}`
}

function commandHelp(command: CommandName): string {
  const flags = FLAGS.filter((flag) => flag.commands.includes(command))
  return `rstscope ${commandUsage(command)}\n${flagHelp(flags)}`
}

function examplesText(examples: [string, string][]): string {
  const widest = Math.max(...examples.map(([line]) => line.length))
  return examples.map(([line, meaning]) => `  ${line.padEnd(widest + 3)}${meaning}\n`).join('')
}

function flagHelp(flags: readonly Flag[]): string {
  return GROUPS.map((group) => {
    const lines = flags.filter((flag) => flag.group === group).map(flagLine)
    return lines.length === 0 ? '' : `${group}\n${lines.join('')}`
  })
    .filter(Boolean)
    .join('\n')
}

function flagLine(flag: Flag): string {
  const only = flag.commands.length === 1 ? ` (${flag.commands[0]})` : ''
  const preset = flag.default ? ` [${flag.default}]` : ''
  const env = flag.env ? ` [$${flag.env}]` : ''
  return `  ${flagWords(flag).padEnd(26)}  ${flag.help}${only}${preset}${env}\n`
}

function flagWords(flag: Flag): string {
  if (flag.value === null) return `--${flag.name}`
  return `--${flag.name} ${flag.value}${flag.many === 'list' ? '…' : ''}`
}

function flow(label: string, words: string[]): string {
  const lines = [label]
  for (const word of words) {
    const line = lines.at(-1)!
    if (line.length + word.length + 2 > 96) lines.push(`${' '.repeat(label.length)}${word}`)
    else lines[lines.length - 1] = line === label ? `${line}${word}` : `${line}  ${word}`
  }
  return lines.join('\n')
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}
