import { RstscopeError } from '../../errors.ts'
import { type Field, type Fields, meaningOf, type ValueKind } from './fields.ts'
import { parseFlags } from './response-flags.ts'
import { type TimeReader, timeReader } from './start-time.ts'

/** One format of text lines, compiled. */
export interface LineFormat {
  /** The fields of a line; null for one that cannot have been written in this format. Takes time linear in its length. */
  match(text: string): Fields | null
  /** Which fields the format has. */
  fields: ReadonlySet<Field>
  /** What of the format cannot be used, for people. */
  warnings: string[]
}

interface Slot {
  field: Field | null
  kind: ValueKind
  time: TimeReader | null
  /** The text behind it, up to the next slot. */
  after: string
}

const MOST_FORMAT_CHARACTERS = 16_384

/**
 * Compiles a format of Envoy's command operators (`%REQ(X?Y):Z%`, `%START_TIME(…)%`; unknown ones are opaque). Throws a
 * usage error for one that Envoy would refuse, too.
 */
export function compileFormat(format: string): LineFormat {
  const warnings: string[] = []
  const { before, slots } = slotsOf(trimmed(format), warnings)
  if (slots.length === 0) throw badFormat('it has no command operator such as %START_TIME%')
  const lastWild = Math.max(
    0,
    slots.findLastIndex((slot) => slot.kind === 'text'),
  )
  return {
    match: (text) =>
      matchSlots(text, before, slots, lastWild) ??
      (lastWild < slots.length - 1 ? matchSlots(text, before, slots, slots.length - 1) : null),
    fields: new Set(slots.flatMap(({ field }) => field ?? [])),
    warnings,
  }
}

/** Without the line end that formats carry, as such or written out as in YAML. */
function trimmed(format: string): string {
  if (format.length > MOST_FORMAT_CHARACTERS) throw badFormat('it is too long')
  return format.replace(/(?:\\n|\n|\r)+$/, '')
}

function badFormat(why: string): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_USAGE',
    `the access log format cannot be used: ${why}`,
    'give the text of accessLogFormat as it stands in the mesh configuration',
  )
}

function slotsOf(format: string, warnings: string[]): { before: string; slots: Slot[] } {
  const slots: Slot[] = []
  let literal = ''
  let before = ''
  let at = 0
  const endLiteral = () => {
    const last = slots.at(-1)
    if (last === undefined) before = literal
    else last.after = literal
    literal = ''
  }
  while (at < format.length) {
    if (format[at] !== '%') {
      literal += format[at++]
    } else if (format[at + 1] === '%') {
      literal += '%'
      at += 2
    } else {
      const operator = operatorAt(format, at)
      const isAdjacent = literal === '' && slots.length > 0
      endLiteral()
      const slot = slotOf(operator, warnings)
      if (isAdjacent) mergeSlots(slots.at(-1)!, operator.name, warnings)
      else slots.push(slot)
      at = operator.end
    }
  }
  endLiteral()
  return { before, slots }
}

interface Operator {
  name: string
  argument: string
  end: number
}

function operatorAt(format: string, at: number): Operator {
  const head = /^%([A-Z][A-Z0-9_]*)/.exec(format.slice(at, at + 100))
  if (head === null) throw badFormat(`character ${at + 1} begins no command operator`)
  const name = head[1]!
  let end = at + head[0].length
  let argument = ''
  if (format[end] === '(') {
    const close = closingAt(format, end)
    argument = format.slice(end + 1, close)
    end = close + 1
  }
  // :Z cuts the value after Z characters.
  const length = /^:\d{1,9}/.exec(format.slice(end, end + 10))
  if (length !== null) end += length[0].length
  if (format[end] !== '%') throw badFormat(`%${name} at character ${at + 1} is not closed`)
  return { name, argument, end: end + 1 }
}

/** The parenthesis that a `%` or `:Z%` follows: those in a time format do not count. */
function closingAt(format: string, open: number): number {
  for (let at = format.indexOf(')', open); at >= 0; at = format.indexOf(')', at + 1)) {
    if (/^\)(?::\d{1,9})?%/.test(format.slice(at, at + 12))) return at
  }
  throw badFormat(`the parenthesis at character ${open + 1} is not closed`)
}

function slotOf({ name, argument }: Operator, warnings: string[]): Slot {
  const { field, kind } = meaningOf(name, argument)
  if (field !== 'startTime') return { field, kind, time: null, after: '' }
  const time = timeReader(argument, name === 'START_TIME_LOCAL')
  if (time === null) {
    warnings.push(`%${name}(${argument})% does not tell which moment it is: lines have no time`)
    return { field: null, kind: 'text', time: null, after: '' }
  }
  return { field, kind: 'text', time, after: '' }
}

/** Where no text stands between two operators, nobody can tell where the first one ends. */
function mergeSlots(slot: Slot, name: string, warnings: string[]): void {
  warnings.push(`nothing stands between %${name}% and the operator before it: neither can be read`)
  slot.field = null
  slot.kind = 'text'
  slot.time = null
}

/**
 * Reads values from the left, each up to the text that follows its slot, and from the right those behind slot
 * `lastLeft`: what a client may write (paths, user agents) stands between them and cannot shift the addresses behind it.
 */
function matchSlots(
  text: string,
  before: string,
  slots: readonly Slot[],
  lastLeft: number,
): Fields | null {
  if (!text.startsWith(before)) return null
  const fields: Fields = {}
  let end = text.length
  for (let i = slots.length - 1; i > lastLeft; i--) {
    end -= slots[i]!.after.length
    const ahead = slots[i - 1]!.after
    if (end < 0 || !text.startsWith(slots[i]!.after, end)) return null
    const start = text.lastIndexOf(ahead, end - ahead.length)
    if (end < ahead.length || start < 0) return null
    if (!take(slots[i]!, text, start + ahead.length, end, fields)) return null
    end = start + ahead.length
  }
  let at = before.length
  for (let i = 0; i <= lastLeft; i++) {
    const slot = slots[i]!
    let stop: number
    if (slot.time !== null) {
      const read = slot.time(text, at)
      if (read === null || !text.startsWith(slot.after, read.end)) return null
      fields.startNs = read.ns
      stop = read.end
    } else if (i === lastLeft) {
      stop = end - slot.after.length
      if (stop < at || !text.startsWith(slot.after, stop)) return null
    } else {
      stop = text.indexOf(slot.after, at)
      if (stop < 0) return null
    }
    if (!take(slot, text, at, stop, fields)) return null
    at = stop + slot.after.length
    if (at > end) return null
  }
  return at === end ? fields : null
}

function take(
  { field, kind }: Slot,
  text: string,
  from: number,
  to: number,
  fields: Fields,
): boolean {
  if (!fits(kind, text, from, to)) return false
  if (field === null) return true
  // Of two operators for the same field the one that says something counts.
  const known = fields[field]
  if (known === undefined || known === '-' || known === '') fields[field] = text.slice(from, to)
  return true
}

function fits(kind: ValueKind, text: string, from: number, to: number): boolean {
  switch (kind) {
    case 'integer':
      return isInteger(text, from, to)
    case 'flags':
      return parseFlags(text.slice(from, to)) !== null
    case 'token':
      return !hasSpace(text, from, to)
    case 'text':
      return true
  }
}

const MOST_DIGITS = 19

/** A whole number, or nothing: `-`, or an empty text where empty values are left out. */
function isInteger(text: string, from: number, to: number): boolean {
  if (to - from === 1 && text[from] === '-') return true
  if (to - from > MOST_DIGITS) return false
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i)
    if (code < 48 || code > 57) return false
  }
  return true
}

function hasSpace(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i)
    if (code === 32 || code === 9) return true
  }
  return false
}

/** Envoy's default (access log usage.rst). */
export const ENVOY_DEFAULT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" ' +
  '%RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% ' +
  '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"'

/** Istio's text format since 1.9 (pilot/pkg/model/telemetry_logging.go). */
export const ISTIO_TEXT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" ' +
  '%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% ' +
  '%CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" ' +
  '%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% ' +
  '"%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" ' +
  '"%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%'
