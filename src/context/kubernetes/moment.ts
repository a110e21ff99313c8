/** A time that an object of the lists names. What happened lies in `[ns, ns + resolutionNs)`. */
export interface Moment {
  /** Since 1970, as a double: exact to some 250 ns, which no clock of a cluster is. */
  ns: number
  resolutionNs: number
}

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d{0,9})?(Z|[+-]\d\d:\d\d)$/

/** A `metav1.Time` (whole seconds) or `MicroTime`; null for anything else. */
export function momentOf(text: string): Moment | null {
  const parts = RFC_3339.exec(text)
  const milliseconds = parts === null ? Number.NaN : Date.parse(`${parts[1]}${parts[3]}`)
  if (parts === null || !Number.isFinite(milliseconds)) return null
  if (milliseconds < FIRST_MS || milliseconds > LAST_MS) return null
  const digits = parts[2] ?? ''
  return {
    ns: milliseconds * 1e6 + Number(digits.padEnd(9, '0')),
    resolutionNs: 10 ** (9 - digits.length),
  }
}

/** What RFC 3339 can write. */
const FIRST_MS = Date.UTC(1, 0, 1)
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59)

export function isBefore(a: Moment, b: Moment): boolean {
  return a.ns < b.ns
}

/** The later of two, either of which may be missing. */
export function laterOf(a: Moment | null, b: Moment | null): Moment | null {
  if (a === null || b === null) return a ?? b
  return isBefore(a, b) ? b : a
}

/** For fields of the report: UTC with nine fractional digits, of which a double holds six. */
export function reportTime(ns: number): string {
  const microseconds = Math.round(ns / 1000)
  const seconds = Math.floor(microseconds / 1e6)
  const fraction = String(microseconds - seconds * 1e6).padStart(6, '0')
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}000Z`
}

const HALF_DAY_NS = 43_200e9

/** For sentences about something near `near`: `15:11:44Z`, with its date where that is not near at all. */
export function clockText({ ns, resolutionNs }: Moment, near: number): string {
  const text = reportTime(ns)
  const digits = resolutionNs >= 1e9 ? 0 : 3
  const time = text.slice(11, digits === 0 ? 19 : 20 + digits)
  return Math.abs(ns - near) < HALF_DAY_NS ? `${time}Z` : `${text.slice(0, 10)}T${time}Z`
}

/** A stretch of time, ns since 1970. */
export interface Span {
  from: number
  to: number
}

/** How long `moment` lies before (negative) or after (positive) a stretch; 0 within it, its own resolution allowed for. */
export function apartNs({ ns, resolutionNs }: Moment, { from, to }: Span): number {
  if (ns + resolutionNs <= from) return ns + resolutionNs - from
  return ns > to ? ns - to : 0
}

/** `in the same second`, `1.3 s before the end`, `during the silence`. */
export function apartText(moment: Moment, span: Span, what: string): string {
  const apart = apartNs(moment, span)
  if (apart === 0 && span.to - span.from > 1e9) return `during ${what}`
  if (apart === 0) return moment.resolutionNs >= 1e9 ? 'in the same second' : 'at that moment'
  return `${secondsText(Math.abs(apart))} ${apart < 0 ? 'before' : 'after'} ${what}`
}

export function secondsText(ns: number): string {
  const seconds = ns / 1e9
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 120) return `${whole} s`
  if (whole < 7200) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
