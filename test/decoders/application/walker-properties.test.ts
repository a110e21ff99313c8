import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ApplicationWalker } from '../../../native-free-decoders/application/application-walker.ts'
import { feedAll, type Piece } from './pcap-payload.ts'
import { recording, recordingNames } from './recordings.ts'

const text = (value: string) => new Uint8Array(Buffer.from(value, 'latin1'))

const exchange = (...turns: [0 | 1, string][]): Piece[] =>
  turns.map(([direction, value], index) => ({ direction, bytes: text(value), frame: index + 1 }))

const longLine = `X-Long: ${'y'.repeat(3000)}\r\n`
const conversations: Record<string, Piece[]> = {
  ...Object.fromEntries(recordingNames.map((name) => [name, recording(name)])),
  'http keep-alive': exchange(
    [0, `GET /a?token=1 HTTP/1.1\r\nHost: shop\r\n${longLine}\r\n`],
    [
      1,
      'HTTP/1.1 200 OK\r\nServer: istio-envoy\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n',
    ],
    [1, '10\r\n0123456789abcdef\r\n0\r\nTrailer: 1\r\n\r\n'],
    [
      0,
      'HEAD /b HTTP/1.1\r\nHost: shop\r\n\r\nPOST /c HTTP/1.1\r\nContent-Length: 9\r\n\r\n123456789',
    ],
    [1, 'HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'],
    [1, 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 95\r\n\r\nupstream connect err'],
  ),
  'http long request line': exchange([0, `GET /${'p'.repeat(4000)} HTTP/1.0\r\nHost: h\r\n\r\n`]),
  'proxy v1': exchange([
    0,
    'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n',
  ]),
  'proxy v2': exchange([
    0,
    '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x01\x02\x03\x04\x05\x06\x07\x08\0\x01\0\x02PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ]),
  ssh: exchange([1, 'SSH-2.0-OpenSSH_9.6\r\n'], [0, 'SSH-2.0-Go\r\n']),
}

const summaryOf = (pieces: readonly Piece[]) => {
  const walker = new ApplicationWalker()
  feedAll(walker, pieces)
  return walker.summary(0)
}

const bytewise = (pieces: readonly Piece[]): Piece[] =>
  pieces.flatMap(({ direction, bytes, frame }) =>
    Array.from(bytes, (byte) => ({ direction, bytes: Uint8Array.of(byte), frame })),
  )

describe('chunking', () => {
  for (const [name, pieces] of Object.entries(conversations)) {
    it(`does not change what ${name} comes to`, () => {
      const whole = summaryOf(pieces)
      expect(summaryOf(bytewise(pieces))).toEqual(whole)
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (sizes) => {
          let turn = 0
          const walker = new ApplicationWalker()
          for (const { direction, bytes, frame } of pieces) {
            for (let at = 0; at < bytes.length; ) {
              const end = Math.min(bytes.length, at + sizes[turn++ % sizes.length]!)
              walker.feed(direction, bytes, at, end, frame, frame * 1e9)
              at = end
            }
          }
          expect(walker.summary(0)).toEqual(whole)
        }),
        { numRuns: 30 },
      )
    })
  }
})

/** [from, to) of each record body in a flight that is cut between records. */
function recordBodies(bytes: Uint8Array): [number, number, number][] {
  const bodies: [number, number, number][] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + bytes[at + 3]! * 256 + bytes[at + 4]!
    bodies.push([bytes[at]!, at + 5, end])
    at = end
  }
  return bodies
}

describe('gaps', () => {
  it('in the bodies of protected records change nothing', () => {
    for (const name of recordingNames) {
      const pieces = recording(name)
      const walker = new ApplicationWalker()
      for (const { direction, bytes, frame } of pieces) {
        for (const [type, from, to] of recordBodies(bytes)) {
          walker.feed(direction, bytes, from - 5, from, frame, frame * 1e9)
          if (type === 23 && to - from > 4) {
            walker.feed(direction, bytes, from, from + 2, frame, frame * 1e9)
            walker.skip(direction, to - from - 2, frame, frame * 1e9)
          } else walker.feed(direction, bytes, from, to, frame, frame * 1e9)
        }
      }
      expect(walker.summary(0)).toEqual(summaryOf(pieces))
    }
  })

  it('in plaintext handshake messages leave the stage as it is', () => {
    for (const name of recordingNames) {
      const pieces = recording(name)
      const walker = new ApplicationWalker()
      for (const { direction, bytes, frame } of pieces) {
        for (const [type, from, to] of recordBodies(bytes)) {
          // The hello's first part stays: it holds the random and, of the server, the chosen version.
          const kept = type === 22 ? Math.min(to, from + 128) : to
          walker.feed(direction, bytes, from - 5, kept, frame, frame * 1e9)
          walker.skip(direction, to - kept, frame, frame * 1e9)
        }
      }
      const { tls, lostPlace } = walker.summary(0)
      const whole = summaryOf(pieces).tls!
      expect(lostPlace).toBe(false)
      expect(tls).toMatchObject({
        stage: whole.stage,
        clientFinished: whole.clientFinished,
        upstreamApplicationData: whole.upstreamApplicationData,
      })
    }
  })

  it('across a record header lose the place of that direction only', () => {
    const walker = new ApplicationWalker()
    const [hello, flight, finished, answer] = recording('tls13')
    feedAll(walker, [hello!])
    walker.feed(1, flight!.bytes, 0, 60, 2, 2e9)
    walker.skip(1, flight!.bytes.length - 60, 2, 2e9)
    feedAll(walker, [finished!, answer!])
    const summary = walker.summary(0)
    expect(summary).toMatchObject({
      lostPlace: true,
      clientLostPlace: false,
      upstreamLostPlace: true,
    })
    expect(summary.tls).toMatchObject({ clientFinished: { frame: 3 }, serverHello: { frame: 2 } })
    expect(summary.tls!.upstreamApplicationData).toBe(null)
  })
})

describe('hostile bytes', () => {
  const starts = fc.constantFrom(
    '',
    '\x16\x03\x01\x02\x00\x01',
    '\x16\x03\x03\xff\xff\x02',
    '\x17\x03\x03\x00\x01',
    '\x80\x2e\x01\x03\x01',
    'GET / HTTP/1.1\r\n',
    'HTTP/1.1 200 OK\r\n',
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'PROXY ',
    '\r\n\r\n\0\r\nQUIT\n',
  )
  const step = fc.record({
    direction: fc.constantFrom(0 as const, 1 as const),
    start: starts,
    bytes: fc.uint8Array({ maxLength: 80 }),
    skip: fc.nat(40),
  })

  it('never throw, and always give a summary', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const walker = new ApplicationWalker()
        for (const [index, { direction, start, bytes, skip }] of steps.entries()) {
          const all = new Uint8Array([...text(start), ...bytes])
          walker.feed(direction, all, 0, all.length, index, index)
          walker.skip(direction, skip, index, index)
        }
        const first = walker.summary(0)
        expect(walker.summary(0)).toEqual(first)
        expect([-1, 0, 1]).toContain(walker.clientDirection())
      }),
      { numRuns: 2000 },
    )
  })

  it('come to the same however they are cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(conversations)),
        fc.array(fc.tuple(fc.nat(5000), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (name, changes) => {
          const pieces = conversations[name]!.map((piece) => ({
            ...piece,
            bytes: piece.bytes.slice(),
          }))
          for (const [where, value] of changes) {
            const piece = pieces[where % pieces.length]!
            piece.bytes[where % Math.min(piece.bytes.length, 1 + (where & 255))] = value
          }
          expect(summaryOf(bytewise(pieces))).toEqual(summaryOf(pieces))
        },
      ),
      { numRuns: 400 },
    )
  })

  it('hold no more than a hello or a line, however much is sent', () => {
    const junk = new Uint8Array(1 << 20).fill(0x61)
    for (const start of [
      'GET /',
      'GET / HTTP/1.1\r\nHost',
      '\x16\x03\x01\x40\x00\x01\xff\xff\xff',
    ]) {
      const walker = new ApplicationWalker()
      const bytes = text(start)
      walker.feed(0, bytes, 0, bytes.length, 1, 1)
      for (let at = 0; at < junk.length; at += 1400) {
        walker.feed(0, junk, at, Math.min(junk.length, at + 1400), 2, 2)
      }
      expect(heldBytes(walker)).toBeLessThanOrEqual(16384)
    }
  })
})

/** Bytes in typed arrays that an object reaches. */
function heldBytes(value: unknown): number {
  if (value instanceof Uint8Array) return value.length
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce((sum: number, inner) => sum + heldBytes(inner), 0)
}
