import { BATCH_FLAGS } from './batch-flags.ts'
import { FORMAT_NAMES, type Format, formatList } from './formats.ts'
import {
  parseAddress,
  parseCount,
  parseHostPort,
  parsePort,
  parseSeconds,
  parseSize,
  parseTimeOption,
  parseWait,
  parseWidth,
} from './option-values.ts'
import { QUEUE_FLAGS } from './queue-flags.ts'

export const COMMAND_NAMES = [
  'compare',
  'analyze',
  'batch',
  'watch',
  'worker',
  'render',
  'explain',
  'schema',
  'completion',
] as const

export type CommandName = (typeof COMMAND_NAMES)[number]

export type FlagGroup = 'Captures' | 'Selection' | 'Output' | 'Reading' | 'Machines' | 'Display'

/** One flag: the parser, the help, the man page and completion are made from this and cannot disagree. */
export interface Flag {
  name: string
  /** What stands for its value in the help; null for a switch. */
  value: string | null
  help: string
  group: FlagGroup
  commands: readonly CommandName[]
  default?: string
  choices?: readonly string[]
  parse?: (text: string) => unknown
  /** `list`: several values after one flag; `repeat`: one value, and the flag may come again. */
  many?: 'list' | 'repeat'
  /** Environment variable that gives the value where the flag is absent. */
  env?: string
}

const BOTH = ['compare', 'analyze'] as const
/** That read captures as files. */
const READING = ['compare', 'analyze', 'batch'] as const
/** That read captures, also while they grow. */
const FOLLOWING = ['compare', 'analyze', 'batch', 'watch'] as const
/** That answer about captures or reports. */
const ANSWERING = ['compare', 'analyze', 'batch', 'render'] as const
/** That print a report. */
const REPORTING = ['compare', 'analyze', 'render'] as const
/** That print connections. */
const PRINTING = ['compare', 'analyze', 'watch', 'render'] as const
/** That tell how connections ended. */
const TELLING = ['compare', 'analyze', 'batch', 'watch', 'render'] as const
/** That print text for a person. */
const TEXT = ['compare', 'analyze', 'batch', 'watch', 'render', 'explain'] as const

export const FAIL_LEVELS = ['never', 'error', 'warning', 'info'] as const

export const FLAGS: readonly Flag[] = [
  {
    name: 'client',
    value: 'FILE',
    many: 'list',
    help: 'capture at the client side; several files: one rotated set',
    group: 'Captures',
    commands: ['compare'],
  },
  {
    name: 'upstream',
    value: 'FILE',
    many: 'list',
    help: 'upstream capture; files: one rotated set; again: a replica',
    group: 'Captures',
    commands: ['compare'],
  },
  {
    name: 'via',
    value: 'FILE',
    many: 'list',
    help: 'capture at a proxy; files: one rotated set; again: the next',
    group: 'Captures',
    commands: ['compare'],
  },
  {
    name: 'server',
    value: 'HOST:PORT',
    parse: parseHostPort,
    help: 'this endpoint is the upstream, for connections without SYN in view',
    group: 'Captures',
    commands: FOLLOWING,
  },
  {
    name: 'at',
    value: 'SIDE',
    choices: ['client', 'upstream'],
    help: 'the capture was taken in the host of this side',
    group: 'Captures',
    commands: FOLLOWING,
  },
  {
    name: 'clock-offset',
    value: 'SECONDS',
    parse: parseSeconds,
    help: 'upstream clock minus client clock, if it is known (also -2h, 150ms)',
    group: 'Captures',
    commands: BOTH,
  },
  {
    name: 'kubernetes',
    value: 'FILE|FOLDER',
    many: 'repeat',
    help: 'names and events: what kubectl get … -A -o json wrote; repeatable',
    group: 'Captures',
    commands: READING,
  },
  {
    name: 'access-log',
    value: 'FILE',
    many: 'repeat',
    help: 'Envoy access log, as written or from kubectl; repeatable',
    group: 'Captures',
    commands: READING,
  },
  {
    name: 'access-log-format',
    value: 'TEXT',
    help: 'its accessLogFormat, if it is none of the usual ones',
    group: 'Captures',
    commands: READING,
  },
  {
    name: 'line',
    value: 'LINE',
    help: 'only the connections of this access log line',
    group: 'Selection',
    commands: BOTH,
  },
  {
    name: 'host',
    value: 'ADDR',
    parse: parseAddress,
    help: 'only connections with this address at either end',
    group: 'Selection',
    commands: TELLING,
  },
  {
    name: 'port',
    value: 'N',
    parse: parsePort,
    help: 'only connections with this port at either end',
    group: 'Selection',
    commands: TELLING,
  },
  {
    name: 'connection',
    value: 'ID',
    parse: parseCount,
    help: 'only this connection, by its number in the report',
    group: 'Selection',
    commands: REPORTING,
  },
  {
    name: 'since',
    value: 'TIME',
    parse: parseTimeOption,
    help: 'only connections still there after this (2026-06-28T15:11:44Z)',
    group: 'Selection',
    commands: TELLING,
  },
  {
    name: 'until',
    value: 'TIME',
    parse: parseTimeOption,
    help: 'only connections already there before this',
    group: 'Selection',
    commands: TELLING,
  },
  {
    name: 'idle-after',
    value: 'SECONDS',
    parse: parseWait,
    help: 'give a connection up after so long without a packet [2h]',
    group: 'Selection',
    commands: ['watch'],
  },
  {
    name: 'format',
    value: 'FORMAT',
    choices: FORMAT_NAMES,
    default: 'text',
    help: formatList(),
    group: 'Output',
    commands: PRINTING,
  },
  { name: 'json', value: null, help: '--format json', group: 'Output', commands: ANSWERING },
  {
    name: 'out',
    value: 'FILE',
    many: 'repeat',
    help: 'also write FILE, format by its extension; repeatable; - is stdout',
    group: 'Output',
    commands: REPORTING,
  },
  {
    name: 'template',
    value: 'NAME',
    choices: ['ticket'],
    help: 'markdown under the headings of a ticket: ticket',
    group: 'Output',
    commands: REPORTING,
  },
  {
    name: 'with-payload',
    value: null,
    help: 'whole packets in a .pcapng file, not their headers only',
    group: 'Output',
    commands: BOTH,
  },
  {
    name: 'redact',
    value: null,
    help: 'pseudonyms for addresses and names, in every format',
    group: 'Output',
    commands: ANSWERING,
  },
  {
    name: 'redact-key',
    value: 'KEY',
    env: 'RSTSCOPE_REDACT_KEY',
    help: 'pseudonyms of another run with this key',
    group: 'Output',
    commands: ANSWERING,
  },
  {
    name: 'all',
    value: null,
    help: 'list ordinary ends and every connection too',
    group: 'Output',
    commands: TELLING,
  },
  {
    name: 'fail-on',
    value: 'LEVEL',
    choices: FAIL_LEVELS,
    default: 'never',
    help: 'exit with 1 from this level on: never, error, warning, info',
    group: 'Output',
    commands: TELLING,
  },
  {
    name: 'jobs',
    value: 'N',
    parse: parseCount,
    env: 'RSTSCOPE_JOBS',
    help: 'worker threads; the result does not depend on it',
    group: 'Reading',
    commands: [...READING, 'worker'],
  },
  {
    name: 'max-memory',
    value: 'SIZE',
    parse: parseSize,
    help: 'bound for what is held of the packets (512M, 2G)',
    group: 'Reading',
    commands: FOLLOWING,
  },
  {
    name: 'reader',
    value: 'READER',
    choices: ['auto', 'native-free', 'pcap-parser'],
    default: 'auto',
    help: 'who reads the file format: auto, native-free or pcap-parser',
    group: 'Reading',
    commands: READING,
  },
  {
    name: 'progress',
    value: 'WHEN',
    choices: ['auto', 'lines', 'none'],
    default: 'auto',
    help: 'progress on stderr: auto (on a terminal), lines (logs) or none',
    group: 'Reading',
    commands: READING,
  },
  {
    name: 'color',
    value: 'WHEN',
    choices: ['auto', 'always', 'never'],
    default: 'auto',
    env: 'RSTSCOPE_COLOR',
    help: 'colours: auto, always or never',
    group: 'Display',
    commands: TEXT,
  },
  {
    name: 'width',
    value: 'N',
    parse: parseWidth,
    help: 'columns of text, at least 60',
    group: 'Display',
    commands: TEXT,
  },
  {
    name: 'ascii',
    value: null,
    help: 'draw with ASCII characters only',
    group: 'Display',
    commands: TEXT,
  },
  {
    name: 'time',
    value: 'MODE',
    choices: ['utc', 'local', 'relative'],
    default: 'utc',
    help: 'times as utc, local, or relative to the first packet',
    group: 'Display',
    commands: TELLING,
  },
  {
    name: 'quiet',
    value: null,
    help: 'print nothing but errors; files of --out are written',
    group: 'Display',
    commands: [...TELLING, 'worker'],
  },
  {
    name: 'verbose',
    value: null,
    help: 'say on stderr what was read, and where an internal error arose',
    group: 'Display',
    commands: TEXT,
  },
  ...BATCH_FLAGS,
  ...QUEUE_FLAGS,
]

/** What commander hands over: values by camel-case name, absent where not given. */
export interface OptionValues {
  client?: string[]
  upstream?: string[]
  via?: string[]
  /** The files of --via and --upstream, for each time the flag was given. */
  hops?: string[][]
  upstreams?: string[][]
  server?: { host: string; port: number }
  at?: 'client' | 'upstream'
  clockOffset?: number
  kubernetes?: string[]
  accessLog?: string[]
  accessLogFormat?: string
  line?: string
  host?: string
  port?: number
  connection?: number
  since?: string
  until?: string
  idleAfter?: number
  format: Format
  json?: boolean
  out?: string[]
  template?: 'ticket'
  withPayload?: boolean
  redact?: boolean
  redactKey?: string
  all?: boolean
  failOn: (typeof FAIL_LEVELS)[number]
  jobs?: number
  maxMemory?: number
  reader: 'auto' | 'native-free' | 'pcap-parser'
  progress: 'auto' | 'lines' | 'none'
  color: 'auto' | 'always' | 'never'
  width?: number
  ascii?: boolean
  time: 'utc' | 'local' | 'relative'
  quiet?: boolean
  verbose?: boolean
  pair?: string
  manifest?: string
  list?: boolean
  results?: string
  report?: string[]
  resume?: boolean
  merge?: boolean
  baseline?: string
  queue?: string
  queueCa?: string
  queuePasswordFile?: string
  runId?: string
  shard?: string
  stalledAfter?: number
  grace?: number
}
