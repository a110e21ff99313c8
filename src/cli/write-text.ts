import { once } from 'node:events'
import type { Writable } from 'node:stream'

const CHUNK_CHARACTERS = 1 << 16

/** Writes pieces in larger chunks and waits while the receiver is slow; stops when `signal` aborts. */
export async function writeText(
  target: Writable,
  pieces: Iterable<string>,
  signal: AbortSignal,
): Promise<void> {
  for (const chunk of chunks(pieces)) {
    signal.throwIfAborted()
    if (!target.write(chunk)) await once(target, 'drain', { signal })
  }
}

/** Joins pieces to chunks of about 64 k characters. */
export function* chunks(pieces: Iterable<string>): Iterable<string> {
  let pending: string[] = []
  let length = 0
  for (const piece of pieces) {
    pending.push(piece)
    length += piece.length
    if (length >= CHUNK_CHARACTERS) {
      yield pending.join('')
      pending = []
      length = 0
    }
  }
  if (length > 0) yield pending.join('')
}
