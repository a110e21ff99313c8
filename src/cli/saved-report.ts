import { open } from 'node:fs/promises'
import { RstscopeError } from '../errors.ts'

/** A report of more bytes does not fit into one string with room to spare. */
const MOST_BYTES = 2 ** 28

/** The text of a saved report; `-` is standard input. */
export async function readReportText(path: string, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    const source = path === '-' ? process.stdin : (await open(path)).createReadStream({ signal })
    for await (const chunk of source) {
      signal.throwIfAborted()
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > MOST_BYTES) break
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (signal.aborted) throw error
    throw new RstscopeError(
      'RSTSCOPE_UNREADABLE',
      `cannot read ${path}: ${code === 'ENOENT' ? 'no such file' : (code ?? message)}`,
      'check the path',
      { cause: error },
    )
  }
  if (bytes > MOST_BYTES) {
    throw new RstscopeError(
      'RSTSCOPE_UNREADABLE',
      `${path} is larger than ${MOST_BYTES / 2 ** 20} MiB`,
      'run compare or analyze again with the --format that you need: it holds one connection at a time',
    )
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/^\ufeff/, '')
}
