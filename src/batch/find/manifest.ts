import { readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { RstscopeError } from '../../errors.ts'
import type { Sample, SampleCaptures } from '../sample.ts'
import { captureFiles } from '../sample.ts'
import { CsvError, csvRows } from './csv-rows.ts'
import { isUrl } from './places.ts'
import { idKey, isSafeId } from './sample-id.ts'
import { bytesOf } from './unit.ts'

/** Fields of a manifest, as JSON keys and as column names. */
const FIELDS = ['id', 'client', 'upstream', 'capture', 'accessLogs', 'kubernetes'] as const
type Field = (typeof FIELDS)[number]

/** Other ways to write them, as CSV does. */
const ALIASES: ReadonlyMap<string, Field> = new Map(
  ['access-logs', 'access-log', 'access_logs', 'access_log', 'accesslogs', 'accesslog'].map(
    (name) => [name, 'accessLogs'],
  ),
)

const MOST_BYTES = 256 * 2 ** 20
const MOST_ID_CHARACTERS = 1000
const MOST_FILES = 100_000

/** A row or object, and how it is called in messages: "line 3", "object 2". */
interface Entry {
  where: string
  fields: Partial<Record<Field, string[]>>
}

/**
 * The samples that a manifest lists: JSON, an array of objects, or CSV with a line of column names. Paths are relative to
 * its folder. Throws a `RstscopeError` that names line and field of what is wrong.
 */
export async function readManifest(path: string): Promise<Sample[]> {
  const text = await readText(path)
  const fail = (where: string, what: string, hint: string | null = null): never => {
    throw new RstscopeError('RSTSCOPE_USAGE', `manifest ${path}, ${where}: ${what}`, hint)
  }
  const entries = /^\s*[[{]/.test(text) ? jsonEntries(text, fail) : csvEntries(text, fail)
  if (entries.length === 0) fail('line 1', 'it lists no sample')
  const seen = new Map<string, string>()
  const samples: Sample[] = []
  for (const entry of entries) {
    const sample = sampleOf(entry, path, fail)
    const before = seen.get(idKey(sample.id))
    if (before !== undefined) {
      fail(entry.where, `id ${JSON.stringify(sample.id)} is that of ${before} already`)
    }
    seen.set(idKey(sample.id), entry.where)
    sample.bytes = bytesOf(await sizes(captureFiles(sample)))
    samples.push(sample)
  }
  return samples
}

type Fail = (where: string, what: string, hint?: string | null) => never

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES / 2 ** 20} MiB`)
    // A byte order mark is what spreadsheets put before UTF-8.
    return (await readFile(path, 'utf8')).replace(/^\ufeff/, '')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const what = code === 'ENOENT' ? 'no such file' : message
    throw new RstscopeError('RSTSCOPE_UNREADABLE', `cannot read manifest ${path}: ${what}`, null, {
      cause: error,
    })
  }
}

function fieldOf(name: string): Field | undefined {
  const trimmed = name.trim()
  return FIELDS.find((field) => field === trimmed) ?? ALIASES.get(trimmed.toLowerCase())
}

const KNOWN_FIELDS = `the fields are ${FIELDS.join(', ')}`

function jsonEntries(text: string, fail: Fail): Entry[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    return fail('JSON', (error as Error).message)
  }
  if (!Array.isArray(parsed)) return fail('JSON', 'it is no array of objects')
  return parsed.map((item: unknown, i): Entry => {
    const where = `object ${i + 1}`
    if (item === null || typeof item !== 'object' || Array.isArray(item)) {
      return fail(where, 'it is no object')
    }
    const fields: Entry['fields'] = {}
    for (const [name, value] of Object.entries(item)) {
      const field = fieldOf(name)
      if (field === undefined)
        return fail(where, `unknown field ${JSON.stringify(name)}`, KNOWN_FIELDS)
      if (fields[field] !== undefined) return fail(where, `${field} is in it twice`)
      const values: unknown[] = Array.isArray(value) ? value : value === null ? [] : [value]
      if (!values.every((one): one is string => typeof one === 'string')) {
        return fail(where, `${field} is neither a text nor an array of texts`)
      }
      fields[field] = values
    }
    return { where, fields }
  })
}

function csvEntries(text: string, fail: Fail): Entry[] {
  const entries: Entry[] = []
  let columns: Field[] | null = null
  try {
    for (const { line, fields } of csvRows(text)) {
      const where = `line ${line}`
      if (columns === null) {
        columns = readColumns(fields, where, fail)
        continue
      }
      if (fields.length !== columns.length) {
        fail(where, `${fields.length} fields, but there are ${columns.length} columns`)
      }
      const entry: Entry = { where, fields: {} }
      for (const [i, column] of columns.entries()) {
        const value = fields[i]!.trim()
        entry.fields[column] = column === 'id' ? [value] : value.split(';').map((one) => one.trim())
      }
      entries.push(entry)
    }
  } catch (error) {
    if (error instanceof CsvError) fail(`line ${error.line}`, error.message)
    throw error
  }
  return entries
}

function readColumns(names: readonly string[], where: string, fail: Fail): Field[] {
  const columns = names.map((name, i) => {
    const field = fieldOf(name)
    return field ?? fail(where, `unknown column ${i + 1}, ${JSON.stringify(name)}`, KNOWN_FIELDS)
  })
  const twice = columns.find((column, i) => columns.indexOf(column) !== i)
  return twice === undefined ? columns : fail(where, `column ${twice} is in it twice`)
}

function sampleOf({ where, fields }: Entry, path: string, fail: Fail): Sample {
  const paths = (field: Field): string[] => {
    const values = (fields[field] ?? []).filter((value) => value !== '')
    if (values.length > MOST_FILES) fail(where, `${field} names more than ${MOST_FILES} files`)
    if (values.some((value) => value.includes('\0'))) fail(where, `${field} holds a zero byte`)
    return values.map((value) =>
      isUrl(value) || isAbsolute(value) ? value : join(dirname(path), value),
    )
  }
  return {
    id: idOf(fields.id, where, fail),
    captures: capturesOf(paths, where, fail),
    accessLogs: paths('accessLogs'),
    kubernetes: paths('kubernetes'),
    bytes: null,
    basis: `${where} of ${path}`,
  }
}

function idOf(values: string[] | undefined, where: string, fail: Fail): string {
  const [id, second] = values ?? []
  if (id === undefined || id === '') return fail(where, 'id is missing')
  if (second !== undefined) return fail(where, 'id is more than one text')
  if (id.length <= MOST_ID_CHARACTERS && isSafeId(id)) return id
  const shown = JSON.stringify(id.slice(0, 80))
  return fail(
    where,
    `id ${shown} cannot be the name of a report`,
    'names between / are letters, digits, spaces and . _ - + = @ , ~ # ( ), not . or .. and not empty',
  )
}

function capturesOf(paths: (field: Field) => string[], where: string, fail: Fail): SampleCaptures {
  const [client, upstream, capture] = [paths('client'), paths('upstream'), paths('capture')]
  const hasSide = client.length + upstream.length > 0
  if (hasSide && capture.length > 0) {
    return fail(where, 'either client and upstream, or capture: not both')
  }
  if (capture.length > 0) return { capture }
  if (client.length > 0 && upstream.length > 0) return { client, upstream }
  const missing = client.length > 0 ? 'upstream' : 'client'
  return fail(
    where,
    hasSide ? `${missing} is missing` : 'no capture is named',
    'a capture of one side alone is named in the field capture',
  )
}

async function sizes(paths: readonly string[]): Promise<{ bytes: number | null }[]> {
  return Promise.all(
    paths.map(async (path) => {
      if (isUrl(path)) return { bytes: null }
      // What cannot be read fails with its reason when it is its turn.
      const stats = await stat(path).catch(() => null)
      return { bytes: stats?.isFile() ? stats.size : null }
    }),
  )
}
