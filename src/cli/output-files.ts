import { open, realpath, rm, stat } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { RstscopeError } from '../errors.ts'
import { extensionList, type Format, formatByExtension } from './formats.ts'
import { chunks } from './write-text.ts'

/** A file of `--out`, open and unchanged until its content is known. */
export interface OutputFile {
  path: string
  format: Format
  write(pieces: Iterable<string>, signal: AbortSignal): Promise<void>
  /** Leaves no empty file behind where none was before. */
  discard(): Promise<void>
}

/** Opens every `--out` file before captures are read, so that a bad path fails at once; `-` is left out. */
export async function openOutputs(paths: string[], captures: string[]): Promise<OutputFile[]> {
  const files: OutputFile[] = []
  const named = [...new Set(paths.filter((path) => path !== '-').map((path) => resolve(path)))]
  const formats = named.map(formatOf)
  try {
    for (const [i, path] of named.entries()) {
      await refuseCapture(path, captures)
      files.push(await openOutput(path, formats[i]!))
    }
  } catch (error) {
    await Promise.all(files.map((file) => file.discard()))
    throw error
  }
  return files
}

function formatOf(path: string): Format {
  const format = formatByExtension(extname(path))
  if (format !== null) return format
  throw new RstscopeError(
    'RSTSCOPE_USAGE',
    `--out ${path}: the format is told by the extension, and this one is unknown`,
    `name the file ${extensionList()}, or .pcapng for the packets`,
  )
}

/** Whatever is named twice, no input may be written over. */
export async function refuseCapture(path: string, captures: string[]): Promise<void> {
  const real = await realpath(path).catch(() => path)
  for (const capture of captures) {
    if (capture !== '-' && (await realpath(capture).catch(() => resolve(capture))) === real) {
      throw new RstscopeError(
        'RSTSCOPE_USAGE',
        `--out ${path} is one of the inputs`,
        'choose another file name',
      )
    }
  }
}

async function openOutput(path: string, format: Format): Promise<OutputFile> {
  const existed = await stat(path).then(
    () => true,
    () => false,
  )
  // Opened for appending: an older report stays as it is until the new one is ready.
  const handle = await open(path, 'a').catch((error: NodeJS.ErrnoException) => {
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      `cannot write ${path}: ${error.code ?? error.message}`,
      'is there such a folder, and may you write to it?',
    )
  })
  return {
    path,
    format,
    async write(pieces, signal) {
      const { isFile } = await handle.stat().then((found) => ({ isFile: found.isFile() }))
      if (isFile) await handle.truncate(0)
      for (const chunk of chunks(pieces)) {
        signal.throwIfAborted()
        await handle.writeFile(chunk)
      }
      await handle.close()
    },
    async discard() {
      await handle.close().catch(() => {})
      if (!existed) await rm(path, { force: true })
    },
  }
}
