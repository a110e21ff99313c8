import { mergeRows } from '../../batch/merge-rows.ts'
import { RstscopeError } from '../../errors.ts'
import {
  answerOf,
  batchExitCode,
  checkBaseline,
  deliverBatch,
  openBatchOutputs,
} from '../batch-outputs.ts'
import { isTable } from '../batch-tasks.ts'
import type { Host } from '../host.ts'
import type { OptionValues } from '../options.ts'
import { checkTogether } from './run-options.ts'

/** Flags about captures that were typed (the environment may hold others): where nothing is analysed they mean nothing. */
const OF_CAPTURES = [
  ...(['results', 'resume', 'report', 'list', 'pair', 'manifest', 'redact'] as const),
  ...(['runId', 'shard', 'host', 'port', 'since', 'until', 'server', 'at'] as const),
  ...(['kubernetes', 'accessLog', 'accessLogFormat', 'maxMemory'] as const),
]

/** `rstscope batch --merge`: the summary of several runs as of one. */
export async function mergeCommand(
  indexes: string[],
  values: OptionValues,
  host: Host,
): Promise<number> {
  checkTogether({ ...values, out: [] }, [], host)
  checkMerge(indexes, values)
  checkBaseline(values)
  const outputs = await openBatchOutputs(values, indexes)
  try {
    const merged = mergeRows(indexes)
    try {
      const answer = answerOf((from) => merged.rows(from), values, {
        results: merged.folder,
        workFolder: null,
      })
      await deliverBatch(answer, values, outputs, host)
      return batchExitCode(answer, values)
    } finally {
      merged.close()
    }
  } catch (error) {
    await outputs.discard()
    throw error
  }
}

function checkMerge(indexes: string[], values: OptionValues): void {
  const fail = (message: string, hint: string): never => {
    throw new RstscopeError('RSTSCOPE_USAGE', message, hint)
  }
  const example = 'rstscope batch --merge slice-*/index.ndjson'
  if (indexes.length === 0) fail('--merge takes the index.ndjson of runs, none given', example)
  const other = OF_CAPTURES.find((name) => values[name] !== undefined)
  if (other !== undefined) fail(`--merge and ${flagOf(other)} cannot both be meant`, example)
  if (values.out?.some(isTable)) {
    fail(
      '--merge makes no table of connections: an index does not hold them',
      'query the tables of the runs together: read_parquet([…])',
    )
  }
}

function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
