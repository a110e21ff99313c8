/** One connection as the packets that leave its two ends: times in ns, sequence numbers, ranges of messages. */

export const FIN = 1
export const SYN = 2
export const RST = 4
export const PSH = 8
export const ACK = 16

/** One way between the two ends: what leaves one now passes the other's tap so much later. */
export const ONE_WAY = 0.4e6
/** A host answers within this time. */
const TURN = 20e3
/** Between two segments of a message. */
const PACE = 12e3
const RETRANSMIT = 200e6

/**
 * @typedef {object} Packet
 * @property {number} time     when it leaves, in ns
 * @property {number} stamped  what its TSval says: also when it leaves, but for a copy
 * @property {number} echoed   when the last packet left that its sender had received: what TSecr says
 * @property {0 | 1} from      client or upstream
 * @property {boolean} reaches false: lost before the other's tap
 * @property {number} late     ns that it takes longer than others on its way
 * @property {Packet | null} copyOf  what the capture holds twice
 * @property {boolean} isBare  a host's answer to what belongs to no connection: no options, no window, IP ID 0
 * @property {boolean} isIcmp  not a segment, but an error about the client's SYN
 */

/** Builds the packets of one connection, in any order of time. */
export class Story {
  /** @type {Packet[]} */
  packets = []
  #random
  #time
  #next
  #acked = [0, 0]
  #sentAt = [0, 0]
  #heard = [0, 0]
  #mss
  #noise
  #repeats = []
  /** Who sent the last data: the other end must have received it before it speaks. */
  #speaker = 0

  constructor(random, time, { mss = 1448, noise = true } = {}) {
    this.#random = random
    this.#time = time
    this.#next = [random.word(), random.word()]
    this.#mss = mss
    this.#noise = noise
  }

  wait(ns) {
    this.#time += ns
  }

  #push(from, flags, message = null, offset = 0, length = 0) {
    const packet = {
      time: this.#time,
      stamped: this.#time,
      echoed: this.#heard[from],
      from,
      flags,
      seq: this.#next[from] >>> 0,
      ack: (flags & ACK) !== 0 ? this.#acked[from] >>> 0 : 0,
      message,
      offset,
      length,
      reaches: true,
      late: 0,
      copyOf: null,
      isBare: false,
      isIcmp: false,
    }
    this.packets.push(packet)
    this.#sentAt[from] = packet.time
    const taken = length + ((flags & SYN) !== 0 ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0)
    this.#next[from] = (this.#next[from] + taken) >>> 0
    return packet
  }

  /**
   * Now and then a segment is lost and sent again, sent again for nothing, overtaken by the next, or captured twice.
   * `isSecond`: nothing was acknowledged since the segment before, so that one may arrive after this one.
   */
  #disturb(packet, isSecond) {
    const { packets } = this
    const dice = this.#random.below(1000)
    if (dice < 2) {
      packet.reaches = false
      this.wait(RETRANSMIT)
      this.#sentAt[packet.from] = this.#time
      packets.push({ ...packet, time: this.#time, stamped: this.#time, reaches: true })
    } else if (dice < 5) {
      const time = packet.time + RETRANSMIT
      this.#repeats.push({ ...packet, time, stamped: time })
    } else if (dice < 10 && isSecond) {
      packets.at(-2).late = packet.time - packets.at(-2).time + 1e3
    } else if (dice < 12) {
      packets.push({ ...packet, copyOf: packet, time: packet.time + 5e3 })
    }
  }

  syn() {
    return this.#push(0, SYN)
  }

  /** The same SYN again. */
  synAgain() {
    this.#next[0] = (this.#next[0] - 1) >>> 0
    return this.#push(0, SYN)
  }

  synAck() {
    this.#turn(1)
    this.#acked[1] = this.#next[0]
    this.#push(1, SYN | ACK)
    this.#acked[0] = this.#next[1]
  }

  open() {
    this.syn()
    this.synAck()
    this.#turn(0)
    this.#push(0, ACK)
  }

  /** From now on `from` speaks. */
  #turn(from) {
    if (from === this.#speaker) {
      this.wait(TURN)
      return
    }
    this.wait(ONE_WAY + TURN)
    this.#heard[from] = this.#sentAt[1 - from]
    this.#speaker = from
  }

  /** Sends a message, or its first bytes, in full segments; the receiver acknowledges every second one. */
  say(from, message, bytes = message.length) {
    this.#turn(from)
    this.#acked[from] = this.#next[1 - from]
    let unacknowledged = 0
    for (let offset = 0; offset < bytes; offset += this.#mss) {
      const length = Math.min(this.#mss, bytes - offset)
      const last = offset + length === bytes
      const packet = this.#push(from, last ? ACK | PSH : ACK, message, offset, length)
      unacknowledged++
      if (this.#noise) this.#disturb(packet, unacknowledged === 2)
      if (unacknowledged === 2 || last) {
        this.#acknowledge(1 - from)
        unacknowledged = 0
      }
      this.wait(PACE)
    }
  }

  /** Sends a message of one segment that nobody acknowledges. */
  tell(from, message) {
    this.#turn(from)
    this.#acked[from] = this.#next[1 - from]
    this.#push(from, ACK | PSH, message, 0, message.length)
  }

  /** When it arrives, the other end acknowledges what was sent last. */
  #acknowledge(from) {
    const now = this.#time
    this.#acked[from] = this.#next[1 - from]
    this.#heard[from] = now
    this.#time = now + ONE_WAY + 3e3
    this.#push(from, ACK)
    this.#time = now
  }

  close(from) {
    this.#turn(from)
    this.#repeatUntilNow()
    this.#push(from, FIN | ACK)
    this.#turn(1 - from)
    this.#acked[1 - from] = this.#next[from]
    this.#push(1 - from, FIN | ACK)
    this.#turn(from)
    this.#acked[from] = this.#next[1 - from]
    this.#push(from, ACK)
  }

  /** The application closes with data unread, or with a linger time of zero. */
  reset(from) {
    this.#turn(from)
    this.#repeatUntilNow()
    this.#acked[from] = this.#next[1 - from]
    this.#push(from, RST | ACK)
  }

  /** A host that knows nothing of the connection (any more) answers a segment that carries an ACK. */
  rejectLate(from) {
    this.#turn(from)
    this.#repeatUntilNow()
    this.#push(from, RST).isBare = true
  }

  /** The answer of a host on which nothing listens. */
  refuse() {
    this.#turn(1)
    this.#next[1] = 0
    this.#acked[1] = this.#next[0]
    this.#push(1, RST | ACK).isBare = true
  }

  /** A router says that the SYN cannot be delivered. */
  unreachable() {
    this.#turn(1)
    const packet = this.#push(1, 0)
    packet.isIcmp = true
    packet.seq = (this.#next[0] - 1) >>> 0
  }

  /** Nobody repeats what the other end, gone by then, had acknowledged long ago. */
  #repeatUntilNow() {
    const end = this.#time - 2 * ONE_WAY
    this.packets.push(...this.#repeats.filter(({ time }) => time < end))
    this.#repeats = []
  }
}
