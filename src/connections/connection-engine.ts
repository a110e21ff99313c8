import { ApplicationWalker } from '../../native-free-decoders/application/application-walker.ts'
import {
  ACK,
  type DecodedPacket,
  FIN,
  RST,
  STOP_SNAPPED,
  SYN,
} from '../../native-free-decoders/decoded-packet.ts'
import { advance, delta } from '../../native-free-decoders/transport/sequence.ts'
import { chooseConnection } from './choose-connection.ts'
import { ConnectionTable, mix } from './connection-table.ts'
import * as H from './history.ts'
import { IcmpLog } from './icmp-log.ts'
import { keepRow, pinReset } from './keep-segment.ts'
import * as L from './layout.ts'
import { deliver, Reassembler } from './reassembler.ts'
import { digest, kindOf, noteTtl, seenUpTo } from './segment-facts.ts'
import * as S from './segment-log.ts'

/** Two observations of one segment lie no further apart than this. */
const COPY_NS = 5e6
/** A mirrored or doubly captured packet follows its original within this time. */
const MIRROR_NS = 50e3
/** How many of the last rows of a connection are looked at for an earlier copy. */
const COPY_ROWS = 6

export interface ConnectionEngineOptions {
  /** Bytes that out-of-order payload may occupy in all. */
  mostHeldBytes?: number
}

/**
 * Segments in, connections out: state per direction, history, kept segments, payload in order to the stream
 * walkers. `segment()` allocates nothing for a segment in order; what the connections became is read through
 * `ConnectionSet` (connection-set.ts) after `finish()`.
 */
export class ConnectionEngine {
  readonly table = new ConnectionTable()
  readonly log = new S.SegmentLog()
  readonly walkers: (ApplicationWalker | null)[] = []
  readonly icmp = new IcmpLog()
  readonly reassembler: Reassembler
  /** Observations, copies included. */
  tcpPackets = 0
  /** Observations folded into an earlier one. */
  copies = 0
  lastTime = 0

  constructor(options: ConnectionEngineOptions = {}) {
    this.reassembler = new Reassembler(options.mostHeldBytes)
  }

  /** Takes an ICMP error that quotes a TCP segment. */
  icmpError(p: DecodedPacket, frame: number, time: number): void {
    this.icmp.add(p, frame, time)
  }

  /** Takes one TCP segment. `bytes` is the buffer that was decoded; `captureDirection` what the container says. */
  segment(
    p: DecodedPacket,
    bytes: Uint8Array,
    view: DataView,
    frame: number,
    time: number,
    captureDirection: number,
    interfaceIndex: number,
  ): void {
    this.tcpPackets++
    this.lastTime = time
    const table = this.table
    const newest = table.find(p)
    let id = chooseConnection(table, newest, p)
    if (id < 0) id = this.start(p, newest, frame, time)
    const direction = table.direction(id)
    const words = table.words
    const base = id * L.WORDS
    const direct = captureDirection !== 0 ? captureDirection : p.direction
    const tap = mix(p.ifIndex, p.vlan | (interfaceIndex << 16), p.vni, p.linkSource)
    words[base + L.LAST_FRAME] = frame
    if (this.isCopy(words[base + L.ROW_LAST]!, direction, p, time, tap)) {
      this.copies++
      return
    }
    this.track(id, direction, p, bytes, view, frame, time, direct, tap)
  }

  /** Ends all streams: what still waits behind a hole is delivered over it. */
  finish(): void {
    for (const stream of this.reassembler.streams()) {
      const id = stream >>> 1
      const d = (stream & 1) as 0 | 1
      while (this.reassembler.firstHeld(stream) >= 0) this.skipHole(id, d, 0, this.lastTime)
    }
    const words = this.table.words
    for (let id = 0; id < this.table.count; id++) {
      const base = id * L.WORDS
      for (let d = 0; d < 2; d++) {
        const mine = base + L.DIRECTION + d * L.DIRECTION_WORDS
        const theirs = base + L.DIRECTION + (1 - d) * L.DIRECTION_WORDS
        if ((words[mine + L.D_BITS]! & L.DB_SEEN) === 0) continue
        if ((words[theirs + L.D_BITS]! & L.DB_ACKED) === 0) continue
        const beyond = delta(seenUpTo(words, mine), words[theirs + L.D_ACKED]!)
        if (beyond > 0 && beyond < 1 << 30) {
          words[mine + L.D_UNSEEN_BYTES]! += beyond
          words[mine + L.D_UNSEEN_SEGMENTS]!++
        }
      }
    }
  }

  private start(p: DecodedPacket, older: number, frame: number, time: number): number {
    const id = this.table.add(older)
    const words = this.table.words
    const base = id * L.WORDS
    words[base + L.FIRST_FRAME] = frame
    words[base + L.TUNNEL] = (p.tunnel | (p.vni << 8)) >>> 0
    if ((p.flags & SYN) === 0) words[base + L.BITS]! |= L.BIT_MIDSTREAM
    this.table.doubles[id * L.DOUBLES + L.T_FIRST] = time
    this.walkers.push(null)
    return id
  }

  /** Is this another observation of a segment that was just seen (another interface, VLAN copy, mirror)? */
  private isCopy(
    last: number,
    direction: 0 | 1,
    p: DecodedPacket,
    time: number,
    tap: number,
  ): boolean {
    const { words, times } = this.log
    const flagsWindow = (p.flags << 16) | p.window
    let row = last - 1
    for (let i = 0; i < COPY_ROWS && row >= 0; i++) {
      const age = time - times[row * S.ROW_DOUBLES + S.R_TIME]!
      if (age > COPY_NS) return false
      const at = row * S.ROW_WORDS
      if (
        words[at + S.R_SEQ] === p.seq &&
        words[at + S.R_ACK] === p.ack &&
        words[at + S.R_FLAGS_WINDOW] === flagsWindow &&
        words[at + S.R_LENGTH] === p.payloadLength &&
        (words[at + S.R_IP_ID]! | 0) === p.ipId &&
        words[at + S.R_TSVAL] === p.tsVal &&
        (words[at + S.R_BITS]! & S.ROW_FROM_B) === direction &&
        words[at + S.R_SACK_RIGHT] === p.sackRight
      ) {
        // Without an IP ID two equal segments at one interface may really be two: unless a TSval tells them apart, only
        // those that no host sends so close together are one.
        const identified =
          p.ipId > 0 ||
          (p.hasTimestamps && (p.payloadLength > 0 || (p.flags & SYN) !== 0)) ||
          age <= MIRROR_NS
        if (identified || words[at + S.R_TAP] !== tap) {
          if ((words[at + S.R_SMALL]! & S.COPIES) !== S.COPIES) words[at + S.R_SMALL]! += S.COPY
          return true
        }
      }
      row = words[at + S.R_PREVIOUS]! - 1
    }
    return false
  }

  private track(
    id: number,
    d: 0 | 1,
    p: DecodedPacket,
    bytes: Uint8Array,
    view: DataView,
    frame: number,
    time: number,
    captureDirection: number,
    tap: number,
  ): void {
    const words = this.table.words
    const doubles = this.table.doubles
    const base = id * L.WORDS
    const mine = base + L.DIRECTION + d * L.DIRECTION_WORDS
    const theirs = base + L.DIRECTION + (1 - d) * L.DIRECTION_WORDS
    const times = id * L.DOUBLES
    const myTimes = times + L.T_DIRECTION + d * L.T_DIRECTION_DOUBLES
    const flags = p.flags
    const length = p.payloadLength
    const isReset = (flags & RST) !== 0
    const myBits = words[mine + L.D_BITS]!
    const theirBits = words[theirs + L.D_BITS]!

    const log = this.log
    const row = log.take()
    log.write(row, p, frame, time)
    const rows = log.words
    const at = row * S.ROW_WORDS
    rows[at + S.R_TAP] = tap
    rows[at + S.R_SENDER_NEXT] = words[mine + L.D_NEXT]!
    rows[at + S.R_OTHER_ACK] = words[theirs + L.D_ACKED]!
    rows[at + S.R_DIGEST] = length > 0 ? digest(view, p, bytes) : 0
    let rowBits = d === 1 ? S.ROW_FROM_B : 0
    if (p.hasTimestamps) rowBits |= S.ROW_TIMESTAMPS
    if (p.sackBlocks > 0) rowBits |= S.ROW_SACK
    if ((myBits & L.DB_SEEN) !== 0) rowBits |= S.ROW_SENDER_NEXT
    if ((theirBits & L.DB_ACKED) !== 0) rowBits |= S.ROW_OTHER_ACK
    if (p.checksumUnfilled) rowBits |= S.ROW_UNFILLED
    if (p.stop === STOP_SNAPPED) rowBits |= S.ROW_OPTIONS_CUT
    if ((flags & (SYN | FIN | RST)) !== 0) rowBits |= S.ROW_CONTROL
    rowBits |= captureDirection << S.ROW_DIRECTION_SHIFT
    rows[at + S.R_BITS] = rowBits
    const kind = kindOf(p, words, mine, theirs)
    rows[at + S.R_SMALL]! |= kind
    keepRow(log, words, base, row)

    doubles[times + L.T_LAST] = time
    words[mine + L.D_PACKETS]!++
    if (p.checksumUnfilled) words[mine + L.D_UNFILLED]!++
    if (isReset) {
      if (words[mine + L.D_RESETS] === 0) pinReset(log, row)
      words[mine + L.D_RESETS]!++
      words[base + L.BITS]! |= L.BIT_RESET
      H.addHistory(words, base, d, H.controlEvent(flags))
      return
    }

    noteTtl(words, mine, p.ttl)
    doubles[myTimes + L.T_LAST_LIVE] = time
    words[mine + L.D_TSVAL] = p.tsVal
    words[mine + L.D_LAST_IPID] = p.ipId
    if ((myBits & L.DB_SEEN) === 0) {
      words[mine + L.D_FIRST_SEQ] = p.seq
      words[mine + L.D_NEXT] = p.seq
    }
    let bits = myBits | L.DB_SEEN
    let start = p.seq
    if ((flags & SYN) !== 0) {
      start = advance(p.seq, 1)
      if ((bits & L.DB_ISN) === 0 || (flags & ACK) !== 0) {
        if ((bits & L.DB_ISN) === 0 || words[mine + L.D_ISN] !== p.seq) {
          words[mine + L.D_ISN] = p.seq
          if ((myBits & L.DB_PAYLOAD) === 0) {
            words[mine + L.D_NEXT] = start
            words[mine + L.D_EXPECTED] = start
            bits |= L.DB_EXPECTED
          }
        }
        bits = (bits | L.DB_ISN) & ~L.DB_ISN_INFERRED
      }
      bits |= (flags & ACK) === 0 ? L.DB_SYN : L.DB_SYN_ACK
      if ((flags & ACK) !== 0 && (theirBits & L.DB_ISN) === 0) {
        // The SYN is not in the capture, but its answer names it.
        words[theirs + L.D_ISN] = advance(p.ack, -1)
        words[theirs + L.D_BITS]! |= L.DB_ISN_INFERRED
      }
      words[base + L.BITS]! &= ~L.BIT_MIDSTREAM
      if (p.windowScale >= 0) bits |= ((p.windowScale & 15) + 1) << L.DB_SCALE_SHIFT
      words[mine + L.D_SIZES] = ((words[mine + L.D_SIZES]! & 0xffff) | (p.mss << 16)) >>> 0
      H.addHistory(words, base, d, H.controlEvent(flags))
    }
    const end = advance(start, length + ((flags & FIN) !== 0 ? 1 : 0))
    const isNew = delta(words[mine + L.D_NEXT]!, end) > 0
    if (isNew) words[mine + L.D_NEXT] = end
    words[mine + L.D_WINDOW] = p.window
    if (p.window === 0 && (flags & SYN) === 0) {
      words[mine + L.D_ZERO_WINDOWS]!++
      H.addHistory(words, base, d, H.EVENT_ZERO_WINDOW)
    }

    if (kind === S.KIND_RETRANSMISSION) words[mine + L.D_RETRANSMISSIONS]!++
    if ((flags & ACK) !== 0) {
      if ((bits & L.DB_ACKED) === 0 || delta(words[mine + L.D_ACKED]!, p.ack) > 0) {
        words[mine + L.D_ACKED] = p.ack
        bits |= L.DB_ACKED
      }
      if (length === 0 && (flags & (SYN | FIN)) === 0) H.addHistory(words, base, d, H.EVENT_ACK)
    }
    if (length > 0) {
      bits |= L.DB_PAYLOAD
      H.addHistory(
        words,
        base,
        d,
        kind === S.KIND_RETRANSMISSION ? H.EVENT_RETRANSMISSION : H.EVENT_DATA,
      )
      const largest = words[mine + L.D_SIZES]! & 0xffff
      if (length > largest) {
        words[mine + L.D_SIZES] =
          ((words[mine + L.D_SIZES]! & 0xffff0000) | Math.min(length, 0xffff)) >>> 0
      }
      if (kind !== S.KIND_KEEP_ALIVE) {
        if (isNew) doubles[myTimes + L.T_BYTES]! += length
        if ((myBits & L.DB_PAYLOAD) === 0) doubles[myTimes + L.T_FIRST_PAYLOAD] = time
        doubles[myTimes + L.T_LAST_PAYLOAD] = time
        words[mine + L.D_LAST_PAYLOAD_FRAME] = frame
      }
    }
    if ((flags & FIN) !== 0) {
      bits |= L.DB_FIN
      words[mine + L.D_FIN] = advance(start, length)
      H.addHistory(words, base, d, H.controlEvent(flags))
    }
    words[mine + L.D_BITS] = bits
    if (length > 0) this.payload(id, d, start, p, bytes, frame, time)
  }

  /** Brings payload into order and hands it to the walker of its connection. */
  private payload(
    id: number,
    d: 0 | 1,
    seq: number,
    p: DecodedPacket,
    bytes: Uint8Array,
    frame: number,
    time: number,
  ): void {
    const words = this.table.words
    const mine = id * L.WORDS + L.DIRECTION + d * L.DIRECTION_WORDS
    let walker = this.walkers[id]
    if (walker == null) {
      walker = new ApplicationWalker()
      this.walkers[id] = walker
    }
    if ((words[mine + L.D_BITS]! & L.DB_EXPECTED) === 0) {
      words[mine + L.D_EXPECTED] = seq
      words[mine + L.D_BITS]! |= L.DB_EXPECTED
    }
    const source = p.reassembled ?? bytes
    const stream = id * 2 + d
    let holding = (words[mine + L.D_BITS]! & L.DB_HOLDING) !== 0
    if (holding && this.holeIsAcknowledged(id, d)) {
      this.skipHole(id, d, frame, time)
      holding = this.reassembler.firstHeld(stream) >= 0
    }
    const offset = delta(seq, words[mine + L.D_EXPECTED]!)
    if (offset >= 0) {
      if (offset < p.payloadLength) {
        const start = p.payloadOffset
        const length = p.payloadLength
        deliver(walker, d, source, start, p.payloadCaptured, length, offset, frame, time)
        words[mine + L.D_EXPECTED] = advance(seq, length)
        if (holding) {
          words[mine + L.D_EXPECTED] = this.reassembler.drain(
            stream,
            d,
            words[mine + L.D_EXPECTED]!,
            walker,
          )
          holding = this.reassembler.firstHeld(stream) >= 0
        }
      }
    } else if (delta(words[mine + L.D_EXPECTED]!, seq) > 0) {
      const kept = this.reassembler.hold(
        stream,
        seq,
        p.payloadLength,
        source,
        p.payloadOffset,
        p.payloadCaptured,
        frame,
        time,
      )
      holding = true
      if (!kept) {
        while (this.reassembler.firstHeld(stream) >= 0) this.skipHole(id, d, frame, time)
        const hole = delta(words[mine + L.D_EXPECTED]!, seq)
        if (hole > 0) walker.skip(d, hole, frame, time)
        const rest = Math.max(0, -hole)
        deliver(
          walker,
          d,
          source,
          p.payloadOffset,
          p.payloadCaptured,
          p.payloadLength,
          rest,
          frame,
          time,
        )
        words[mine + L.D_EXPECTED] = advance(seq, p.payloadLength)
        holding = false
      }
    }
    if (holding) words[mine + L.D_BITS]! |= L.DB_HOLDING
    else words[mine + L.D_BITS]! &= ~L.DB_HOLDING
  }

  /** The other side acknowledged what lies in front of the first held segment: this capture will not see it. */
  private holeIsAcknowledged(id: number, d: 0 | 1): boolean {
    const words = this.table.words
    const theirs = id * L.WORDS + L.DIRECTION + (1 - d) * L.DIRECTION_WORDS
    if ((words[theirs + L.D_BITS]! & L.DB_ACKED) === 0) return false
    const held = this.reassembler.firstHeld(id * 2 + d)
    return held >= 0 && delta(held, words[theirs + L.D_ACKED]!) >= 0
  }

  /** Goes over the hole in front of the first held segment; counts it when the receiver had those bytes. */
  private skipHole(id: number, d: 0 | 1, frame: number, time: number): void {
    const words = this.table.words
    const base = id * L.WORDS
    const mine = base + L.DIRECTION + d * L.DIRECTION_WORDS
    const stream = id * 2 + d
    const walker = this.walkers[id]
    const held = this.reassembler.firstHeld(stream)
    if (held < 0) return
    if (walker == null) {
      this.reassembler.discard(stream)
      return
    }
    const hole = delta(words[mine + L.D_EXPECTED]!, held)
    if (hole > 0) {
      walker.skip(d, hole, frame, time)
      if (this.holeIsAcknowledged(id, d)) {
        words[mine + L.D_UNSEEN_BYTES]! += hole
        words[mine + L.D_UNSEEN_SEGMENTS]!++
        H.addHistory(words, base, d, H.EVENT_GAP)
      }
    }
    // Wherever the hole led, the next held segment is expected now: every call makes progress.
    words[mine + L.D_EXPECTED] = held
    words[mine + L.D_EXPECTED] = this.reassembler.drain(
      stream,
      d,
      words[mine + L.D_EXPECTED]!,
      walker,
    )
  }
}
