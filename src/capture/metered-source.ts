import { RstscopeError } from '../errors.ts'
import { type ByteSource, interrupted } from './byte-source.ts'
import { Digest } from './digest.ts'

const DRAIN_BYTES = 1024 * 1024

export interface MeterOptions {
  hash: boolean
  signal: AbortSignal | undefined
  /** Called with the number of bytes of each read. */
  onRead: (bytes: number) => void
}

/** A source that counts and hashes the bytes as they are on disk, and turns what goes wrong into one kind of error. */
export class MeteredSource implements ByteSource {
  readonly totalBytes: number | null
  readonly isAtRest: boolean
  readonly #source: ByteSource
  readonly #label: string
  readonly #options: MeterOptions
  readonly #digest: Digest | null
  #hasEnded = false

  constructor(source: ByteSource, label: string, options: MeterOptions) {
    this.#source = source
    this.#label = label
    this.#options = options
    this.#digest = options.hash ? new Digest() : null
    this.totalBytes = source.totalBytes
    this.isAtRest = source.isAtRest
  }

  read(target: Uint8Array, start: number, end: number): number | Promise<number> {
    const { signal } = this.#options
    if (signal?.aborted) throw interrupted(signal)
    let count: number | Promise<number>
    try {
      count = this.#source.read(target, start, end)
    } catch (error) {
      throw readError(this.#label, error)
    }
    if (typeof count === 'number') return this.#noted(count, target, start)
    return count.then(
      (read) => this.#noted(read, target, start),
      (error) => {
        throw readError(this.#label, error)
      },
    )
  }

  /**
   * SHA-256 of all bytes, hex. What the reader left over (behind damage, behind a compressed stream's end) is read
   * first, except from a pipe, which might never end: null where its end was not reached, since the digest of what
   * happened to be read says nothing.
   */
  async digest(): Promise<string | null> {
    if (this.#digest === null) return null
    if (this.isAtRest) {
      const rest = new Uint8Array(DRAIN_BYTES)
      while ((await this.read(rest, 0, rest.length)) > 0);
    }
    return this.#hasEnded ? this.#digest.hex() : null
  }

  close(): void {
    this.#digest?.close()
    this.#source.close()
  }

  #noted(count: number, target: Uint8Array, start: number): number | Promise<number> {
    if (count === 0) {
      if (target.length > 0) this.#hasEnded = true
      return count
    }
    this.#options.onRead(count)
    if (this.#digest === null) return count
    return this.#digest.update(target.subarray(start, start + count)).then(() => count)
  }
}

/** What the operating system says when a file cannot be read, as one clear line. */
export function readError(label: string, error: unknown): RstscopeError {
  if (error instanceof RstscopeError) return error
  const code = (error as NodeJS.ErrnoException | null)?.code
  const [what, hint] = describe(code, error)
  return new RstscopeError('RSTSCOPE_UNREADABLE', `cannot read ${label}: ${what}`, hint, {
    cause: error,
  })
}

function describe(code: string | undefined, error: unknown): [string, string | null] {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return ['no such file', 'check the path']
    case 'EACCES':
    case 'EPERM':
      return [
        'permission denied',
        'captures are often owned by root: run chmod or chown on the file',
      ]
    case 'EISDIR':
      return ['it is a directory', 'name the capture files in it']
    case 'EMFILE':
      return ['too many files are open', 'raise the limit with ulimit -n']
    default:
      return [error instanceof Error ? error.message : String(error), null]
  }
}
