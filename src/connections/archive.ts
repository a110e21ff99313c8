import { RstscopeError } from '../errors.ts'

/** Where an entry begins: its chunk in the high bits, the place within it in the low ones. */
const CHUNK_BITS = 20
const CHUNK_BYTES = 1 << CHUNK_BITS
/** No entry is longer: it lies in one chunk. */
export const MOST_ENTRY_BYTES = 1 << 16
/** A place is one word. */
const MOST_CHUNKS = 2 ** (32 - CHUNK_BITS)

/** Bytes of retired connections: appended, read at random, never changed. Beyond 4 GB it refuses more. */
export class Archive {
  readonly chunks: Uint8Array[] = []
  private at = CHUNK_BYTES

  /** The chunk to write the next entry into, with room for the longest. */
  begin(): Uint8Array {
    if (this.at + MOST_ENTRY_BYTES > CHUNK_BYTES) {
      if (this.chunks.length === MOST_CHUNKS) {
        throw new RstscopeError(
          'RSTSCOPE_UNREADABLE',
          'the capture holds more connections than fit into 4 GB',
          'cut it up by time (editcap -i) or select by address (tcpdump -r), or use more --jobs',
        )
      }
      this.chunks.push(new Uint8Array(CHUNK_BYTES))
      this.at = 0
    }
    return this.chunks[this.chunks.length - 1]!
  }

  /** Where in its chunk the next entry begins. */
  get position(): number {
    return this.at
  }

  /** Ends the entry that was written up to `end`; returns where it began. */
  end(end: number): number {
    const place = (this.chunks.length - 1) * CHUNK_BYTES + this.at
    this.at = end
    return place
  }

  /** How much stands in it, for `rewind`. */
  get length(): number {
    return this.chunks.length * CHUNK_BYTES + this.at - CHUNK_BYTES
  }

  /** Forgets the entries that were written since `length` was this. */
  rewind(length: number): void {
    const chunks = Math.ceil(length / CHUNK_BYTES)
    this.at = length - (chunks - 1) * CHUNK_BYTES
    this.chunks.length = chunks
  }

  get bytes(): number {
    return this.chunks.length * CHUNK_BYTES
  }
}

export function chunkOf(chunks: readonly Uint8Array[], place: number): Uint8Array {
  return chunks[place >>> CHUNK_BITS]!
}

export function withinChunk(place: number): number {
  return place & (CHUNK_BYTES - 1)
}
