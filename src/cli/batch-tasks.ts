import { createHash, createHmac } from 'node:crypto'
import { sampleKey } from '../batch/find/input-key.ts'
import type { Sample } from '../batch/sample.ts'
import type { SampleOptions, SampleTask } from '../batch/sample-task.ts'
import { selectionOf } from './commands/run-options.ts'
import { FORMATS, type Format } from './formats.ts'
import type { OptionValues } from './options.ts'

/** Characters of a pseudonym: enough that no two samples of a run share one. */
const PSEUDONYM_DIGITS = 12

/** What a run is told beside the flags. */
export interface RunFacts {
  threads: number
  /** Null without --redact. */
  redactKey: string | null
  /** Where rows of connections are left, if a table of them is asked for. */
  workFolder: string
}

/** What is asked of each sample, from what was typed. */
export async function tasksOf(
  samples: readonly Sample[],
  values: OptionValues,
  { threads, redactKey, workFolder }: RunFacts,
): Promise<SampleTask[]> {
  const options = sampleOptions(values, threads, redactKey)
  const reports = values.results === undefined ? [] : reportFiles(values.report)
  const digest = createHash('sha256')
    .update(JSON.stringify(asked(options)))
    .digest('hex')
  const tasks: SampleTask[] = []
  for (const sample of samples) {
    tasks.push({
      sample: redactKey === null ? sample : { ...sample, id: pseudonymOf(sample.id, redactKey) },
      key: await sampleKey(sample, digest),
      options,
      jobs: 1,
      results: values.results ?? null,
      reports,
      rows: values.out?.some(isTable) ? workFolder : null,
    })
  }
  return tasks
}

/** Whether a path of --out is that of a table of connections. */
export function isTable(path: string): boolean {
  return path.toLowerCase().endsWith('.parquet')
}

function reportFiles(formats: string[] = ['json', 'html']): SampleTask['reports'] {
  const named = [...new Set(formats)].filter((name): name is Format => name !== 'none')
  return named.map((format) => ({ format, file: `report${FORMATS[format].extension}` }))
}

function sampleOptions(
  values: OptionValues,
  threads: number,
  redactKey: string | null,
): SampleOptions {
  return {
    reader: values.reader,
    selection: selectionOf(values),
    accessLogs: values.accessLog ?? [],
    kubernetes: values.kubernetes ?? [],
    render: {
      all: values.all ?? false,
      time: values.time,
      width: values.width ?? 100,
      ascii: values.ascii ?? false,
    },
    redactKey,
    ...(values.server === undefined ? {} : { server: values.server }),
    ...(values.at === undefined ? {} : { at: values.at }),
    ...(values.accessLogFormat === undefined ? {} : { accessLogFormat: values.accessLogFormat }),
    // The bound is for the run, and so many samples are open at once.
    ...(values.maxMemory === undefined
      ? {}
      : { maxMemory: Math.floor(values.maxMemory / threads) }),
  }
}

/** What an answer depends on: the bound of memory only where it is reached, which the report says then. */
function asked({ maxMemory: _, ...options }: SampleOptions): object {
  return options
}

function pseudonymOf(id: string, key: string): string {
  const digest = createHmac('sha256', key).update(`sample ${id}`).digest('hex')
  return `sample-${digest.slice(0, PSEUDONYM_DIGITS)}`
}
