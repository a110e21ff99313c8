import { createHash } from 'node:crypto'
import { RstscopeError } from '../errors.ts'

/** One of `of` slices of the samples, counted from 1. */
export interface Shard {
  index: number
  of: number
}

const MOST_SHARDS = 100_000

/**
 * `2/8`: the second of eight slices. `job/8`: the one that a Kubernetes Indexed Job gives the pod by its completion index,
 * which counts from 0.
 */
export function parseShard(text: string, completionIndex: string | undefined): Shard {
  const [, which, total] = /^(\d{1,6}|job)\/(\d{1,6})$/.exec(text) ?? []
  if (which === 'job' && !/^\d{1,6}$/.test(completionIndex ?? '')) {
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      `--shard ${text} needs $JOB_COMPLETION_INDEX, which is not set`,
      'it is set in the pods of a Job with completionMode: Indexed',
    )
  }
  const index = which === 'job' ? Number(completionIndex) + 1 : Number(which)
  const of = Number(total)
  if (index >= 1 && index <= of && of <= MOST_SHARDS) return { index, of }
  throw new RstscopeError(
    'RSTSCOPE_USAGE',
    which === undefined
      ? `--shard ${text} is no slice`
      : `--shard ${text}: there is no slice ${index} of ${of}`,
    '--shard 1/8 is the first of eight slices',
  )
}

/**
 * Whether a sample is in a slice. Its id alone decides: each sample is in exactly one of the `of` slices, whatever the
 * order of the list and whatever else is in it, so that slices that are begun at different times, while files are still
 * arriving, leave none out and have none twice. Slices are about equally many samples, not equally many bytes.
 */
export function isInShard(id: string, { index, of }: Shard): boolean {
  const hash = createHash('sha256').update(id).digest()
  // 48 bits: for any number of slices their sizes differ by chance only.
  return Math.floor((hash.readUIntBE(0, 6) / 2 ** 48) * of) === index - 1
}
