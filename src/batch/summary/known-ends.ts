import { WordTable } from '../../connections/word-table.ts'
import type { FoundEnd } from '../sample-row.ts'
import { grown } from './grown.ts'

/** Connections that are told apart, over all samples: about 100 bytes each. Ends of further ones are counted only. */
const MOST_CONNECTIONS = 2_000_000
/** Connections with the same key in one sample: they have no SYN in view. */
const MOST_ALIKE = 64

/**
 * Ends that samples listed, each connection once whatever samples saw it. Of a connection it keeps a hash of its key
 * (64 bits), so that two of a million different ones are taken for one in a run of ten million.
 */
export class KnownEnds {
  /** Different connections whose reset was listed, and how often one was, counted once for each sample. */
  distinctResets = 0
  listedResets = 0
  /** Ends that were not kept because of the bound. */
  dropped = 0

  private readonly most: number
  /** Two words of hash, and the how manieth with that key in one sample. */
  private readonly connections = new WordTable(3)
  private lastSample = new Int32Array(1024)
  private lastId = new Float64Array(1024)
  private resetIn = new Int32Array(1024)
  /** Connection, code. */
  private readonly ends = new WordTable(2)
  private places = new Int32Array(1024)
  private times = new Float64Array(1024)
  private gaps = new Float64Array(1024)
  /** 1: it was reset. */
  private resets = new Int32Array(1024)

  constructor(most = MOST_CONNECTIONS) {
    this.most = most
  }

  get count(): number {
    return this.ends.count
  }

  /** The place of the end when it was listed first, `place` itself for a new one; -1 where it was not kept. */
  add(sample: number, code: number, place: number, end: FoundEnd): number {
    const connection = this.connectionOf(sample, end)
    if (connection < 0) {
      this.dropped++
      return -1
    }
    const reset = end.by !== null
    if (reset) this.countReset(connection, sample)
    this.ends.key[0] = connection
    this.ends.key[1] = code
    const known = this.ends.count
    const at = this.ends.intern()
    const time = secondsOf(end.endedAt)
    const gap = end.idleSeconds ?? Number.NaN
    if (at === known) {
      this.places = grown(this.places, at)
      this.times = grown(this.times, at)
      this.gaps = grown(this.gaps, at)
      this.resets = grown(this.resets, at)
      this.places[at] = place
      this.times[at] = time
      this.gaps[at] = gap
      this.resets[at] = Number(reset)
      return place
    }
    // Of what several captures say of one end, the earliest, whatever order they come in.
    if (time < this.times[at]!) this.times[at] = time
    if (reset) this.resets[at] = 1
    if (Number.isNaN(this.gaps[at]!) || gap < this.gaps[at]!) this.gaps[at] = gap
    return this.places[at]!
  }

  place(at: number): number {
    return this.places[at]!
  }

  /** The number of its connection, which may have ends of other codes. */
  connection(at: number): number {
    return this.ends.word(at, 0)
  }

  /** Seconds since 1970. */
  time(at: number): number {
    return this.times[at]!
  }

  /** Whether any sample saw it reset. */
  isReset(at: number): boolean {
    return this.resets[at] === 1
  }

  /** Seconds of silence before it; NaN where none is known. */
  gap(at: number): number {
    return this.gaps[at]!
  }

  /** Connections of one sample are different ones even where their keys are equal. */
  private connectionOf(sample: number, { key: name, connection: id }: FoundEnd): number {
    const { key } = this.connections
    key[0] = hash(name, 0x9e3779b1)
    key[1] = hash(name, 0x85ebca77)
    for (let nth = 0; nth < MOST_ALIKE; nth++) {
      key[2] = nth
      const known = this.connections.find()
      if (known < 0) return this.connections.count < this.most ? this.enter(sample, id) : -1
      if (this.lastSample[known] !== sample || this.lastId[known] === id) {
        this.lastSample[known] = sample
        this.lastId[known] = id
        return known
      }
    }
    return -1
  }

  private enter(sample: number, id: number): number {
    const at = this.connections.intern()
    this.lastSample = grown(this.lastSample, at)
    this.lastId = grown(this.lastId, at)
    this.resetIn = grown(this.resetIn, at)
    this.lastSample[at] = sample
    this.lastId[at] = id
    this.resetIn[at] = -1
    return at
  }

  private countReset(connection: number, sample: number): void {
    const last = this.resetIn[connection]!
    if (last === sample) return
    if (last < 0) this.distinctResets++
    this.listedResets++
    this.resetIn[connection] = sample
  }
}

/** A hash of 32 bits in which every bit of the text counts. */
function hash(text: string, seed: number): number {
  let value = seed ^ text.length
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0xc2b2ae3d)
    value ^= value >>> 15
  }
  value = Math.imul(value ^ (value >>> 16), 0x27d4eb2f)
  return value ^ (value >>> 15)
}

/** Seconds since 1970 of a time in a report, to the microsecond; NaN where the text is none. */
export function secondsOf(time: string): number {
  return Date.parse(`${time.slice(0, 19)}Z`) / 1000 + Number(`0${time.slice(19, -1)}`)
}

/** The time in a report's form. */
export function timeOf(seconds: number): string {
  const whole = Math.floor(seconds)
  const micros = Math.min(999_999, Math.round((seconds - whole) * 1e6))
  return `${new Date(whole * 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}000Z`
}
