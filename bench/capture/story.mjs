import * as P from './payload.mjs'

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
const RETRANSMIT = 200e6

const HELLOS = [true, false].map((tls13) => [
  P.clientHello('orders.shop.svc.cluster.local', tls13),
  P.serverFlight(tls13),
  P.clientFinished(tls13),
  P.serverFinished(tls13),
  P.closeNotify(tls13),
])

/** Builds the packets of one connection in order of time. */
export class Story {
  packets = []
  #random
  #time
  #next
  #acked = [0, 0]
  #mss
  #noise
  /** Who sent the last data: the other end must have received it before it speaks. */
  #speaker = 0

  constructor(random, time, { mss = 1448, noise = true } = {}) {
    this.#random = random
    this.#time = time
    this.#next = [random.word(), random.word()]
    this.#mss = mss
    this.#noise = noise
  }

  get time() {
    return this.#time
  }

  wait(ns) {
    this.#time += ns
  }

  #push(from, flags, message = null, offset = 0, length = 0) {
    const packet = {
      time: this.#time,
      from,
      flags,
      seq: this.#next[from] >>> 0,
      ack: (flags & ACK) !== 0 ? this.#acked[from] >>> 0 : 0,
      message,
      offset,
      length,
      reaches: true,
      icmp: false,
    }
    this.packets.push(packet)
    const taken = length + ((flags & SYN) !== 0 ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0)
    this.#next[from] = (this.#next[from] + taken) >>> 0
    if (length > 0 && this.#noise) this.#disturb(packet)
    return packet
  }

  /** Now and then a segment is sent again, overtaken by its predecessor, or captured twice. */
  #disturb(packet) {
    const { packets } = this
    const dice = this.#random.below(1000)
    if (dice < 5) packets.push({ ...packet, time: packet.time + RETRANSMIT })
    else if (dice < 10) {
      const before = packets.at(-2)
      if (before?.from === packet.from && before.length > 0) {
        ;[before.time, packet.time] = [packet.time, before.time]
      }
    } else if (dice < 12) packets.push({ ...packet, copy: true, time: packet.time + 5e3 })
  }

  syn() {
    return this.#push(0, SYN)
  }

  /** The same SYN again. */
  synAgain() {
    this.#next[0] = (this.#next[0] - 1) >>> 0
    return this.#push(0, SYN)
  }

  open() {
    this.syn()
    this.synAck()
    this.wait(ONE_WAY + TURN)
    this.#push(0, ACK)
    this.#speaker = 0
  }

  synAck() {
    this.wait(ONE_WAY + TURN)
    this.#acked[1] = this.#next[0]
    this.#push(1, SYN | ACK)
    this.#acked[0] = this.#next[1]
    this.#speaker = 1
  }

  /** From now on `from` speaks. */
  #turn(from) {
    this.wait(from === this.#speaker ? TURN : ONE_WAY + TURN)
    this.#speaker = from
  }

  /** Sends a message, or its first bytes, in full segments; the receiver acknowledges every second one. */
  say(from, message, bytes = message.length) {
    this.#turn(from)
    this.#acked[from] = this.#next[1 - from]
    let segments = 0
    for (let offset = 0; offset < bytes; offset += this.#mss) {
      const length = Math.min(this.#mss, bytes - offset)
      const last = offset + length === bytes
      this.#push(from, last ? ACK | PSH : ACK, message, offset, length)
      if (++segments % 2 === 0 || last) this.#acknowledge(1 - from)
      this.wait(12e3)
    }
  }

  /** When it arrives, the other end acknowledges what was sent last. */
  #acknowledge(from) {
    this.#acked[from] = this.#next[1 - from]
    this.#push(from, ACK).time += ONE_WAY + 3e3
  }

  close(from) {
    this.#turn(from)
    this.#push(from, FIN | ACK)
    this.#turn(1 - from)
    this.#acked[1 - from] = this.#next[from]
    this.#push(1 - from, FIN | ACK)
    this.#turn(from)
    this.#acked[from] = this.#next[1 - from]
    this.#push(from, ACK)
  }

  reset(from, flags = RST | ACK) {
    this.#turn(from)
    if ((flags & ACK) !== 0) this.#acked[from] = this.#next[1 - from]
    this.#push(from, flags)
  }

  /** The answer of a host on which nothing listens. */
  refuse() {
    this.#turn(1)
    this.#next[1] = 0
    this.#acked[1] = this.#next[0]
    this.#push(1, RST | ACK)
  }

  /** A router says that the SYN cannot be delivered. */
  unreachable() {
    this.#turn(1)
    const packet = this.#push(1, 0)
    packet.icmp = true
    packet.seq = (this.#next[0] - 1) >>> 0
  }
}

function request(random) {
  const path = `/orders/${random.below(100000)}`
  return P.plain(
    `GET ${path} HTTP/1.1\r\nhost: orders.shop.svc.cluster.local\r\nuser-agent: bench/1.0\r\naccept: */*\r\n\r\n`,
  )
}

function response(size) {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${size}\r\nserver: bench\r\n\r\n`
  return P.plain(head, size)
}

/** A connection with a handshake, exchanges over TLS or plaintext HTTP, and one of the usual ends. */
export function conversation(random, time, { exchanges, size }) {
  const story = new Story(random, time)
  const isTls = random.permille(650)
  const [hello, flight, finished, ready, notify] = HELLOS[random.below(2)]
  story.open()
  if (isTls) {
    story.say(0, hello)
    story.say(1, flight)
    story.say(0, finished)
    story.say(1, ready)
  }
  const ask = () => story.say(0, isTls ? P.tlsData(random.between(200, 600)) : request(random))
  const answer = (n) => (isTls ? P.tlsData(n) : response(n))
  const rounds = random.between(1, exchanges * 2 - 1)
  for (let i = 0; i < rounds; i++) {
    ask()
    story.wait(random.exponential(4e6))
    story.say(1, answer(random.between(Math.ceil(size / 4), size * 2 - Math.ceil(size / 4))))
    story.wait(random.exponential(300e6))
  }
  const end = random.below(1000)
  if (end < 820) {
    const from = random.below(2)
    if (isTls) story.say(from, notify)
    story.close(from)
  } else if (end < 870) {
    story.reset(0)
  } else if (end < 900) {
    ask()
    story.wait(random.exponential(4e6))
    story.say(1, answer(size * 2), size)
    story.reset(1)
  } else if (end < 930) {
    story.wait(random.exponential(20e9))
    ask()
    story.reset(1, RST)
  } else if (end < 950) {
    ask()
    story.wait(2e9)
    story.close(0)
  }
  return story
}

/** A connection attempt of a scan or of a client whose upstream is gone; few of them succeed. */
export function attempt(random, time) {
  const story = new Story(random, time, { noise: false })
  const kind = random.below(1000)
  if (kind < 50) {
    story.open()
    story.say(0, request(random))
    story.say(1, response(120))
    story.close(random.below(2))
  } else if (kind < 450) {
    story.syn().reaches = false
    for (let wait = 1e9, left = random.below(3); left > 0; left--, wait *= 2) {
      story.wait(wait)
      story.synAgain().reaches = false
    }
  } else if (kind < 950) {
    story.syn()
    story.refuse()
  } else if (kind < 975) {
    story.syn()
    story.synAck()
    story.reset(0, RST)
  } else if (kind < 990) {
    story.open()
    story.reset(1)
  } else {
    story.syn().reaches = false
    story.unreachable()
  }
  return story
}
