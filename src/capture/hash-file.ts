import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { interrupted } from './byte-source.ts'
import { readError } from './metered-source.ts'

/**
 * SHA-256 of a file, hex. Hashing costs four times what reading the records does: a caller with a second thread runs
 * this there and opens the capture with `hash: false`.
 */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      if (signal?.aborted) throw interrupted(signal)
      hash.update(chunk)
    }
  } catch (error) {
    throw readError(path, error)
  }
  return hash.digest('hex')
}
