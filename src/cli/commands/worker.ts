import { availableParallelism, hostname } from 'node:os'
import process from 'node:process'
import { SamplePool } from '../../batch/pool.ts'
import { serveQueue } from '../../batch/queue/queue-worker.ts'
import type { SampleRow } from '../../batch/sample-row.ts'
import { RstscopeError } from '../../errors.ts'
import { escapeText } from '../../reports/text-escape.ts'
import { EXIT } from '../exit-code.ts'
import type { Host } from '../host.ts'
import type { OptionValues } from '../options.ts'
import { queueOf } from '../queue-option.ts'

/** `rstscope worker`: takes samples from the queue until it is asked to end. */
export async function workerCommand(
  words: string[],
  values: OptionValues,
  host: Host,
): Promise<number> {
  const address = queueOf(values)
  if (words.length > 0 || address === null) {
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      words.length > 0 ? 'worker takes its samples from the queue' : 'worker needs --queue',
      'rstscope worker --queue redis://host:6379',
    )
  }
  const say = (text: string) => host.stderr.write(`rstscope: ${escapeText(text)}\n`)
  const jobs = values.jobs ?? availableParallelism()
  const { stalledAfter, grace } = values
  const pool = new SamplePool()
  try {
    if (!values.quiet) say(`takes samples from ${address.shown}, ${jobs} at a time`)
    await serveQueue({
      address,
      name: `${hostname()}-${process.pid}`,
      jobs,
      // The threads are for samples: each has one.
      run: (task, hooks) => pool.run({ ...task, jobs: 1 }, hooks),
      signal: host.signal,
      ...(stalledAfter === undefined ? {} : { stalledAfterMs: stalledAfter * 1000 }),
      ...(grace === undefined ? {} : { graceMs: grace * 1000 }),
      onRow: (row) => {
        if (!values.quiet) say(rowWords(row))
      },
      onNotice: say,
    })
  } finally {
    await pool.close()
  }
  return EXIT.done
}

function rowWords({ sample, status, error, packets }: SampleRow): string {
  return `${sample}: ${status}, ${error === null ? `${packets} packets` : error.message}`
}
