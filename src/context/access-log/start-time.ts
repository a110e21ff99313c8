/** Reads a time at a position of a text: ns since 1970, and where it ended. */
export type TimeReader = (text: string, at: number) => { ns: bigint; end: number } | null

/**
 * The reader for a START_TIME format: the specifiers of put_time, and Envoy's `%s`, `%f`, `%3f`, `%E3S`. Null where a
 * specifier is not known, or where the text cannot say which moment it is. Envoy writes UTC; `isLocal` (START_TIME_LOCAL)
 * says a moment only with `%z` or `%s`.
 */
export function timeReader(format: string, isLocal: boolean): TimeReader | null {
  if (format === '') return isLocal ? null : readIsoTime
  const read = stepsOf(format)
  if (read === null) return null
  const { steps, letters } = read
  const says = (some: string) => [...some].some((letter) => letters.includes(letter))
  const isDate = says('Y') && says('mbBh') && says('de') && says('H')
  if (!says('s') && (!isDate || (isLocal && !says('z')))) return null
  return (text, at) => readSteps(steps, text, at)
}

/** What a specifier reads into. */
interface Parts {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  /** Ns. */
  fraction: number
  /** Seconds east of UTC. */
  zone: number
  /** Seconds since 1970, where the text says just that. */
  epoch: number | null
}

/** Reads at a position into the parts; where it ended, or -1. */
type Step = (text: string, at: number, parts: Parts) => number

function digits(
  field: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second',
  count: number,
): Step {
  return (text, at, parts) => {
    parts[field] = fixedDigits(text, at, count)
    return Number.isNaN(parts[field]) ? -1 : at + count
  }
}

function fraction(count: number): Step {
  return (text, at, parts) => {
    parts.fraction = fixedDigits(text, at, count) * 10 ** (9 - count)
    return Number.isNaN(parts.fraction) ? -1 : at + count
  }
}

const anyFraction: Step = (text, at, parts) => {
  const read = readFraction(text, at)
  parts.fraction = read.ns
  return read.end
}

const epoch: Step = (text, at, parts) => {
  let end = at
  while (end < at + 10 && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++
  parts.epoch = end === at ? null : Number(text.slice(at, end))
  return end === at ? -1 : end
}

const zone: Step = (text, at, parts) => {
  const read = readZone(text, at)
  parts.zone = read?.seconds ?? 0
  return read?.end ?? -1
}

const MONTHS = [
  ...['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august'],
  ...['september', 'october', 'november', 'december'],
]
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']

/** A name in full or by its first three letters. */
function readName(text: string, at: number, names: readonly string[]): [number, end: number] {
  const here = text.slice(at, at + 10).toLowerCase()
  const index = names.findIndex((name) => here.startsWith(name.slice(0, 3)))
  const name = names[index] ?? ''
  return [index, at + (here.startsWith(name) ? name.length : 3)]
}

const month: Step = (text, at, parts) => {
  const [index, end] = readName(text, at, MONTHS)
  parts.month = index + 1
  return index < 0 ? -1 : end
}

const weekday: Step = (text, at) => {
  const [index, end] = readName(text, at, DAYS)
  return index < 0 ? -1 : end
}

const spacedDay: Step = (text, at, parts) => {
  const isOne = text[at] === ' '
  parts.day = fixedDigits(text, isOne ? at + 1 : at, isOne ? 1 : 2)
  return Number.isNaN(parts.day) ? -1 : at + 2
}

function literal(expected: string): Step {
  return (text, at) => (text.startsWith(expected, at) ? at + expected.length : -1)
}

const second = digits('second', 2)

const SPECIFIERS: Record<string, readonly Step[]> = {
  Y: [digits('year', 4)],
  m: [digits('month', 2)],
  d: [digits('day', 2)],
  e: [spacedDay],
  H: [digits('hour', 2)],
  M: [digits('minute', 2)],
  S: [second],
  b: [month],
  B: [month],
  h: [month],
  a: [weekday],
  A: [weekday],
  z: [zone],
  s: [epoch],
  f: [fraction(9)],
}

/** Specifiers that stand for several. */
const COMPOUND: Record<string, string> = { T: '%H:%M:%S', F: '%Y-%m-%d', R: '%H:%M' }
const MOST_STEPS = 200

/** The steps that read a format, and the specifiers in it. */
function stepsOf(format: string): { steps: Step[]; letters: string } | null {
  const steps: Step[] = []
  let letters = ''
  const expanded = format.replace(/%([TFR])/g, (_, letter: string) => COMPOUND[letter]!)
  for (let i = 0; i < expanded.length; i++) {
    if (steps.length > MOST_STEPS) return null
    if (expanded[i] !== '%') {
      steps.push(literal(expanded[i]!))
      continue
    }
    // %3f; %E3S and %E*S; plain letters.
    const spec = /^%(?:([1-9])f|E[0-9*]{1,2}(S)|([A-Za-z%]))/.exec(expanded.slice(i, i + 6))
    if (spec === null) return null
    const [all, count, extended, letter] = spec
    i += all.length - 1
    letters += extended ?? letter ?? ''
    if (count !== undefined) steps.push(fraction(Number(count)))
    else if (extended !== undefined) steps.push(second, anyFraction)
    else if (letter === '%') steps.push(literal('%'))
    else if (SPECIFIERS[letter!] === undefined) return null
    else steps.push(...SPECIFIERS[letter!]!)
  }
  return { steps, letters }
}

function readSteps(
  steps: readonly Step[],
  text: string,
  start: number,
): { ns: bigint; end: number } | null {
  const parts: Parts = {
    ...{ year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0 },
    ...{ fraction: 0, zone: 0, epoch: null },
  }
  let at = start
  for (const step of steps) {
    at = step(text, at, parts)
    if (at < 0) return null
  }
  const { year, month, day, hour, minute } = parts
  const seconds = parts.epoch ?? secondsOf(year, month, day, hour, minute, parts.second)
  if (seconds === null) return null
  const offset = parts.epoch === null ? parts.zone : 0
  const ns = BigInt(seconds - offset) * 1_000_000_000n + BigInt(Math.round(parts.fraction))
  return { ns, end: at }
}

/** `2016-04-15T20:17:00.310Z`, with any number of fractional digits, a zone in place of `Z`, or none (UTC). */
export function readIsoTime(text: string, at: number): { ns: bigint; end: number } | null {
  const year = fixedDigits(text, at, 4)
  const month = fixedDigits(text, at + 5, 2)
  const day = fixedDigits(text, at + 8, 2)
  const hour = fixedDigits(text, at + 11, 2)
  const minute = fixedDigits(text, at + 14, 2)
  const second = fixedDigits(text, at + 17, 2)
  const between = text[at + 10]
  const marks = text[at + 4] === '-' && text[at + 7] === '-' && text[at + 13] === ':'
  if (!marks || text[at + 16] !== ':' || (between !== 'T' && between !== ' ')) return null
  const seconds = secondsOf(year, month, day, hour, minute, second)
  if (seconds === null) return null
  const fraction = readFraction(text, at + 19)
  let end = fraction.end
  let zone = 0
  if (text[end] === 'Z' || text[end] === 'z') end++
  else {
    const read = readZone(text, end)
    if (read !== null) {
      zone = read.seconds
      end = read.end
    }
  }
  return { ns: BigInt(seconds - zone) * 1_000_000_000n + BigInt(fraction.ns), end }
}

function secondsOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | null {
  // Written so that NaN (no digits) fails every test.
  const exists = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23
  if (!exists || !(minute <= 59) || !(second <= 60) || !(year >= 1)) return null
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000
}

/** `+02:00`, `-0700`. */
function readZone(text: string, at: number): { seconds: number; end: number } | null {
  const sign = text[at] === '+' ? 1 : text[at] === '-' ? -1 : 0
  if (text[at] === 'Z') return { seconds: 0, end: at + 1 }
  if (sign === 0) return null
  const hours = fixedDigits(text, at + 1, 2)
  const minutesAt = text[at + 3] === ':' ? at + 4 : at + 3
  const minutes = fixedDigits(text, minutesAt, 2)
  if (!(hours <= 24) || !(minutes <= 59)) return null
  return { seconds: sign * (hours * 3600 + minutes * 60), end: minutesAt + 2 }
}

function readFraction(text: string, at: number): { ns: number; end: number } {
  if (text[at] !== '.' && text[at] !== ',') return { ns: 0, end: at }
  let ns = 0
  let scale = 1e8
  let end = at + 1
  for (; end < text.length && end < at + 20; end++) {
    const digit = text.charCodeAt(end) - 48
    if (digit < 0 || digit > 9) break
    ns += digit * scale
    scale = scale >= 10 ? scale / 10 : 0
  }
  return end === at + 1 ? { ns: 0, end: at } : { ns: Math.floor(ns), end }
}

/** NaN where there are not so many digits. */
function fixedDigits(text: string, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/** Seconds, milliseconds, microseconds or nanoseconds since 1970 as a number of a JSON line. */
export function epochNs(value: number): bigint | null {
  if (!Number.isFinite(value) || value <= 0) return null
  // 1e11 seconds is the year 5138; 1e11 ms is 1973.
  const scale = value < 1e11 ? 1e9 : value < 1e14 ? 1e6 : value < 1e17 ? 1e3 : 1
  if (value * scale > 1e19) return null
  return BigInt(Math.trunc(value)) * BigInt(scale) + BigInt(Math.round((value % 1) * scale))
}
