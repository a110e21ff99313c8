import { type QueueAddress, queueAddress } from '../batch/queue/connection.ts'
import { RstscopeError } from '../errors.ts'
import { isTable } from './batch-tasks.ts'
import type { OptionValues } from './options.ts'

/** Where the queue of a command line is; null without --queue. */
export function queueOf(values: OptionValues): QueueAddress | null {
  const { queue, queueCa, queuePasswordFile, runId, results, out } = values
  if (queue === undefined) {
    if (runId === undefined) return null
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      '--run-id is given without --queue',
      'a run on one machine is found by its folder: --results FOLDER --resume',
    )
  }
  if (results === undefined && out?.some(isTable)) {
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      'the table of connections is made from files that the workers write, and there is no folder for them',
      'add --results FOLDER, on storage that the workers see',
    )
  }
  return queueAddress(queue, { ca: queueCa, password: queuePasswordFile })
}
