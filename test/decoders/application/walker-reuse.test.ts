import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ApplicationWalker } from '../../../native-free-decoders/application/application-walker.ts'
import { SummaryRoom } from '../../../native-free-decoders/application/summary-room.ts'
import { WalkerParts } from '../../../native-free-decoders/application/walker-parts.ts'
import { recording, recordingNames } from './recordings.ts'
import { poison, stateOf } from './walker-state.ts'

const text = (value: string) => new Uint8Array(Buffer.from(value, 'latin1'))

describe('what is begun again', () => {
  const parts = new WalkerParts()
  const kinds = {
    'TLS session': [() => parts.sessions.take(), []],
    'TLS records': [() => parts.sessions.take().start(0, true), [false]],
    'TLS handshake messages': [() => parts.messages.take(), [1, true]],
    'HTTP exchange': [() => parts.exchanges.take(), [1]],
    walker: [() => new ApplicationWalker(parts), []],
  } as const
  for (const [name, [make, args]] of Object.entries(kinds)) {
    it(`is as new in every field: ${name}`, () => {
      type Begun = { begin: (...args: readonly unknown[]) => void; tls?: unknown; http?: unknown }
      const used = make() as unknown as Begun
      poison(used)
      // A walker gives these back: they are its own.
      if (used instanceof ApplicationWalker) Object.assign(used, { tls: null, http: null })
      const fresh = make() as unknown as Begun
      expect(stateOf(used)).not.toEqual(stateOf(fresh))
      used.begin(...args)
      fresh.begin(...args)
      expect(stateOf(used)).toEqual(stateOf(fresh))
    })
  }

  it('TLS records of a session are begun when they start', () => {
    const used = parts.sessions.take()
    for (const d of [0, 1] as const) poison(used.start(d, true))
    used.begin()
    const fresh = new WalkerParts().sessions.take()
    for (const d of [0, 1] as const) {
      expect(stateOf(used.start(d, false))).toEqual(stateOf(fresh.start(d, false)))
    }
  })
})

interface Step {
  /** Which of the connections that live at the same time. */
  who: number
  direction: 0 | 1
  /** What it says; a number for bytes that were not captured; null for its end. */
  what: Uint8Array | number | null
}

const record = (type: number, body: Uint8Array) =>
  Uint8Array.of(type, 3, 3, body.length >> 8, body.length & 255, ...body)

/** Pieces that lead into every corner of the walkers, in any order. */
const says = fc.oneof(
  fc
    .constantFrom(...recordingNames.flatMap((name) => recording(name).map(({ bytes }) => bytes)))
    .chain((bytes) =>
      fc.tuple(fc.nat(20), fc.nat(bytes.length)).map(([from, to]) => bytes.subarray(from, to)),
    ),
  fc.constantFrom(...recordingNames.flatMap((name) => recording(name).map(({ bytes }) => bytes))),
  fc
    .tuple(fc.constantFrom(20, 21, 22, 23, 24, 77), fc.uint8Array({ maxLength: 40 }))
    .map(([type, body]) => record(type, body)),
  fc
    .constantFrom(
      'GET /a?b HTTP/1.1\r\nHost: shop\r\nX-Request-Id: abc\r\n\r\n',
      'POST /b HTTP/1.0\r\nContent-Length: 9\r\n\r\n1234',
      'CONNECT h:1 HTTP/1.1\r\n\r\n',
      'HEAD / HTTP/1.1\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n',
      'HTTP/1.1 200 OK\r\nServer: envoy\r\nContent-Length: 3\r\n\r\nabc',
      'HTTP/1.1 503 No\r\nserver: envoy\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel',
      'HTTP/1.1 101 Switch\r\n\r\n',
      'lo\r\n0\r\n\r\n',
      `X: ${'y'.repeat(3000)}`,
      'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'SSH-2.0-x\r\n',
      'G',
    )
    .map(text),
  fc.uint8Array({ minLength: 1, maxLength: 60 }),
)

const step: fc.Arbitrary<Step> = fc.record({
  who: fc.nat(3),
  direction: fc.constantFrom(0 as const, 1 as const),
  what: fc.oneof(
    { weight: 8, arbitrary: says },
    { weight: 2, arbitrary: fc.nat(2000) },
    { weight: 2, arbitrary: fc.constant(null) },
  ),
})

function take(walker: ApplicationWalker, { direction, what }: Step, frame: number): void {
  if (typeof what === 'number') walker.skip(direction, what, frame, frame * 1e6)
  else if (what !== null) walker.feed(direction, what, 0, what.length, frame, frame * 1e6)
}

describe('a walker that followed other connections', () => {
  it('comes to the same as a new one, in every field, whatever was said before and beside it', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 120 }), (steps) => {
        const parts = new WalkerParts()
        const room = new SummaryRoom()
        const used = Array.from({ length: 4 }, () => new ApplicationWalker(parts))
        const fresh = used.map(() => new ApplicationWalker())
        for (const [index, s] of steps.entries()) {
          const walker = used[s.who]!
          if (s.what === null) {
            walker.begin()
            fresh[s.who] = new ApplicationWalker()
          } else {
            take(walker, s, index + 1)
            take(fresh[s.who]!, s, index + 1)
          }
          const like = fresh[s.who]!
          expect(stateOf(walker)).toEqual(stateOf(like))
          expect(walker.summary(s.direction, room)).toEqual(like.summary(s.direction))
          expect(walker.clientDirection()).toBe(like.clientDirection())
        }
        for (const [who, walker] of used.entries()) {
          expect(stateOf(walker)).toEqual(stateOf(fresh[who]))
        }
      }),
      { numRuns: 200 },
    )
  })
})
