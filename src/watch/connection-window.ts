import {
  DecodedPacket,
  PACKET_ICMP_QUOTING_TCP,
  PACKET_TCP,
  STOP_MALFORMED,
} from '../../native-free-decoders/decoded-packet.ts'
import { carryOver, useSome } from '../connections/carry-over.ts'
import { ConnectionEngine } from '../connections/connection-engine.ts'
import * as L from '../connections/layout.ts'
import type { EngineTotals } from '../model/connection-data.ts'
import type { Ending } from '../model/ending.ts'
import type { CaptureFacts, RecordBatch } from '../model/record-reader.ts'
import type { Connection } from '../model/report.ts'
import { PacketDecoder } from '../packets/decode-packet.ts'
import { CLOSED, endSign, GONE, NO_SIGN } from './end-signs.ts'
import { Judge, type JudgedWindow, type Judgement, type JudgeOptions } from './judge.ts'

export interface WindowOptions extends JudgeOptions {
  /** A connection without a packet for so long is no longer waited for. */
  goneAfterNs: number
  /** Bound for what is held of the packets, in bytes. */
  maxMemory: number
  /** Ended connections that are remembered, so that late packets are known as theirs: at most so many (16,384). */
  mostRemembered?: number
}

export interface ToldEnding {
  ending: Ending
  /** Its upstream end. */
  peer: string
}

/** A connection that has ended, or whose end now looks otherwise than it did. */
export interface Told extends ToldEnding {
  connection: Connection
  /** How it was told before; null the first time. */
  before: ToldEnding | null
  /** It is open: at the end of the capture, or because nobody waits for its end any more. */
  isOpen: boolean
  /** An end was told, and it goes on after all: it will be told again when it ends. */
  goesOn: boolean
}

/** What the window keeps in mind of a connection beside its packets. */
interface Mark {
  id: number
  /** When it was looked at: relative ns of its last packet then, and the sign that was the reason. */
  lookedAt: number
  sign: number
  /** The same with packets that were seen under other addresses. */
  wholeLookedAt: number
  told: ToldEnding | null
  /** It has ended, is part of another, or is not selected: nothing is to be told unless more comes. */
  isSettled: boolean
}

/** Connections that stand around those that are judged, the newest; more cost time and change little. */
const MOST_AROUND = 4096
/** Ended connections are remembered for so long. */
const REMEMBERED_NS = 300e9
const MOST_REMEMBERED = 16_384
/** A generous average of what a retired connection takes. */
const RECORD_BYTES = 1024
/** Frame numbers are words of 32 bits. */
const MOST_FRAMES = 2 ** 32 - 2 ** 24

/**
 * The connections of a capture without end: those that live, and those that ended of late. Packets go in, endings come
 * out once each, and what ended is forgotten. Bounded; what a bound gives up is counted.
 */
export class ConnectionWindow {
  private readonly options: WindowOptions
  private readonly judge: Judge
  private readonly decoder = new PacketDecoder()
  private readonly packet = new DecodedPacket()
  private readonly mostHeld: number
  private engine: ConnectionEngine
  private marks: Mark[] = []
  private lastId = 0
  /** Frames of the connections count from here. */
  frameBase = 0
  private snappedSegments = 0
  private skippedPackets = 0
  private backwardTimestamps = 0
  private previousTime = Number.NEGATIVE_INFINITY
  lastPacketTime = 0
  /** Connections that were given up because too many were open at a time. */
  givenUp = 0

  constructor(options: WindowOptions) {
    this.options = options
    this.judge = new Judge(options)
    this.mostHeld = Math.max(1024, Math.floor(options.maxMemory / 2 / RECORD_BYTES))
    this.engine = new ConnectionEngine({ maxMemory: options.maxMemory / 2 })
  }

  /** Takes the packets of a batch. */
  take(batch: RecordBatch, interfaces: CaptureFacts['interfaces']): void {
    if (batch.firstFrame + batch.count - this.frameBase > MOST_FRAMES) this.startOver(batch)
    const { engine, packet } = this
    for (let i = 0; i < batch.count; i++) {
      const time = batch.times[i]!
      const index = batch.interfaces[i]!
      if (time < this.previousTime) this.backwardTimestamps++
      this.previousTime = time
      if (time > this.lastPacketTime) this.lastPacketTime = time
      this.decoder.decode(
        batch.view,
        batch.bytes,
        batch.offsets[i]!,
        batch.capturedLengths[i]!,
        batch.originalLengths[i]!,
        interfaces[index]?.linkType ?? 1,
        time,
        packet,
      )
      const frame = batch.firstFrame + i - this.frameBase
      if (packet.kind === PACKET_TCP) {
        if (packet.stop === STOP_MALFORMED) {
          engine.tcpPackets++
          continue
        }
        if (packet.payloadCaptured < packet.payloadLength) this.snappedSegments++
        const { bytes, view } = batch
        engine.segment(packet, bytes, view, frame, time, batch.directions[i]!, index)
      } else {
        this.skippedPackets++
        if (packet.kind === PACKET_ICMP_QUOTING_TCP) engine.icmpError(packet, frame, time)
      }
    }
  }

  get totals(): Pick<EngineTotals, 'reassemblyBoundReached' | 'putAwayEarly'> & {
    icmpErrorsDropped: number
    snappedSegments: number
    tcpPackets: number
  } {
    const { engine } = this
    return {
      tcpPackets: engine.tcpPackets,
      snappedSegments: this.snappedSegments,
      reassemblyBoundReached: engine.follower.reassembler.boundReached,
      putAwayEarly: engine.store.putAwayEarly,
      icmpErrorsDropped: engine.icmp.dropped,
    }
  }

  /** Connections that are held, live ones and remembered ones. */
  get held(): number {
    return this.engine.store.table.count
  }

  /** The first frame that any connection still refers to. */
  get firstFrame(): number {
    const { table } = this.engine.store
    return table.count === 0 ? Number.POSITIVE_INFINITY : table.words[L.FIRST_FRAME]!
  }

  /** Endings that show by `now` (relative ns), in order of their last frames. */
  ended(now: number, facts: CaptureFacts): Told[] {
    const { store } = this.engine
    this.markNew()
    const asked: number[] = []
    for (let id = 0; id < store.table.count; id++) {
      const mark = this.marks[id]!
      const last = store.table.doubles[id * L.DOUBLES + L.T_LAST]!
      if (mark.isSettled && last === mark.lookedAt) continue
      const sign = endSign(store, id, now, this.options.goneAfterNs)
      if (sign === NO_SIGN || (last === mark.lookedAt && sign <= mark.sign)) continue
      mark.sign = sign
      asked.push(id)
    }
    const told = this.tell(asked, now, facts, false)
    this.forget(now)
    return told
  }

  /** The end of the capture: whatever was not told yet, open connections among it. */
  finish(now: number, facts: CaptureFacts): Told[] {
    this.markNew()
    const { doubles } = this.engine.store.table
    const isDue = ({ isSettled, lookedAt }: Mark, id: number) =>
      !isSettled || doubles[id * L.DOUBLES + L.T_LAST] !== lookedAt
    const asked = this.marks.flatMap((mark, id) => (isDue(mark, id) ? [id] : []))
    return this.tell(asked, now, facts, true)
  }

  private markNew(): void {
    while (this.marks.length < this.engine.store.table.count) {
      this.marks.push({
        id: ++this.lastId,
        lookedAt: Number.NaN,
        sign: NO_SIGN,
        wholeLookedAt: Number.NEGATIVE_INFINITY,
        told: null,
        isSettled: false,
      })
    }
  }

  private tell(asked: number[], now: number, facts: CaptureFacts, isEnd: boolean): Told[] {
    if (asked.length === 0) return []
    const { engine, marks } = this
    const { table } = engine.store
    for (const id of asked) {
      for (let d = 0; d < 2; d++) {
        const bits = table.words[id * L.WORDS + L.DIRECTION + d * L.DIRECTION_WORDS + L.D_BITS]!
        // Nothing comes any more that could fill the hole.
        if ((bits & L.DB_HOLDING) !== 0 && (isEnd || marks[id]!.sign >= CLOSED))
          engine.follower.finishStream(id * 2 + d, now)
      }
    }
    const ids = this.around(asked)
    const isAsked = new Set(asked)
    const around: Omit<JudgedWindow, 'data'> = {
      facts,
      isAsked: (place) => isAsked.has(ids[place]!),
      lookedAt: (place) => marks[ids[place]!]!.wholeLookedAt,
      idOf: (place) => marks[ids[place]!]!.id,
    }
    // What is asked about and not answered is part of another connection.
    for (const id of asked) {
      marks[id]!.lookedAt = table.doubles[id * L.DOUBLES + L.T_LAST]!
      marks[id]!.isSettled = true
    }
    const judgements = useSome(engine, ids, this.packetTotals(now), (data) => [
      ...this.judge.judge({ ...around, data }),
    ])
    const told = judgements.flatMap((one) => this.settle(marks[ids[one.place]!]!, one, isEnd) ?? [])
    const lastFrame = ({ connection }: Told) => connection.views.capture!.lastFrame
    return told.sort((a, b) => lastFrame(a) - lastFrame(b))
  }

  /** What is to be told of a connection now; null for nothing. */
  private settle(mark: Mark, judgement: Judgement, isEnd: boolean): Told | null {
    const { connection, ending, peer, lastTime, isSelected } = judgement
    mark.wholeLookedAt = lastTime
    const isOpen = ending.termination === 'open' && ending.benign
    const isGone = mark.sign === GONE
    mark.isSettled = !isOpen || isGone || !isSelected
    if (!isSelected) return null
    const before = mark.told
    const goesOn = isOpen && !isEnd && !isGone
    if (goesOn ? before === null : before !== null && endsAlike(before.ending, ending)) return null
    mark.told = goesOn ? null : { ending, peer }
    return { connection, ending, peer, before, isOpen, goesOn }
  }

  /** The connections that are judged, and the newest of the others, in order. */
  private around(asked: number[]): number[] {
    const { count, doubles } = this.engine.store.table
    if (count <= MOST_AROUND) return Array.from({ length: count }, (_, id) => id)
    const times = Float64Array.from(
      { length: count },
      (_, id) => doubles[id * L.DOUBLES + L.T_LAST]!,
    )
    const newest = times.slice().sort()[count - MOST_AROUND]!
    const isAsked = new Uint8Array(count)
    for (const id of asked) isAsked[id] = 1
    const ids: number[] = []
    for (let id = 0; id < count; id++) if (isAsked[id] === 1 || times[id]! >= newest) ids.push(id)
    return ids
  }

  private packetTotals(lastPacketTime: number) {
    return {
      skippedPackets: this.skippedPackets,
      snappedSegments: this.snappedSegments,
      fragmentsIncomplete: this.decoder.counters.tcpFragmentsIncomplete,
      lastPacketTime,
      backwardTimestamps: this.backwardTimestamps,
    }
  }

  /** Numbers frames anew; connections in which they are numbered otherwise are given up. */
  private startOver(batch: RecordBatch): void {
    this.markNew()
    this.givenUp += this.marks.filter(({ isSettled }) => !isSettled).length
    this.engine = carryOver(this.engine, [], { maxMemory: this.options.maxMemory / 2 })
    this.marks = []
    this.frameBase = batch.firstFrame - 1
  }

  /** Lets go of what ended a while ago, and of the quietest where there is more than memory for. */
  private forget(now: number): void {
    const { table } = this.engine.store
    const { count } = table
    const quiet = (id: number) => now - table.doubles[id * L.DOUBLES + L.T_LAST]!
    const { mostRemembered = MOST_REMEMBERED } = this.options
    if (count <= mostRemembered) return
    const settled: number[] = []
    const open: number[] = []
    for (let id = 0; id < count; id++) {
      if (!this.marks[id]!.isSettled) open.push(id)
      else if (quiet(id) < REMEMBERED_NS) settled.push(id)
    }
    const keptOpen = newestOf(open, this.mostHeld, quiet)
    const keptSettled = newestOf(
      settled,
      Math.min(mostRemembered, this.mostHeld - keptOpen.length),
      quiet,
    )
    const kept = [...keptOpen, ...keptSettled].sort((a, b) => a - b)
    // Carrying over costs as much as there is to keep: not before as much is to be let go.
    if (count - kept.length <= Math.max(mostRemembered / 2, kept.length)) return
    this.givenUp += open.length - keptOpen.length
    this.engine = carryOver(this.engine, kept, { maxMemory: this.options.maxMemory / 2 })
    this.marks = kept.map((id) => this.marks[id]!)
  }
}

/** The `most` of them that were quiet for the shortest time. */
function newestOf(ids: number[], most: number, quiet: (id: number) => number): number[] {
  if (ids.length <= most) return ids
  return ids.sort((a, b) => quiet(a) - quiet(b)).slice(0, most)
}

/** Equal for a person who was told: the same end, by the same side, as surely. Causes may become clearer later. */
function endsAlike(a: Ending, b: Ending): boolean {
  return (
    a.termination === b.termination &&
    a.detail === b.detail &&
    a.by === b.by &&
    a.confidence === b.confidence
  )
}
