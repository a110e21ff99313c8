import { RstscopeError } from '../errors.ts'
import { SAMPLE_ROW_SCHEMA, type SampleRow } from './sample-row.ts'

type Check = (value: unknown, at: string) => void
type Fields = Record<string, Check>

const SCHEMA_FAMILY = SAMPLE_ROW_SCHEMA.slice(0, SAMPLE_ROW_SCHEMA.indexOf('/') + 1)
const HINT = 'index.ndjson in the folder of the results is what rstscope batch wrote of each sample'

/** A line of an `index.ndjson`, checked field by field; those of later versions stay. `where`: `old.ndjson:12`. */
export function parseRow(line: string, where: string): SampleRow {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw notARow(where, 'not JSON, or cut off', cause)
  }
  try {
    checkSchema(value)
    checkRow(value, '')
  } catch (cause) {
    if (cause instanceof Mismatch) throw notARow(where, cause.message, cause)
    throw cause
  }
  return value as SampleRow
}

function notARow(where: string, what: string, cause: unknown): RstscopeError {
  const hint = cause instanceof Mismatch && cause.hint !== null ? cause.hint : HINT
  return new RstscopeError(
    'RSTSCOPE_NOT_A_REPORT',
    `${where}: no sample of a batch: ${what}`,
    hint,
    { cause },
  )
}

class Mismatch extends Error {
  readonly hint: string | null

  constructor(message: string, hint: string | null = null) {
    super(message)
    this.hint = hint
  }
}

function checkSchema(value: unknown): void {
  const schema = isObject(value) ? value.schema : undefined
  if (schema === SAMPLE_ROW_SCHEMA) return
  if (typeof schema === 'string' && schema.startsWith(SCHEMA_FAMILY)) {
    throw new Mismatch(
      `its schema is ${JSON.stringify(schema.slice(0, 60))}, and this version knows ${SAMPLE_ROW_SCHEMA} only`,
      'run the batch again with this version, or compare with the version that wrote it',
    )
  }
  throw new Mismatch(`it does not name the schema ${SAMPLE_ROW_SCHEMA}`)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function check(what: string, holds: (value: unknown) => boolean): Check {
  return (value, at) => {
    if (!holds(value)) throw new Mismatch(`${at || 'the line'} is not ${what}`)
  }
}

const text = check('a text', (value) => typeof value === 'string')
const count = check('a count', (value) => Number.isSafeInteger(value) && (value as number) >= 0)
const number = check('a number', (value) => Number.isFinite(value))
const object = check('an object', isObject)
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/
const time = check(
  'a time with nine fractional digits',
  (value) =>
    typeof value === 'string' &&
    TIME.test(value) &&
    !Number.isNaN(Date.parse(`${value.slice(0, 19)}Z`)),
)

function oneOf(...values: string[]): Check {
  return check(`one of ${values.join(', ')}`, (value) => values.includes(value as string))
}

function orNull(inner: Check): Check {
  return (value, at) => {
    if (value !== null) inner(value, at)
  }
}

function listOf(inner: Check): Check {
  return (value, at) => {
    if (!Array.isArray(value)) throw new Mismatch(`${at} is not a list`)
    value.forEach((item, i) => {
      inner(item, `${at}[${i}]`)
    })
  }
}

function fields(inner: Fields): Check {
  return (value, at) => {
    object(value, at)
    for (const [name, one] of Object.entries(inner)) {
      one((value as Record<string, unknown>)[name], at === '' ? name : `${at}.${name}`)
    }
  }
}

const countsByName: Check = (value, at) => {
  object(value, at)
  for (const [name, item] of Object.entries(value as object)) {
    count(item, `${at}.${name.slice(0, 60)}`)
  }
}

const severity = oneOf('error', 'warning', 'info')
const by = orNull(oneOf('client', 'upstream', 'between', 'proxy', 'undetermined'))
const confidence = oneOf('certain', 'probable', 'unclear')
const texts = listOf(text)

const captures: Check = (value, at) => {
  object(value, at)
  if ('capture' in (value as object)) fields({ capture: texts })(value, at)
  else fields({ client: texts, upstream: texts })(value, at)
}

const end = fields({
  connection: count,
  key: text,
  endedAt: time,
  by,
  idleSeconds: orNull(number),
})
const finding = fields({
  code: text,
  severity,
  title: text,
  by,
  upstream: orNull(text),
  service: orNull(text),
  count,
  firstAt: orNull(time),
  lastAt: orNull(time),
  ends: listOf(end),
})
const summary = fields({
  connections: count,
  matched: count,
  benign: count,
  byTermination: countsByName,
  byFirstReset: fields({ upstream: count, client: count, between: count, undetermined: count }),
  byCause: countsByName,
})
const checkRow = fields({
  tool: fields({ name: oneOf('rstscope'), version: text }),
  sample: text,
  key: text,
  status: oneOf('done', 'partly', 'failed'),
  error: orNull(fields({ code: text, message: text, hint: orNull(text) })),
  level: orNull(severity),
  inputs: fields({ captures, accessLogs: texts, kubernetes: texts, basis: text }),
  reports: texts,
  bytes: orNull(count),
  packets: count,
  firstPacketAt: orNull(time),
  lastPacketAt: orNull(time),
  verdict: orNull(
    fields({
      by,
      confidence,
      headline: text,
      cause: orNull(fields({ id: text, confidence, headline: text })),
      count,
    }),
  ),
  summary: orNull(summary),
  findings: listOf(finding),
  limits: texts,
  warnings: texts,
})
