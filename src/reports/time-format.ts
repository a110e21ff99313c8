/** How absolute times are shown. `relative`: seconds after the first packet of the capture that the time is from. */
export type TimeMode = 'utc' | 'local' | 'relative'

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z$/

/** Nanoseconds since 1970 of a report's time; null where the text is no such time. */
export function parseTime(text: string): bigint | null {
  const parts = RFC_3339.exec(text)
  if (!parts) return null
  const milliseconds = Date.parse(`${parts[1]}Z`)
  return Number.isNaN(milliseconds) ? null : BigInt(milliseconds) * 1_000_000n + BigInt(parts[2]!)
}

/** Seconds from `from` to `to`, exact to the nanosecond for spans below 100 days; null without both. */
export function secondsBetween(from: string | null, to: string | null): number | null {
  const start = from === null ? null : parseTime(from)
  const end = to === null ? null : parseTime(to)
  return start === null || end === null ? null : Number(end - start) / 1e9
}

/** A report's time for reading, with microseconds. */
export function formatTime(text: string, mode: TimeMode, firstPacketAt: string | null): string {
  const parts = RFC_3339.exec(text)
  if (!parts) return text
  if (mode === 'relative') {
    const seconds = secondsBetween(firstPacketAt, text)
    if (seconds !== null) return `${seconds < 0 ? '-' : '+'}${Math.abs(seconds).toFixed(6)} s`
  }
  const microseconds = parts[2]!.slice(0, 6)
  return mode === 'local' ? localTime(parts[1]!, microseconds) : `${parts[1]}.${microseconds}Z`
}

function localTime(utcSeconds: string, microseconds: string): string {
  const date = new Date(`${utcSeconds}Z`)
  const minutes = -date.getTimezoneOffset()
  const shifted = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -5)
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const zone = `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`
  return `${shifted}.${microseconds}${zone}`
}

/** A span for reading, in the unit that suits it: `0.21 ms`, `60.002 s`, `2 h 0 min 0.500 s`. */
export function formatSeconds(seconds: number): string {
  const size = Math.abs(seconds)
  if (size >= 3600) return `${seconds < 0 ? '-' : ''}${hoursAndMinutes(size, 3)}`
  if (size >= 1) return `${seconds.toFixed(3)} s`
  if (size >= 0.0001) return `${trimZeros((seconds * 1e3).toFixed(3))} ms`
  return `${trimZeros((seconds * 1e6).toFixed(3))} µs`
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function hoursAndMinutes(size: number, decimals: number): string {
  const rounded = Number(size.toFixed(decimals))
  const hours = Math.floor(rounded / 3600)
  const minutes = Math.floor((rounded % 3600) / 60)
  const seconds = `${(rounded % 60).toFixed(decimals)} s`
  return hours > 0 ? `${hours} h ${minutes} min ${seconds}` : `${minutes} min ${seconds}`
}

const UNITS = [
  { name: 's', seconds: 1 },
  { name: 'ms', seconds: 1e-3 },
  { name: 'µs', seconds: 1e-6 },
] as const

function unitOf(size: number): (typeof UNITS)[number] {
  return UNITS[size >= 1 ? 0 : size >= 1e-4 ? 1 : 2]
}

/** The size of a clock's offset, with as many digits as its uncertainty (seconds; null: unknown) bears out, at most three decimals. */
export function formatOffset(seconds: number, uncertainty: number | null): string {
  const size = Math.abs(seconds)
  const unit = unitOf(size)
  const borneOut = uncertainty === null ? 3 : 2 - Math.floor(Math.log10(uncertainty / unit.seconds))
  const decimals = Math.min(3, Math.max(0, borneOut))
  if (size >= 60) return hoursAndMinutes(size, decimals)
  const digits = (size / unit.seconds).toFixed(decimals)
  return `${unit.name === 's' ? digits : trimZeros(digits)} ${unit.name}`
}

/** An uncertainty in three significant digits: `2.79 µs`, `18.2 ms`. */
export function formatUncertainty(seconds: number): string {
  if (seconds >= 60) return formatOffset(seconds, seconds)
  const unit = unitOf(seconds)
  return `${Number((seconds / unit.seconds).toPrecision(3))} ${unit.name}`
}

/** Milliseconds with three decimals and thin groups of three digits: `60 002.114`. */
export function formatMilliseconds(seconds: number): string {
  const [whole, fraction] = Math.abs(seconds * 1e3)
    .toFixed(3)
    .split('.') as [string, string]
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ' ')
  return `${seconds < 0 && Number(`${whole}.${fraction}`) !== 0 ? '-' : ''}${grouped}.${fraction}`
}
