import { HeldBytes } from '../../../native-free-decoders/application/held-bytes.ts'
import { HeldText } from '../../../native-free-decoders/application/printable.ts'
import { RequestMarks } from '../../../native-free-decoders/application/request-marks.ts'
import { ClientFlight } from '../../../native-free-decoders/application/tls-client-flight.ts'
import { TlsRecords } from '../../../native-free-decoders/application/tls-records.ts'

/** What is given at construction, and memory that waits for its next use. */
const GIVEN = new Set(['parts', 'isRequests', 'limit'])
const SPARE = new Set(['recordsA', 'recordsB'])

/** The moments of a session are its own; it lends them to its parts. */
function isGiven(owner: object, name: string): boolean {
  const isPart = owner instanceof TlsRecords || owner instanceof ClientFlight
  return GIVEN.has(name) || (isPart && (name === 'moments' || name === 'direction'))
}

/** All fields of a walker or of a part of one, private ones too; of memory that is used again only what is in use. */
export function stateOf(value: unknown): unknown {
  if (value instanceof HeldBytes) {
    return { length: value.length, bytes: [...value.bytes.subarray(0, value.kept)] }
  }
  if (value instanceof HeldText) {
    return value.text
  }
  if (value instanceof RequestMarks) {
    return { marks: value.list(), isPlain: value.isPlain }
  }
  if (value instanceof Uint8Array) return [...value]
  if (Array.isArray(value)) return value.map(stateOf)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([name]) => !SPARE.has(name) && !isGiven(value, name))
  return Object.fromEntries(fields.map(([name, field]) => [name, stateOf(field)]))
}

/** Sets every field to something that it should not be. */
export function poison(part: object): void {
  const fields = part as Record<string, unknown>
  for (const [name, value] of Object.entries(fields)) {
    if (isGiven(part, name)) continue
    if (typeof value === 'number') fields[name] = 77
    else if (typeof value === 'boolean') fields[name] = !value
    else if (typeof value === 'string') fields[name] = 'poison'
    else if (value === null) fields[name] = {}
    else if (value instanceof Uint8Array || value instanceof Float64Array) value.fill(77)
    else poison(value as object)
  }
}
