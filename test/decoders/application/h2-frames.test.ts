import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ApplicationWalker } from '../../../native-free-decoders/application/application-walker.ts'

const frame = (type: number, flags: number, stream: number, payload: number[] = []) => [
  payload.length >> 16,
  (payload.length >> 8) & 0xff,
  payload.length & 0xff,
  type,
  flags,
  ...word(stream),
  ...payload,
]
const word = (n: number) => [n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff]
const text = (s: string) => [...Buffer.from(s, 'latin1')]
const PREFACE = text('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const SETTINGS = frame(4, 0, 0, [0, 3, 0, 0, 0, 100])
const headers = (stream: number, end = false) => frame(1, end ? 5 : 4, stream, [0x82, 0x86])
const goaway = (last: number, error: number, more: number[] = []) =>
  frame(7, 0, 0, [...word(last), ...word(error), ...more])

const CLIENT = [...PREFACE, ...SETTINGS, ...headers(1, true), ...headers(3, true)]
const UPSTREAM = [
  ...SETTINGS,
  ...headers(1),
  ...frame(0, 1, 1, text('hello')),
  ...goaway(1, 11, text('too_many_pings')),
  ...frame(3, 0, 3, word(7)),
]

/** Both directions cut into pieces, the client's first; a piece is a frame of its own. */
function walk(client: number[][], upstream: number[][]) {
  const walker = new ApplicationWalker()
  let number = 0
  for (const [direction, pieces] of [[0, client] as const, [1, upstream] as const]) {
    for (const piece of pieces) {
      const bytes = Uint8Array.from(piece)
      number++
      walker.feed(direction, bytes, 0, bytes.length, number, number * 1e9)
    }
  }
  return walker.summary(0)
}

describe('frames of HTTP/2 in plaintext', () => {
  it('tell GOAWAY with its error, resets, and which streams are over (RFC 9113)', () => {
    const { protocol, h2 } = walk([CLIENT], [UPSTREAM])
    expect(protocol).toBe('h2')
    expect(h2).toEqual({
      opened: 2,
      ended: 2,
      resets: 1,
      goaway: { by: 'upstream', lastStream: 1, error: 11, frame: 2, time: 2e9 },
      lostPlace: false,
    })
  })

  it('say the same however they are cut', () => {
    const whole = walk([CLIENT], [UPSTREAM]).h2!
    const cuts = (length: number) => fc.array(fc.nat(length), { maxLength: 9 })
    const pieces = (all: number[], at: number[]) => {
      const sorted = [0, ...at.sort((a, b) => a - b), all.length]
      return sorted.slice(1).map((end, i) => all.slice(sorted[i], end))
    }
    fc.assert(
      fc.property(cuts(CLIENT.length), cuts(UPSTREAM.length), (a, b) => {
        const { h2 } = walk(pieces(CLIENT, a), pieces(UPSTREAM, b))
        const { frame: _, time: __, ...goaway } = h2!.goaway!
        expect({ ...h2, goaway }).toEqual({
          ...whole,
          goaway: { by: 'upstream', lastStream: 1, error: 11 },
        })
      }),
    )
  })

  it('lose their place where more than the rest of a frame was not captured', () => {
    const walker = new ApplicationWalker()
    const feed = (bytes: number[]) =>
      walker.feed(0, Uint8Array.from(bytes), 0, bytes.length, 1, 1e9)
    feed([...PREFACE, ...SETTINGS, 0, 0, 10, 0, 0, 0, 0, 0, 1])
    walker.skip(0, 10, 2, 2e9)
    expect(walker.summary(0).h2!.lostPlace).toBe(false)
    walker.skip(0, 1, 3, 3e9)
    expect(walker.summary(0).h2!.lostPlace).toBe(true)
  })

  it('survive any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        const { h2 } = walk([[...PREFACE, ...noise]], [[...SETTINGS, ...noise]])
        expect(h2!.opened).toBeLessThan(40)
      }),
    )
  })
})
