import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { RstscopeError } from '../../errors.ts'
import type { Cluster } from '../../model/cluster.ts'
import { makeCluster } from './cluster.ts'
import { jsonDocuments } from './json-documents.ts'
import { Problems } from './problems.ts'
import { ObjectCollector } from './read-objects.ts'

/** A file, a folder of files, the bytes of a file, or an object as `JSON.parse` makes it. */
export type KubernetesInput = string | Uint8Array | object

/** Of one file, decompressed: what fits a string of JavaScript twice over. */
const MOST_BYTES = 256 * 2 ** 20
const MOST_FILES = 10_000
/** `kubectl cluster-info dump` has a folder for each namespace. */
const DEEPEST_FOLDER = 4

/** Reads the lists and makes a cluster of them. Rejects with a `RstscopeError` for what cannot be read at all. */
export async function openLists(
  inputs: readonly KubernetesInput[],
  signal?: AbortSignal,
): Promise<Cluster> {
  const problems = new Problems()
  const objects = new ObjectCollector(problems)
  for (const input of inputs) {
    if (typeof input === 'string') {
      for (const path of await filesOf(input, problems)) {
        if (signal?.aborted) throw interrupted(signal)
        addText(await readText(await readFile(path, path), path), path, objects, problems)
      }
    } else if (input instanceof Uint8Array) {
      addText(await readText(bounded(input, '(bytes)'), '(bytes)'), '(bytes)', objects, problems)
    } else {
      objects.add(input)
    }
  }
  return makeCluster(objects.result(), problems.all())
}

function addText(text: string, label: string, into: ObjectCollector, problems: Problems): void {
  for (const document of jsonDocuments(text, label, problems)) into.add(document)
}

/** The files to read, in the order of their names. */
async function filesOf(path: string, problems: Problems): Promise<string[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  if (!found.isDirectory()) return [path]
  const files: string[] = []
  await walk(path, 0, files, problems)
  return files
}

async function walk(
  folder: string,
  depth: number,
  files: string[],
  problems: Problems,
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(folder, error)
  })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && depth < DEEPEST_FOLDER) {
      await walk(path, depth + 1, files, problems)
    } else if (
      entry.isFile() &&
      /\.json(?:\.gz)?$/i.test(entry.name) &&
      files.length < MOST_FILES
    ) {
      files.push(path)
    } else {
      problems.note('skipped-file', `${path} was not read: of a folder .json and .json.gz are`)
    }
  }
}

async function readFile(path: string, label: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of createReadStream(path)) {
      chunks.push(chunk as Uint8Array)
      length += (chunk as Uint8Array).length
      if (length > MOST_BYTES) throw tooLarge(label)
    }
  } catch (error) {
    throw unreadable(path, error)
  }
  return Buffer.concat(chunks, length)
}

function bounded(bytes: Uint8Array, label: string): Uint8Array {
  if (bytes.length > MOST_BYTES) throw tooLarge(label)
  return bytes
}

async function readText(bytes: Uint8Array, label: string): Promise<string> {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return decoded(await unzipped(bytes, label))
  return decoded(bytes)
}

async function unzipped(bytes: Uint8Array, label: string): Promise<Uint8Array> {
  const { gunzipSync } = await import('node:zlib')
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_BYTES })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(label)
    throw new RstscopeError('RSTSCOPE_UNREADABLE', `cannot read ${label}: damaged gzip`, null, {
      cause: error,
    })
  }
}

/** UTF-8; or UTF-16, as PowerShell's `>` writes. */
function decoded(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes)
}

function interrupted(signal: AbortSignal): RstscopeError {
  return new RstscopeError('RSTSCOPE_INTERRUPTED', 'interrupted', null, { cause: signal.reason })
}

function tooLarge(label: string): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_UNREADABLE',
    `cannot read ${label}: larger than ${MOST_BYTES / 2 ** 20} MiB`,
    'ask kubectl for one namespace (-n NAMESPACE) or one kind at a time; several files may be given',
  )
}

function unreadable(path: string, error: unknown): RstscopeError {
  if (error instanceof RstscopeError) return error
  const { code, message } = error as NodeJS.ErrnoException
  const what = code === 'ENOENT' ? 'no such file or folder' : message
  return new RstscopeError('RSTSCOPE_UNREADABLE', `cannot read ${path}: ${what}`, null, {
    cause: error,
  })
}
