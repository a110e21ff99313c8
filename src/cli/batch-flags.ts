import type { Flag } from './options.ts'

const BATCH = ['batch'] as const

/** Formats that the summary of a batch is printed in. */
export const SUMMARY_FORMATS = ['text', 'json', 'ndjson'] as const

/** Flags that only `batch` has. */
export const BATCH_FLAGS: readonly Flag[] = [
  {
    name: 'pair',
    value: 'HOW',
    help: 'names, none, auto, or as in {id}/{side}.pcap [names]',
    group: 'Captures',
    commands: BATCH,
  },
  {
    name: 'manifest',
    value: 'FILE',
    help: 'JSON or CSV that lists the samples, instead of PATH',
    group: 'Captures',
    commands: BATCH,
  },
  {
    name: 'list',
    value: null,
    help: 'only show what was found and what belongs together',
    group: 'Captures',
    commands: BATCH,
  },
  {
    name: 'results',
    value: 'FOLDER',
    help: 'a report for each sample, an index, a page that links them',
    group: 'Output',
    commands: BATCH,
  },
  {
    name: 'report',
    value: 'FORMAT',
    choices: ['json', 'html', 'markdown', 'text', 'csv', 'ndjson', 'junit', 'none'],
    many: 'repeat',
    help: 'formats of these reports; repeatable [json and html]',
    group: 'Output',
    commands: BATCH,
  },
  {
    name: 'resume',
    value: null,
    help: 'only samples that are new, changed or failed (--results)',
    group: 'Output',
    commands: BATCH,
  },
  {
    name: 'merge',
    value: null,
    help: 'PATH is an index.ndjson: one summary of several runs',
    group: 'Output',
    commands: BATCH,
  },
  {
    name: 'baseline',
    value: 'INDEX',
    help: 'what is new, gone or worse since this index.ndjson',
    group: 'Output',
    commands: BATCH,
  },
  {
    name: 'format',
    value: 'FORMAT',
    choices: SUMMARY_FORMATS,
    default: 'text',
    help: 'of the summary; ndjson: a line for each sample',
    group: 'Output',
    commands: BATCH,
  },
  {
    name: 'out',
    value: 'FILE',
    many: 'repeat',
    help: 'summary .txt .json, index .ndjson .html, rows .parquet',
    group: 'Output',
    commands: BATCH,
  },
]
