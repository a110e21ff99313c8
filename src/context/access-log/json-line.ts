import { RstscopeError } from '../../errors.ts'
import { type Field, type Fields, fieldOfKey } from './fields.ts'
import { compileFormat, type LineFormat } from './line-format.ts'
import { epochNs } from './start-time.ts'

type Json = Record<string, unknown>

/** A text as a JSON object; null where it is none. */
export function parseObject(text: string): Json | null {
  if (!text.startsWith('{')) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  return isObject(value) ? value : null
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const MOST_DEPTH = 4
const MOST_KEYS = 500

/** The leaves of an object with their path of keys, within bounds. */
function* leavesOf(object: Json): Iterable<[path: string[], value: unknown]> {
  const waiting: [path: string[], value: Json][] = [[[], object]]
  let keys = 0
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [path, at] = next
    for (const [key, value] of Object.entries(at)) {
      if (++keys > MOST_KEYS) return
      if (!isObject(value)) yield [[...path, key], value]
      else if (path.length < MOST_DEPTH) waiting.push([[...path, key], value])
    }
  }
}

/**
 * The fields of a JSON line by its keys: those of Istio and Envoy Gateway, in any spelling. Null where it has neither
 * code nor flags, or no address: it is no access log line.
 */
export function fieldsByKeys(object: Json): Fields | null {
  const fields: Fields = {}
  for (const [path, value] of leavesOf(object)) {
    const field = fieldOfKey(path.at(-1)!)
    if (field === null || fields[field] !== undefined) continue
    const text = textOf(value)
    if (text === null) continue
    fields[field] = text
    if (field === 'startTime' && typeof value === 'number') setStart(fields, epochNs(value))
  }
  const hasResult = fields.code !== undefined || fields.flags !== undefined
  return hasResult && ADDRESSES.some((field) => fields[field] !== undefined) ? fields : null
}

const ADDRESSES: readonly Field[] = [
  'upstreamHost',
  'upstreamRemote',
  'upstreamLocal',
  'downstreamRemote',
  'downstreamLocal',
  'downstreamDirectRemote',
]

function setStart(fields: Fields, ns: bigint | null): void {
  if (ns !== null) fields.startNs = ns
}

/** Values are strings, in typed_json_format also numbers; unset ones are "-" or null. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  // %RESPONSE_FLAGS% as a list, as some exporters write it.
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    return value.length === 0 ? '-' : value.join(',')
  }
  return value === null ? '-' : null
}

/** A json_format: which key holds which operators. */
export interface JsonFormat {
  match(object: Json): Fields | null
  fields: ReadonlySet<Field>
  warnings: string[]
}

/** Compiles a format that is a JSON object with command operators as its values; null for one that is no object. */
export function compileJsonFormat(format: string): JsonFormat | null {
  const object = parseObject(format.trim())
  if (object === null) return null
  const leaves: { path: string[]; format: LineFormat }[] = []
  for (const [path, value] of leavesOf(object)) {
    if (typeof value === 'string' && value.includes('%')) {
      leaves.push({ path, format: compileFormat(value) })
    }
  }
  if (leaves.length === 0) {
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      'the access log format cannot be used: it has no command operator such as %START_TIME%',
    )
  }
  return {
    match: (line) => matchLeaves(line, leaves),
    fields: new Set(leaves.flatMap((leaf) => [...leaf.format.fields])),
    warnings: leaves.flatMap((leaf) => leaf.format.warnings),
  }
}

/** Null where not one of the keys is there. */
function matchLeaves(
  line: Json,
  leaves: readonly { path: string[]; format: LineFormat }[],
): Fields | null {
  let found: Fields | null = null
  for (const { path, format } of leaves) {
    const text = textOf(valueAt(line, path))
    const fields = text === null || text === '-' ? null : format.match(text)
    if (fields !== null) found = { ...fields, ...(found ?? {}) }
  }
  return found
}

function valueAt(object: Json, path: readonly string[]): unknown {
  let value: unknown = object
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}
