import { constants } from 'node:fs'
import { access, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { RstscopeError } from '../errors.ts'
import type { ReportStream } from '../model/report.ts'
import type { Engine, Redaction } from './engine.ts'
import type { Host } from './host.ts'
import type { OptionValues } from './options.ts'
import { refuseCapture } from './output-files.ts'

/** Stands for the capture's id in the name of a file that holds one capture only. */
const EACH_CAPTURE = '%'

/** Whether a path of `--out` is one of a capture file. */
export function isEvidence(path: string): boolean {
  return path.toLowerCase().endsWith('.pcapng')
}

/** Refuses what cannot become an evidence file, before captures are read. */
export async function checkEvidence(
  paths: readonly string[],
  captures: readonly string[],
  inputs: string[],
): Promise<void> {
  for (const path of paths) {
    await refuseCapture(resolve(path), inputs)
    await access(dirname(resolve(path)), constants.W_OK).catch((error: NodeJS.ErrnoException) => {
      throw cannotWrite(path, error)
    })
    for (const capture of captures) {
      const isFile =
        capture !== '-' &&
        (await stat(capture).then(
          (found) => found.isFile(),
          () => true,
        ))
      if (isFile) continue
      throw new RstscopeError(
        'RSTSCOPE_USAGE',
        `--out ${path}: evidence is read from the captures once more, and ${capture === '-' ? 'standard input' : capture} can be read only once`,
        'save the capture to a file first',
      )
    }
  }
}

/** Writes the packets that the report rests on to each path, and says on standard error what is in them. */
export async function writeEvidence(
  paths: readonly string[],
  stream: ReportStream,
  engine: Engine,
  values: OptionValues,
  host: Host,
  redaction: Redaction | undefined,
): Promise<void> {
  if (paths.length === 0) return
  const { withPayload = false, reader } = values
  const evidence = await engine.collectEvidence(stream, {
    withPayload,
    reader,
    signal: host.signal,
    redaction,
  })
  const written: string[] = []
  for (const path of new Set(paths)) {
    if (!path.includes(EACH_CAPTURE)) {
      await writeBlocks(path, evidence.blocks(), host.signal)
      written.push(path)
      continue
    }
    for (const capture of evidence.captures) {
      const own = path.replaceAll(EACH_CAPTURE, capture)
      await refuseCapture(
        resolve(own),
        stream.head.captures.flatMap((one) => one.paths),
      )
      await writeBlocks(own, evidence.blocks(capture), host.signal)
      written.push(own)
    }
  }
  if (values.quiet) return
  const { escapeText } = await import('../reports/text-escape.ts')
  const extent = withPayload ? 'whole' : 'headers only'
  for (const path of written) host.stderr.write(`Wrote ${escapeText(resolve(path))}\n`)
  host.stderr.write(
    `rstscope: evidence: ${evidence.packets} packets of ${evidence.connections} connections, ${extent}\n`,
  )
  for (const note of evidence.notes) host.stderr.write(`rstscope: evidence: ${note}\n`)
}

/** Written beside its place and moved there when complete: an older file stays as it is until then. */
async function writeBlocks(
  path: string,
  blocks: Iterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const part = `${path}.part`
  const handle = await open(part, 'w').catch((error: NodeJS.ErrnoException) => {
    throw cannotWrite(path, error)
  })
  try {
    for (const chunk of inChunks(blocks)) {
      signal.throwIfAborted()
      await handle.writeFile(chunk)
    }
    await handle.close()
    await rename(part, path)
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(part, { force: true })
    throw error
  }
}

const CHUNK_BYTES = 1 << 18

function* inChunks(blocks: Iterable<Uint8Array>): Iterable<Uint8Array> {
  let pending: Uint8Array[] = []
  let length = 0
  for (const block of blocks) {
    pending.push(block)
    length += block.length
    if (length < CHUNK_BYTES) continue
    yield Buffer.concat(pending)
    pending = []
    length = 0
  }
  if (length > 0) yield Buffer.concat(pending)
}

export function cannotWrite(path: string, error: NodeJS.ErrnoException): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_USAGE',
    `cannot write ${path}: ${error.code ?? error.message}`,
    'is there such a folder, and may you write to it?',
  )
}
