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

/** A span for reading, in the unit that suits it: `0.21 ms`, `60.002 s`, `2 h 0 min`. */
export function formatSeconds(seconds: number): string {
  const size = Math.abs(seconds)
  if (size >= 3600) {
    const minutes = Math.round(size / 60)
    const text = `${Math.floor(minutes / 60)} h ${minutes % 60} min`
    return seconds < 0 ? `-${text}` : text
  }
  if (size >= 1) return `${seconds.toFixed(3)} s`
  if (size >= 0.0001) return `${trimZeros((seconds * 1e3).toFixed(3))} ms`
  return `${trimZeros((seconds * 1e6).toFixed(3))} µs`
}

function trimZeros(text: string): string {
  return text.replace(/\.?0+$/, '')
}

/** Milliseconds with three decimals and thin groups of three digits: `60 002.114`. */
export function formatMilliseconds(seconds: number): string {
  const [whole, fraction] = Math.abs(seconds * 1e3)
    .toFixed(3)
    .split('.') as [string, string]
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ' ')
  return `${seconds < 0 && Number(`${whole}.${fraction}`) !== 0 ? '-' : ''}${grouped}.${fraction}`
}
