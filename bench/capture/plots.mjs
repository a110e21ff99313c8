import * as P from './payload.mjs'
import { Story } from './story.mjs'

/** What may happen to a connection. The ending is known here, before anything reads the packets. */

/**
 * @typedef {object} Ending
 * @property {'fin-close' | 'rst-without-fin' | 'handshake-never-completed' | 'open'} termination
 * @property {'client' | 'upstream' | null} firstReset  who sent the first RST
 *
 * @typedef {{ packets: import('./story.mjs').Packet[], ending: Ending }} Plot
 */

const FIN_CLOSE = { termination: 'fin-close', firstReset: null }
const OPEN = { termination: 'open', firstReset: null }
const RESET_BY_CLIENT = { termination: 'rst-without-fin', firstReset: 'client' }
const RESET_BY_UPSTREAM = { termination: 'rst-without-fin', firstReset: 'upstream' }
const UNANSWERED = { termination: 'handshake-never-completed', firstReset: null }
const REFUSED = { termination: 'handshake-never-completed', firstReset: 'upstream' }
const TAKEN_BACK = { termination: 'handshake-never-completed', firstReset: 'client' }

const HELLOS = [true, false].map((tls13) => [
  P.clientHello('orders.shop.svc.cluster.local', tls13),
  P.serverFlight(tls13),
  P.clientFinished(tls13),
  P.serverFinished(tls13),
  P.closeNotify(tls13),
])

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

/**
 * A connection with a handshake, exchanges over TLS or plaintext HTTP, and one of the usual ends.
 * `exchanges` and `size` (bytes of a response) are means.
 * @returns {Plot}
 */
export function conversation(random, time, isTls, { exchanges, size }) {
  const story = new Story(random, time)
  const [hello, flight, finished, ready, notify] = HELLOS[random.below(2)]
  story.open()
  if (isTls) {
    story.say(0, hello)
    story.say(1, flight)
    story.say(0, finished)
    story.say(1, ready)
  }
  const question = () => (isTls ? P.tlsData(random.between(200, 600)) : request(random))
  const ask = () => story.say(0, question())
  const answer = (n) => (isTls ? P.tlsData(n) : response(n))
  const rounds = random.between(1, exchanges * 2 - 1)
  for (let i = 0; i < rounds; i++) {
    ask()
    story.wait(random.exponential(4e6))
    story.say(1, answer(random.between(Math.ceil(size / 4), size * 2 - Math.ceil(size / 4))))
    story.wait(random.exponential(300e6))
  }
  const { packets } = story
  const end = random.below(1000)
  if (end < 940) {
    const from = random.below(2)
    if (isTls) story.say(from, notify)
    story.close(from)
    return { packets, ending: FIN_CLOSE }
  }
  if (end < 960) {
    story.reset(0)
    return { packets, ending: RESET_BY_CLIENT }
  }
  if (end < 975) {
    ask()
    story.wait(random.exponential(4e6))
    story.say(1, answer(size * 2), size)
    story.reset(1)
    return { packets, ending: RESET_BY_UPSTREAM }
  }
  if (end < 985) {
    // The upstream forgot the connection while it was idle: what it is asked then belongs to none.
    story.wait(random.exponential(20e9))
    story.tell(0, question())
    story.rejectLate(1)
    return { packets, ending: RESET_BY_UPSTREAM }
  }
  if (end < 990) {
    ask()
    story.wait(2e9)
    story.close(0)
    return { packets, ending: FIN_CLOSE }
  }
  return { packets, ending: OPEN }
}

/**
 * A connection attempt of a scan or of a client whose upstream is gone; few of them succeed.
 * @returns {Plot}
 */
export function attempt(random, time) {
  const story = new Story(random, time, { noise: false })
  const { packets } = story
  const kind = random.below(1000)
  if (kind < 50) {
    story.open()
    story.say(0, request(random))
    story.say(1, response(120))
    story.close(random.below(2))
    return { packets, ending: FIN_CLOSE }
  }
  if (kind < 450) {
    // Lost on the way, or heard by a host whose queue is full.
    const reaches = kind >= 150
    story.syn().reaches = reaches
    for (let wait = 1e9, left = random.below(3); left > 0; left--, wait *= 2) {
      story.wait(wait)
      story.synAgain().reaches = reaches
    }
    return { packets, ending: UNANSWERED }
  }
  if (kind < 950) {
    story.syn()
    story.refuse()
    return { packets, ending: REFUSED }
  }
  if (kind < 975) {
    story.syn()
    story.synAck()
    story.rejectLate(0)
    return { packets, ending: TAKEN_BACK }
  }
  if (kind < 990) {
    story.open()
    story.reset(1)
    return { packets, ending: RESET_BY_UPSTREAM }
  }
  story.syn().reaches = false
  story.unreachable()
  return { packets, ending: UNANSWERED }
}
