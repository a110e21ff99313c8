import type { ApplicationWalker } from '../../native-free-decoders/application/application-walker.ts'
import { SummaryRoom } from '../../native-free-decoders/application/summary-room.ts'
import { delta } from '../../native-free-decoders/transport/sequence.ts'
import type { ApplicationSummary } from '../model/application.ts'
import { Archive, chunkOf, withinChunk } from './archive.ts'
import { ByteWriter } from './byte-codec.ts'
import { noteClosing } from './closing.ts'
import { ConnectionTable } from './connection-table.ts'
import * as L from './layout.ts'
import { dropMiddle, passOverMiddle, releaseRows } from './let-rows-go.ts'
import { LiveStates } from './live-states.ts'
import { SharedTexts } from './packed-application.ts'
import { ConnectionPacker, ConnectionUnpacker, UnpackedConnection } from './packed-connection.ts'
import { packEntry, unpackEntry } from './packed-entry.ts'
import { noteRecent, signatureOf } from './recent-segments.ts'
import { ROLE_SYN_ACK, roleOf } from './roles.ts'
import { seenUpTo } from './segment-facts.ts'
import * as S from './segment-log.ts'
import { ShapeReader } from './shape.ts'
import { ShapeTable } from './shape-table.ts'
import { WalkerPool } from './walker-pool.ts'

/** After so long without a packet a connection that both sides closed says nothing more. */
const LINGER_NS = 0.5e9
/** A connection without payload is put away when its SYN was repeated in vain for the second time; nothing is lost by it. */
const SILENT_LINGER_NS = 3.5e9
/** A RST may have been ignored: its connection may go on for so long. */
const RESET_LINGER_NS = 60e9
/** Live connections that are looked at for each new one. */
const LOOKS = 2

/** What was said over a connection, when nobody listens any more. */
export interface Said {
  application: ApplicationSummary
  /** Direction that `application` takes for the client, and the one that the payload itself shows (-1: none). */
  client: 0 | 1
  shown: -1 | 0 | 1
}

/**
 * All connections of one capture: records of all, states and rows of those that live, packed bytes of those that are
 * retired. Retiring loses nothing of the TCP state; a retired connection comes back to life with its next packet.
 * Only what its payload says is not followed any further, and it is retired when there should be no more of it.
 */
export class ConnectionStore {
  readonly table: ConnectionTable
  readonly states: LiveStates
  readonly log: S.SegmentLog
  readonly archive = new Archive()
  readonly texts = new SharedTexts()
  readonly shapes = new ShapeTable()
  /** By slot: who follows the payload of a live connection; what it said before it was retired once. */
  readonly walkers: (ApplicationWalker | null)[] = []
  readonly said: (Said | null)[] = []
  /** Where walkers come from and go to. */
  idleWalkers = new WalkerPool()
  /** Connections whose payload is not followed to its end because too many lived at a time. */
  putAwayEarly = 0
  private readonly mostLive: number
  private readonly thin: boolean
  /** Segments are held against those of another tap. */
  readonly notesDigests: boolean
  private live = 0
  private hand = 0
  /** What is said here is packed before the next walker says anything. */
  private readonly room = new SummaryRoom()
  private readonly shapeReader = new ShapeReader()
  private readonly packer = new ConnectionPacker()
  private readonly unpacker = new ConnectionUnpacker()
  private readonly unpacked = new UnpackedConnection()
  private readonly writer = new ByteWriter()
  private readonly first = { frame: 0, time: 0, next: [0, 0] as [number, number] }

  constructor(mostLive: number, expectedPackets: number, thin: boolean) {
    this.mostLive = mostLive
    this.thin = thin
    this.notesDigests = !thin
    this.table = new ConnectionTable(powerOfTwo(expectedPackets / 16, 1024, 1 << 22))
    this.states = new LiveStates(1024)
    this.log = new S.SegmentLog(4096)
  }

  /** Gives a new connection its state. */
  begin(id: number, time: number): number {
    for (let i = 0; i < LOOKS; i++) this.look(time)
    if (this.live >= this.mostLive) this.makeRoom(time)
    return this.place(id)
  }

  private place(id: number): number {
    const slot = this.states.take(id)
    this.live++
    this.table.words[id * L.WORDS + L.STATE] = slot
    this.walkers[slot] = null
    this.said[slot] = null
    return slot
  }

  /** The slot of a connection's state; brings it back to life if it was retired. */
  slotOf(id: number): number {
    const base = id * L.WORDS
    const { words } = this.table
    return (words[base + L.BITS]! & L.BIT_RETIRED) === 0 ? words[base + L.STATE]! : this.revive(id)
  }

  /** A connection that ended this long ago says nothing more: whatever comes is not its conversation. */
  isOver(id: number, time: number): boolean {
    const { words, doubles } = this.table
    const quiet = time - doubles[id * L.DOUBLES + L.T_LAST]!
    if (quiet <= LINGER_NS) return false
    const base = id * L.WORDS
    if (isHolding(words, base)) return false
    if (hasBothFins(words, base)) return true
    return quiet > RESET_LINGER_NS && (words[base + L.BITS]! & L.BIT_RESET) !== 0
  }

  /** Puts away a live connection that is over and takes it up again: what is late is not its conversation. */
  renew(id: number, slot: number): number {
    this.retire(id, slot)
    return this.revive(id)
  }

  /** Ends listening to a live connection. */
  private freeze(id: number, slot: number): void {
    const walker = this.takeWalker(id, slot)
    if (walker !== null) this.idleWalkers.give(walker)
  }

  /**
   * Takes away the walker of a live connection, for whoever goes on with it. What it heard so far is noted as said, and
   * valid until the next one is taken: the connection is to be retired at once.
   */
  takeWalker(id: number, slot: number): ApplicationWalker | null {
    const walker = this.walkers[slot] ?? null
    if (walker === null) return null
    const shown = walker.clientDirection()
    const client = (roleOf(this.table.words, id * L.WORDS, shown) & 1) as 0 | 1
    this.said[slot] = { application: walker.summary(client, this.room), client, shown }
    this.walkers[slot] = null
    return walker
  }

  /** Retires all that still live, at the end of the capture. */
  retireAll(): void {
    for (let slot = 0; slot < this.states.used; slot++) {
      const owner = this.states.owners[slot]!
      if (owner !== 0) this.retire(owner - 1, slot)
    }
  }

  /** One step of a round over all live connections: retires the one under the hand if its time has come. */
  private look(time: number): void {
    const { states, table } = this
    if (states.used === 0) return
    this.hand = this.hand + 1 < states.used ? this.hand + 1 : 0
    const slot = this.hand
    const owner = states.owners[slot]!
    if (owner === 0) return
    const id = owner - 1
    const base = id * L.WORDS
    const quiet = time - table.doubles[id * L.DOUBLES + L.T_LAST]!
    if (quiet <= LINGER_NS || isHolding(table.words, base)) return
    const isReset = (table.words[base + L.BITS]! & L.BIT_RESET) !== 0
    const isSilent = this.walkers[slot] === null && (isReset || quiet > SILENT_LINGER_NS)
    if (isSilent || this.isOver(id, time)) this.retire(id, slot)
  }

  /** The quietest of some live connections is retired, whatever it may still have to say. */
  private makeRoom(time: number): void {
    const { states, table } = this
    let quietest = -1
    let longest = Number.NEGATIVE_INFINITY
    for (let i = 0, seen = 0; i < states.used && seen < 32; i++) {
      this.hand = this.hand + 1 < states.used ? this.hand + 1 : 0
      const owner = states.owners[this.hand]!
      if (owner === 0 || isHolding(table.words, (owner - 1) * L.WORDS)) continue
      seen++
      const quiet = time - table.doubles[(owner - 1) * L.DOUBLES + L.T_LAST]!
      if (quiet > longest) {
        longest = quiet
        quietest = this.hand
      }
    }
    if (quietest < 0) return
    const id = states.owners[quietest]! - 1
    if (this.walkers[quietest] !== null && !this.isOver(id, time)) this.putAwayEarly++
    this.retire(id, quietest)
  }

  /** Packs a live connection into the archive and takes its slot back. */
  retire(id: number, slot: number): void {
    const { table, states, log, archive, first } = this
    const { words } = table
    const base = id * L.WORDS
    this.freeze(id, slot)
    const said = this.said[slot] ?? null
    const role = roleOf(words, base, said === null ? -1 : said.shown)
    words[base + L.BITS] = (words[base + L.BITS]! & L.BIT_NO_ROLE) | (role << L.ROLE_SHIFT)
    if (said !== null && isNamed(said.application)) words[base + L.BITS]! |= L.BIT_NAMED
    this.countUnseen(id, slot, 1)
    this.readShape(id, slot, role, said)
    const at = slot * L.STATE_WORDS
    const rowCount = states.words[at + L.KEPT_COUNT]! + states.words[at + L.TAIL_COUNT]!
    const isWhole = rowCount === packetsOf(states.words, at)
    const { decisiveFrom } = this.shapeReader
    if (this.thin && words[base + L.SHAPE] !== 0 && decisiveFrom !== 0) {
      if (isWhole) passOverMiddle(log, states.words, at, decisiveFrom)
      else dropMiddle(log, states.words, at, decisiveFrom)
    }
    this.readFirst(id)
    const target = archive.begin()
    const end = this.packer.pack(
      states.words,
      states.doubles,
      slot,
      log,
      first,
      target,
      archive.position,
    )
    this.writer.start(target, end)
    packEntry(this.writer, said, first, this.texts)
    words[base + L.STATE] = archive.end(this.writer.at)
    words[base + L.BITS]! |= L.BIT_RETIRED
    if (isWhole) log.releaseRun(states.words[at + L.ROW_FIRST]! - 1, rowCount)
    else releaseRows(log, states.words[at + L.ROW_FIRST]!)
    this.said[slot] = null
    states.release(slot)
    this.live--
  }

  /** Unpacks a retired connection; tells its slot. */
  revive(id: number): number {
    const { table, unpacked, first, log } = this
    const base = id * L.WORDS
    const place = table.words[base + L.STATE]!
    this.readFirst(id)
    const chunk = chunkOf(this.archive, place)
    const end = this.unpacker.unpack(chunk, withinChunk(place), first, unpacked)
    table.words[base + L.BITS]! &= ~L.BIT_RETIRED
    const slot = this.place(id)
    this.said[slot] = unpackEntry(chunk, end, first, this.texts.list)
    const { words, doubles } = this.states
    const at = slot * L.STATE_WORDS
    words.set(unpacked.state, at)
    const { words: records } = table
    doubles.set(unpacked.stateDoubles.subarray(L.S_TIMES), slot * L.STATE_DOUBLES + L.S_TIMES)
    let previous = 0
    for (let i = 0; i < unpacked.rowCount; i++) {
      const row = log.take(previous)
      const rows = log.words
      rows.set(unpacked.rows.subarray(i * S.ROW_WORDS, (i + 1) * S.ROW_WORDS), row * S.ROW_WORDS)
      rows[row * S.ROW_WORDS + S.R_NEXT] = 0
      rows[row * S.ROW_WORDS + S.R_PREVIOUS] = previous
      if (previous === 0) words[at + L.ROW_FIRST] = row + 1
      else rows[(previous - 1) * S.ROW_WORDS + S.R_NEXT] = row + 1
      previous = row + 1
      if (i + 1 === words[at + L.KEPT_COUNT]) words[at + L.ROW_KEPT] = row + 1
      noteClosing(records, base, words, at, log, row, i, this.notesDigests)
      noteRecent(words, at, signatureOfRow(rows, row * S.ROW_WORDS))
    }
    words[at + L.ROW_LAST] = previous
    this.countUnseen(id, slot, -1)
    return slot
  }

  private readShape(id: number, slot: number, role: number, said: Said | null): void {
    const { table, states, log, shapeReader } = this
    const { words } = table
    const base = id * L.WORDS
    const client = (role & 1) as 0 | 1
    const application = said === null ? null : said.application
    // Roles that are less than sure may be turned by what other connections show.
    const hasShape =
      role >>> 1 <= ROLE_SYN_ACK &&
      shapeReader.read(table, id, states, slot, log, client, application)
    const { numbers, count, sequence, closeTime, aliveTime } = shapeReader
    const end = table.doubles[id * L.DOUBLES + L.T_LAST]!
    const isKnown = hasShape && isShortTime(end - closeTime) && isShortTime(end - aliveTime)
    words[base + L.SHAPE] = isKnown ? this.shapes.intern(numbers, count) + 1 : 0
    if (!isKnown) return
    words[base + L.CLOSE_TO_END] = end - closeTime
    words[base + L.ALIVE_TO_END] = end - aliveTime
    for (let d = 0; d < 2; d++) {
      words[base + L.DIRECTION + d * L.DIRECTION_WORDS + L.D_SEQUENCE] = sequence[d]!
    }
  }

  /** What the other side acknowledged beyond all that was seen counts as unseen while nothing more comes. */
  private countUnseen(id: number, slot: number, sign: 1 | -1): void {
    const { words } = this.table
    const state = this.states.words
    for (let d = 0; d < 2; d++) {
      const mine = id * L.WORDS + L.DIRECTION + d * L.DIRECTION_WORDS
      const theirs = id * L.WORDS + L.DIRECTION + (1 - d) * L.DIRECTION_WORDS
      const myState = slot * L.STATE_WORDS + L.S_DIRECTION + d * L.S_DIRECTION_WORDS
      if ((words[mine + L.D_BITS]! & L.DB_SEEN) === 0) continue
      if ((words[theirs + L.D_BITS]! & L.DB_ACKED) === 0) continue
      const beyond = delta(seenUpTo(words, mine, state, myState), words[theirs + L.D_ACKED]!)
      if (beyond > 0 && beyond < 1 << 30) {
        state[myState + L.S_UNSEEN_BYTES]! += sign * beyond
        words[mine + L.D_UNSEEN_SEGMENTS]! += sign
      }
    }
  }

  private readFirst(id: number): void {
    const { words, doubles } = this.table
    const { first } = this
    const base = id * L.WORDS
    first.frame = words[base + L.FIRST_FRAME]!
    first.time = doubles[id * L.DOUBLES + L.T_FIRST]!
    first.next[0] = words[base + L.DIRECTION + L.D_NEXT]!
    first.next[1] = words[base + L.DIRECTION + L.DIRECTION_WORDS + L.D_NEXT]!
  }
}

function signatureOfRow(rows: Uint32Array, at: number): number {
  const flagsWindow = rows[at + S.R_FLAGS_WINDOW]!
  return signatureOf(rows[at + S.R_SEQ]!, rows[at + S.R_ACK]!, flagsWindow, rows[at + S.R_LENGTH]!)
}

function packetsOf(state: Uint32Array, at: number): number {
  const a = at + L.S_DIRECTION
  return state[a + L.S_PACKETS]! + state[a + L.S_DIRECTION_WORDS + L.S_PACKETS]!
}

/** Does what was said hold ids of requests, or addresses of the connection in front of a proxy? */
function isNamed({ http, proxyHeader }: ApplicationSummary): boolean {
  return proxyHeader != null || http?.marks.some((m) => m.requestId + m.traceId > 0) === true
}

/** A whole number of ns that one word holds. */
function isShortTime(ns: number): boolean {
  return ns >= 0 && ns <= 0xffffffff && Number.isInteger(ns)
}

function hasBothFins(words: Uint32Array, base: number): boolean {
  const a = words[base + L.DIRECTION + L.D_BITS]!
  const b = words[base + L.DIRECTION + L.DIRECTION_WORDS + L.D_BITS]!
  return (a & b & L.DB_FIN) !== 0
}

function isHolding(words: Uint32Array, base: number): boolean {
  const a = words[base + L.DIRECTION + L.D_BITS]!
  const b = words[base + L.DIRECTION + L.DIRECTION_WORDS + L.D_BITS]!
  return ((a | b) & L.DB_HOLDING) !== 0
}

function powerOfTwo(wanted: number, least: number, most: number): number {
  let n = least
  while (n < wanted && n < most) n *= 2
  return n
}
