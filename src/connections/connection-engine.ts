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
import { noteClosing } from './closing.ts'
import { ConnectionStore } from './connection-store.ts'
import * as H from './history.ts'
import { IcmpLog } from './icmp-log.ts'
import { keepRow, pinReset } from './keep-segment.ts'
import * as L from './layout.ts'
import { placeOf } from './place.ts'
import { isLikeRecent, noteRecent, RECENT_SEGMENTS, signatureOf } from './recent-segments.ts'
import { digest, kindOf, noteTtl } from './segment-facts.ts'
import * as S from './segment-log.ts'
import { StreamFollower } from './stream-follower.ts'

/** Two observations of one segment lie no further apart than this. */
const COPY_NS = 5e6
/** A mirrored or doubly captured packet follows its original within this time. */
const MIRROR_NS = 50e3

/** Memory that a live connection takes with its rows and whoever follows its payload: a generous average. */
const LIVE_BYTES = 4096
const DEFAULT_MEMORY = 512 * 1024 * 1024

export interface ConnectionEngineOptions {
  /** Bound for what live connections and payload that waits behind holes may occupy, in bytes. */
  maxMemory?: number
  /**
   * Of conversations that ended in order, keep only what their own answer needs: enough for one capture, too little to
   * be held against another.
   */
  thin?: boolean
  /** How many packets may come, where that is known: tables are sized by it. */
  expectedPackets?: number
}

/**
 * Segments in, connections out: state per direction, history, kept segments, payload in order to the stream
 * walkers. `segment()` allocates nothing for a segment in order; what the connections became is read through
 * `ConnectionSet` (connection-set.ts) after `finish()`.
 */
export class ConnectionEngine {
  readonly store: ConnectionStore
  readonly follower: StreamFollower
  readonly icmp = new IcmpLog()
  /** Observations, copies included. */
  tcpPackets = 0
  /** Observations folded into an earlier one. */
  copies = 0
  /** Of those the ones at another place: with another TTL, so beyond a router, or with the same. */
  routedCopies = 0
  bridgedCopies = 0
  /** The first three places at which segments were seen (see `placeOf`). */
  readonly places: number[] = []
  lastTime = 0
  private lastPlace = -1

  constructor(options: ConnectionEngineOptions = {}) {
    const memory = options.maxMemory ?? DEFAULT_MEMORY
    const mostLive = Math.max(16, Math.floor((memory * 0.75) / LIVE_BYTES))
    this.store = new ConnectionStore(mostLive, options.expectedPackets ?? 0, options.thin ?? false)
    this.follower = new StreamFollower(this.store, memory / 8)
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
    const { store } = this
    const { table } = store
    const newest = table.find(p)
    let id = chooseConnection(table, newest, p)
    let slot: number
    if (id < 0) {
      id = table.add(newest)
      slot = this.start(id, p, frame, time)
    } else {
      slot = store.slotOf(id)
      if (store.walkers[slot] !== null && store.isOver(id, time)) slot = store.renew(id, slot)
    }
    const direction = table.direction(id)
    const direct = captureDirection !== 0 ? captureDirection : p.direction
    const place = placeOf(p, interfaceIndex)
    if (place !== this.lastPlace) this.notePlace(place)
    const tap = Math.imul(place ^ p.linkSource, 0x85ebca6b) >>> 0
    const state = store.states.words
    const stateBase = slot * L.STATE_WORDS
    state[stateBase + L.LAST_FRAME] = frame
    const quiet = time - table.doubles[id * L.DOUBLES + L.T_LAST]!
    const signature = signatureOf(p.seq, p.ack, (p.flags << 16) | p.window, p.payloadLength)
    const mayBeCopy = quiet <= COPY_NS && isLikeRecent(state, stateBase, signature)
    if (mayBeCopy && this.isCopy(state[stateBase + L.ROW_LAST]!, direction, p, time, tap)) {
      this.copies++
      return
    }
    noteRecent(state, stateBase, signature)
    this.track(id, slot, direction, p, bytes, view, frame, time, direct, tap)
  }

  private notePlace(place: number): void {
    this.lastPlace = place
    if (this.places.length < 3 && !this.places.includes(place)) this.places.push(place)
  }

  /** Ends all streams: what still waits behind a hole is delivered over it. The engine takes nothing more. */
  finish(): void {
    this.follower.finish(this.lastTime)
    this.store.retireAll()
  }

  private start(id: number, p: DecodedPacket, frame: number, time: number): number {
    const { table, states } = this.store
    const base = id * L.WORDS
    table.words[base + L.FIRST_FRAME] = frame
    if ((p.flags & SYN) === 0) table.words[base + L.BITS]! |= L.BIT_MIDSTREAM
    table.doubles[id * L.DOUBLES + L.T_FIRST] = time
    const slot = this.store.begin(id, time)
    states.words[slot * L.STATE_WORDS + L.TUNNEL] = (p.tunnel | (p.vni << 8)) >>> 0
    return slot
  }

  /** Is this another observation of a segment that was just seen (another interface, VLAN copy, mirror)? */
  private isCopy(
    last: number,
    direction: 0 | 1,
    p: DecodedPacket,
    time: number,
    tap: number,
  ): boolean {
    const { words, times } = this.store.log
    const flagsWindow = (p.flags << 16) | p.window
    let row = last - 1
    for (let i = 0; i < RECENT_SEGMENTS && row >= 0; i++) {
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
        const isElsewhere = words[at + S.R_TAP] !== tap
        if (identified || isElsewhere) {
          if (isElsewhere && words[at + S.R_SMALL]! >>> 16 === p.ttl) this.bridgedCopies++
          else if (isElsewhere) this.routedCopies++
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
    slot: number,
    d: 0 | 1,
    p: DecodedPacket,
    bytes: Uint8Array,
    view: DataView,
    frame: number,
    time: number,
    captureDirection: number,
    tap: number,
  ): void {
    const { table, states, log } = this.store
    const { words } = table
    const state = states.words
    const { doubles } = states
    const base = id * L.WORDS
    const mine = base + L.DIRECTION + d * L.DIRECTION_WORDS
    const theirs = base + L.DIRECTION + (1 - d) * L.DIRECTION_WORDS
    const stateBase = slot * L.STATE_WORDS
    const myState = stateBase + L.S_DIRECTION + d * L.S_DIRECTION_WORDS
    const theirState = stateBase + L.S_DIRECTION + (1 - d) * L.S_DIRECTION_WORDS
    const myTimes = slot * L.STATE_DOUBLES + L.S_TIMES + d * L.S_TIMES_DOUBLES
    const flags = p.flags
    const length = p.payloadLength
    const isReset = (flags & RST) !== 0
    const myBits = words[mine + L.D_BITS]!
    const theirBits = words[theirs + L.D_BITS]!

    const row = log.take(state[stateBase + L.ROW_LAST]!)
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
    const kind = kindOf(p, words, mine, theirs, state, myState, theirState)
    rows[at + S.R_SMALL]! |= kind
    keepRow(log, state, stateBase, row)

    table.doubles[id * L.DOUBLES + L.T_LAST] = time
    state[myState + L.S_PACKETS]!++
    if (p.checksumUnfilled) state[myState + L.S_UNFILLED]!++
    if (isReset) {
      if (state[myState + L.S_RESETS] === 0) pinReset(log, row)
      state[myState + L.S_RESETS]!++
      words[base + L.BITS]! |= d === 1 ? L.BIT_RESET | L.BIT_RESET_BY_B : L.BIT_RESET
      H.addHistory(state, stateBase, d, H.controlEvent(flags))
      return
    }

    noteTtl(words, mine, p.ttl)
    doubles[myTimes + L.ST_LAST_LIVE] = time
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
            state[myState + L.S_EXPECTED] = start
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
      state[myState + L.S_SIZES] = ((state[myState + L.S_SIZES]! & 0xffff) | (p.mss << 16)) >>> 0
      H.addHistory(state, stateBase, d, H.controlEvent(flags))
    }
    const end = advance(start, length + ((flags & FIN) !== 0 ? 1 : 0))
    const isNew = delta(words[mine + L.D_NEXT]!, end) > 0
    if (isNew) words[mine + L.D_NEXT] = end
    state[myState + L.S_WINDOW] = p.window
    if (p.window === 0 && (flags & SYN) === 0) {
      state[myState + L.S_ZERO_WINDOWS]!++
      H.addHistory(state, stateBase, d, H.EVENT_ZERO_WINDOW)
    }

    if (kind === S.KIND_RETRANSMISSION) state[myState + L.S_RETRANSMISSIONS]!++
    if ((flags & ACK) !== 0) {
      if ((bits & L.DB_ACKED) === 0 || delta(words[mine + L.D_ACKED]!, p.ack) > 0) {
        words[mine + L.D_ACKED] = p.ack
        bits |= L.DB_ACKED
      }
      if (length === 0 && (flags & (SYN | FIN)) === 0)
        H.addHistory(state, stateBase, d, H.EVENT_ACK)
    }
    if (length > 0) {
      bits |= L.DB_PAYLOAD
      H.addHistory(
        state,
        stateBase,
        d,
        kind === S.KIND_RETRANSMISSION ? H.EVENT_RETRANSMISSION : H.EVENT_DATA,
      )
      const largest = state[myState + L.S_SIZES]! & 0xffff
      if (length > largest) {
        state[myState + L.S_SIZES] =
          ((state[myState + L.S_SIZES]! & 0xffff0000) | Math.min(length, 0xffff)) >>> 0
      }
      if (kind !== S.KIND_KEEP_ALIVE) {
        if (isNew) doubles[myTimes + L.ST_BYTES]! += length
        if ((myBits & L.DB_PAYLOAD) === 0) doubles[myTimes + L.ST_FIRST_PAYLOAD] = time
        doubles[myTimes + L.ST_LAST_PAYLOAD] = time
        state[myState + L.S_LAST_PAYLOAD_FRAME] = frame
      }
    }
    if ((flags & FIN) !== 0) {
      bits |= L.DB_FIN
      state[myState + L.S_FIN] = advance(start, length)
      H.addHistory(state, stateBase, d, H.controlEvent(flags))
    }
    words[mine + L.D_BITS] = bits
    const before = state[stateBase + L.KEPT_COUNT]! + state[stateBase + L.TAIL_COUNT]! - 1
    noteClosing(words, base, state, stateBase, log, row, before, this.store.notesDigests)
    if (length > 0) this.follower.payload(id, slot, d, start, p, bytes, frame, time)
  }
}
