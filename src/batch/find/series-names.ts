import type { CaptureName } from './file-names.ts'

/** How a program that rotates its files names them. */
export type SeriesKind = 'size' | 'time' | 'ring-buffer'

/** The place of a file in a series, as its name tells it. Files are of one series only if kind and key are equal. */
export interface SeriesName {
  kind: SeriesKind
  key: string
  /** The name without what rotation adds to it. */
  stem: string
  /** Digits of the date and time in the name, the earliest first when sorted as text; empty without. */
  time: string
  /** Number of the file; -1 for one without. */
  number: number
}

/** `x_00001_20261121100000`, or the other way round: Wireshark and `dumpcap -b`; also what editcap splits. */
const RING_BUFFER = /^(.*)_(\d{5,9})_(\d{14})$/
const RING_BUFFER_TIME_FIRST = /^(.*)_(\d{14})_(\d{5,9})$/

// A date, or a date and a time, with or without separators; `tcpdump -G` takes any strftime pattern.
const DATE = '((?:19|20)\\d\\d)([-_.]?)(0[1-9]|1[0-2])\\2(0[1-9]|[12]\\d|3[01])'
const TIME = '([01]\\d|2[0-3])([-_.:h]?)([0-5]\\d)(?:\\6([0-5]\\d|60))?'
const DATE_AND_TIME = new RegExp(`(?<!\\d)${DATE}(?:[-_T.@ ]{0,2}${TIME})?Z?(?!\\d)`, 'g')
/** Seconds since 1970 (`%s`), of the years 2001 to 2033. */
const EPOCH = /(?<!\d)1\d{9}(?!\d)/g

/** The place in a series that a name tells of. */
export function seriesName({ stem, ending, rotation }: CaptureName): SeriesName {
  const number = rotation === '' ? -1 : Number(rotation)
  if (number < 0) {
    const forward = RING_BUFFER.exec(stem)
    if (forward !== null) return ringBuffer(forward[1]!, forward[2]!, forward[3]!, ending)
    const backward = RING_BUFFER_TIME_FIRST.exec(stem)
    if (backward !== null) return ringBuffer(backward[1]!, backward[3]!, backward[2]!, ending)
  }
  const moment = lastMoment(stem)
  if (moment === null) return { kind: 'size', key: `${stem}.${ending}`, stem, time: '', number }
  const { before, after, shape, time } = moment
  const key = `${before}<${shape}>${after}.${ending}`
  return { kind: 'time', key, stem: joined(before, after), time, number }
}

function ringBuffer(stem: string, number: string, time: string, ending: string): SeriesName {
  return { kind: 'ring-buffer', key: `${stem}.${ending}`, stem, time, number: Number(number) }
}

interface Moment {
  before: string
  after: string
  /** How it is written: of one series, all are written alike. */
  shape: string
  time: string
}

function lastMoment(stem: string): Moment | null {
  const found = [...stem.matchAll(DATE_AND_TIME)].at(-1) ?? [...stem.matchAll(EPOCH)].at(-1)
  if (found === undefined) return null
  const [text] = found
  return {
    before: stem.slice(0, found.index),
    after: stem.slice(found.index + text.length),
    shape: text.replace(/\d/g, '0'),
    time: text.replace(/\D/g, ''),
  }
}

/** What stood around the time, without a separator left over. */
function joined(before: string, after: string): string {
  const head = before.replace(/[-_. ]+$/, '')
  const tail = after.replace(/^[-_. ]+/, '')
  return head === '' || tail === '' ? head + tail : `${head}-${tail}`
}
