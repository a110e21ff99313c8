import { RstscopeError } from '../errors.ts'
import type { ArchiveData, ChunkFile } from '../model/connection-data.ts'

/** Where an entry begins: its chunk in the high bits, the place within it in the low ones. */
const CHUNK_BITS = 18
export const CHUNK_BYTES = 1 << CHUNK_BITS
/** No entry is longer: it lies in one chunk. */
export const MOST_ENTRY_BYTES = 1 << 16
/** A place is one word. */
const MOST_CHUNKS = 2 ** (32 - CHUNK_BITS)

/**
 * Bytes of retired connections: appended, read at random, never changed. Beyond 4 GB it refuses more. All of them stay in
 * memory, or the newest ones only (`keepNewest`).
 */
export class Archive implements ArchiveData {
  readonly chunks: (Uint8Array | null)[] = []
  readonly readBack: number[] = []
  file: ChunkFile | null = null
  /** How much of the last chunk is taken. */
  private at = CHUNK_BYTES
  /** An entry is made here: how long it is, and so in which chunk it lies, shows only then. */
  private readonly entry = new Uint8Array(MOST_ENTRY_BYTES)
  private mostHeld = Number.POSITIVE_INFINITY
  private openFile: (() => ChunkFile | null) | null = null
  /** So many of the first chunks lie in the file. */
  private written = 0

  /**
   * Keeps about so many of the newest bytes in memory and puts what is older into a file, which is opened with the first
   * of it. Where there is none (null), or no room in it, all the rest stays in memory.
   */
  keepNewest(bytes: number, open: () => ChunkFile | null): void {
    this.mostHeld = Math.max(1, Math.floor(bytes / CHUNK_BYTES))
    this.openFile = open
  }

  /** Where to write the next entry, with room for the longest. */
  begin(): Uint8Array {
    return this.entry
  }

  /** Where in these bytes the next entry begins. */
  get position(): number {
    return 0
  }

  /** Ends the entry that was written up to `end`; returns its place. */
  end(end: number): number {
    if (this.at + end > CHUNK_BYTES) this.addChunk()
    const last = this.chunks.length - 1
    const at = this.at
    this.chunks[last]!.set(this.entry.subarray(0, end), at)
    this.at = at + end
    return last * CHUNK_BYTES + at
  }

  private addChunk(): void {
    if (this.chunks.length === MOST_CHUNKS) {
      throw new RstscopeError(
        'RSTSCOPE_UNREADABLE',
        'the capture holds more connections than fit into 4 GB',
        'cut it up by time (editcap -i) or select by address (tcpdump -r), or use more --jobs',
      )
    }
    // What is left of a chunk stays zero: equal entries make equal chunks.
    this.chunks.push(this.putAway()?.fill(0) ?? new Uint8Array(CHUNK_BYTES))
    this.at = 0
  }

  /** Puts the oldest chunk in memory into the file, where that is due; returns its bytes, which are free again. */
  private putAway(): Uint8Array | null {
    const { chunks, written } = this
    if (this.openFile === null || chunks.length - written < this.mostHeld) return null
    this.file ??= this.openFile()
    const oldest = chunks[written]!
    if (this.file?.write(oldest, written * CHUNK_BYTES) !== true) {
      this.openFile = null
      return null
    }
    chunks[written] = null
    this.written++
    return oldest
  }

  /** Ends writing. Where a part lies in the file, the rest goes there too: making the report needs the memory. */
  finish(): ArchiveData {
    const { chunks, readBack, file } = this
    while (readBack.length > 0) letGo(chunks, readBack)
    if (file !== null) {
      this.mostHeld = 1
      while (this.putAway() !== null);
    }
    return { chunks, readBack, file }
  }

  /** How much stands in it, for `rewind`. */
  get length(): number {
    return this.chunks.length * CHUNK_BYTES + this.at - CHUNK_BYTES
  }

  /** Forgets the entries that were written since `length` was this. Only where all of them are in memory. */
  rewind(length: number): void {
    const chunks = Math.ceil(length / CHUNK_BYTES)
    this.at = length - (chunks - 1) * CHUNK_BYTES
    this.chunks.length = chunks
  }
}

/** The chunk that an entry lies in, valid until the next one is asked for. */
export function chunkOf(archive: ArchiveData, place: number): Uint8Array {
  const number = place >>> CHUNK_BITS
  return archive.chunks[number] ?? readChunk(archive, number)
}

export function withinChunk(place: number): number {
  return place & (CHUNK_BYTES - 1)
}

/** Chunks of the file that are in memory again: entries are asked for in about the order in which they were made. */
const MOST_READ_BACK = 64

/** Reads a chunk back, in place of the one that was read longest ago. */
function readChunk({ chunks, readBack, file }: ArchiveData, number: number): Uint8Array {
  const bytes = readBack.length < MOST_READ_BACK ? null : letGo(chunks, readBack)
  const chunk = bytes ?? new Uint8Array(CHUNK_BYTES)
  file!.read(chunk, number * CHUNK_BYTES)
  chunks[number] = chunk
  readBack.push(number)
  return chunk
}

function letGo(chunks: ArchiveData['chunks'], readBack: number[]): Uint8Array {
  const number = readBack.shift()!
  const bytes = chunks[number]!
  chunks[number] = null
  return bytes
}

/** Do two archives hold the same entries at the same places? */
export function isSameArchive(a: ArchiveData, b: ArchiveData): boolean {
  return (
    a.chunks.length === b.chunks.length &&
    a.chunks.every((_, number) => {
      const one = a.chunks[number] ?? readChunk(a, number)
      const other = b.chunks[number] ?? readChunk(b, number)
      return one.every((byte, i) => byte === other[i])
    })
  )
}
