import { createReadStream } from 'node:fs'
import process from 'node:process'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { RstscopeError } from '../../errors.ts'

/** A path, `-` for standard input, or the bytes themselves; plain or gzip. */
export type LogInput = string | Uint8Array

const CHUNK_BYTES = 1024 * 1024

/** How a log is called in messages and in the report. */
export function logLabel(input: LogInput): string {
  if (typeof input !== 'string') return '(bytes)'
  return input === '-' ? 'standard input' : input
}

/**
 * The bytes of a log, decompressed. Rejects with a `RstscopeError` where it cannot be read; of damaged gzip data what could
 * be decompressed is given, and `onDamage` is told.
 */
export async function* readLog(
  input: LogInput,
  onDamage: (message: string) => void,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const label = logLabel(input)
  const chunks = rawChunks(input, label, signal)
  const first = await chunks.next()
  if (first.done) return
  const [a, b] = first.value
  if (a !== 0x1f || b !== 0x8b) {
    yield first.value
    yield* chunks
    return
  }
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  const source = Readable.from(all(first.value, chunks))
  source.on('error', (error) => gunzip.destroy(error))
  source.pipe(gunzip)
  try {
    yield* gunzip as AsyncIterable<Uint8Array>
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined || !code.startsWith('Z_')) throw error
    onDamage(
      code === 'Z_BUF_ERROR'
        ? 'the gzip data end before their end mark'
        : 'the gzip data are damaged',
    )
  } finally {
    source.destroy()
    gunzip.destroy()
  }
}

async function* all(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first
  yield* rest
}

async function* rawChunks(
  input: LogInput,
  label: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (typeof input !== 'string') {
    yield input
    return
  }
  const stream =
    input === '-' ? process.stdin : createReadStream(input, { highWaterMark: CHUNK_BYTES })
  try {
    for await (const chunk of stream) {
      if (signal?.aborted) throw new RstscopeError('RSTSCOPE_INTERRUPTED', 'interrupted')
      yield chunk as Uint8Array
    }
  } catch (error) {
    throw unreadable(label, error)
  }
}

const REASONS: Record<string, [what: string, hint: string]> = {
  ENOENT: ['no such file', 'check the path'],
  ENOTDIR: ['no such file', 'check the path'],
  EACCES: ['permission denied', 'may you read the file?'],
  EPERM: ['permission denied', 'may you read the file?'],
  EISDIR: ['it is a directory', 'name the log files in it'],
}

function unreadable(label: string, error: unknown): RstscopeError {
  if (error instanceof RstscopeError) return error
  const { code, message } = error as NodeJS.ErrnoException
  const [what, hint] = (code === undefined ? undefined : REASONS[code]) ?? [message, null]
  return new RstscopeError('RSTSCOPE_UNREADABLE', `cannot read ${label}: ${what}`, hint, {
    cause: error,
  })
}
