import { open } from 'node:fs/promises'
import { RstscopeError } from '../errors.ts'

/** A report of more bytes does not fit into one string with room to spare. */
const MOST_BYTES = 2 ** 28

/** The JSON of a saved report, or of the page that carries it; `-` is standard input. */
export async function readReportJson(path: string, signal: AbortSignal): Promise<string> {
  const text = await readText(path, signal)
  // No JSON begins so.
  if (!/^\s{0,100}</.test(text)) return text
  const json = jsonInPage(text)
  if (json !== null) return json
  throw new RstscopeError(
    'RSTSCOPE_NOT_A_REPORT',
    `${path} is a page without a report in it`,
    'a page that --format html made carries its report in <script id="report">, unless it says that it was left out',
  )
}

/** Longest start tag of a script that is looked at. */
const MOST_TAG = 500

/** What the element holds that the page carries its report in; null where there is none. Reads the text once. */
function jsonInPage(page: string): string | null {
  for (let at = page.indexOf('<script'); at >= 0; at = page.indexOf('<script', at + 1)) {
    const head = page.slice(at, at + MOST_TAG)
    const tag = head.slice(0, head.indexOf('>') + 1)
    if (!/\sid="report"/.test(tag)) continue
    const from = at + tag.length
    const end = page.indexOf('</script', from)
    return end < 0 ? null : page.slice(from, end)
  }
  return null
}

async function readText(path: string, signal: AbortSignal): Promise<string> {
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
