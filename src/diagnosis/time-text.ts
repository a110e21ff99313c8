const NS_PER_SECOND = 1_000_000_000n
/** RFC 3339 knows the years 0 to 9999. */
const FIRST_SECOND = -62_167_219_200n
const LAST_SECOND = 253_402_300_799n

/** A time of a capture as RFC 3339 text in UTC with nine fractional digits, clamped to the years that this can write. */
export function timeText(baseNs: bigint, relativeNs: number): string {
  const ns = baseNs + BigInt(Math.round(relativeNs))
  let seconds = ns / NS_PER_SECOND
  let fraction = ns % NS_PER_SECOND
  if (fraction < 0n) {
    fraction += NS_PER_SECOND
    seconds -= 1n
  }
  if (seconds < FIRST_SECOND) {
    seconds = FIRST_SECOND
    fraction = 0n
  } else if (seconds > LAST_SECOND) {
    seconds = LAST_SECOND
    fraction = NS_PER_SECOND - 1n
  }
  return `${wholeSecond(seconds)}.${fraction.toString().padStart(9, '0')}Z`
}

// Neighbouring connections lie within the same seconds of two clocks, and toISOString takes a microsecond.
const knownSeconds: [bigint, bigint] = [-1n, -1n]
const knownTexts: [string, string] = ['', '']

function wholeSecond(seconds: bigint): string {
  if (knownSeconds[0] === seconds) return knownTexts[0]
  if (knownSeconds[1] !== seconds) {
    knownSeconds[1] = seconds
    knownTexts[1] = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  }
  // The one used last stands first.
  knownSeconds.reverse()
  knownTexts.reverse()
  return knownTexts[0]
}

/** Can this time be written without clamping? */
export function isWritableTime(baseNs: bigint, relativeNs: number): boolean {
  const seconds = (baseNs + BigInt(Math.round(relativeNs))) / NS_PER_SECOND
  return seconds >= FIRST_SECOND && seconds <= LAST_SECOND
}

/** Seconds from ns, rounded to the ns. */
export function secondsOf(ns: number): number {
  return Math.round(ns) / 1e9
}
