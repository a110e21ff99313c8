import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Reassembler, type StreamSink } from '../../src/connections/reassembler.ts'

/** Puts down what it is given; a byte that was sent but not captured is -1. */
class Listener implements StreamSink {
  readonly heard: number[] = []

  feed(_direction: 0 | 1, bytes: Uint8Array, start: number, end: number): void {
    this.heard.push(...bytes.subarray(start, end))
  }

  skip(_direction: 0 | 1, length: number): void {
    for (let i = 0; i < length; i++) this.heard.push(-1)
  }
}

interface Piece {
  offset: number
  length: number
  captured: number
}

const STREAM = Uint8Array.from({ length: 80 }, (_, i) => (i * 37 + 11) & 0xff)
const u32 = (value: number) => value >>> 0

/** Holds every piece and drains after each, as if nothing were ever in order by itself. */
function reassemble(pieces: readonly Piece[], isn: number): { heard: number[]; held: number } {
  const reassembler = new Reassembler()
  const listener = new Listener()
  let expected = isn
  for (const [i, { offset, length, captured }] of pieces.entries()) {
    // The captured bytes stand somewhere in a larger buffer.
    const buffer = new Uint8Array(200).fill(0xee)
    buffer.set(STREAM.subarray(offset, offset + captured), 33)
    const seq = u32(isn + offset)
    expect(reassembler.hold(3, seq, length, buffer, 33, captured, i, i)).toBe(true)
    expected = reassembler.drain(3, 1, expected, listener)
  }
  return { heard: listener.heard, held: reassembler.firstHeld(3) }
}

/** How far the stream goes without a hole, by marking every byte. */
function reach(pieces: readonly Piece[]): number {
  const there = new Set<number>()
  for (const { offset, length } of pieces) {
    for (let i = 0; i < length; i++) there.add(offset + i)
  }
  let end = 0
  while (there.has(end)) end++
  return end
}

const piece = fc
  .tuple(fc.nat(70), fc.integer({ min: 1, max: 10 }), fc.nat(10))
  .map(([offset, length, cut]) => ({ offset, length, captured: Math.max(0, length - cut) }))
const whole = piece.map((p) => ({ ...p, captured: p.length }))
const isn = fc.constantFrom(0, 1, 0x7fffffe0, 0x80000000, 0xffffffd0, 0xffffffff)

describe('reassembly', () => {
  it('gives every byte once and in order, up to the first hole, in any order of arrival', () => {
    fc.assert(
      fc.property(fc.array(whole, { maxLength: 40 }), isn, (pieces, start) => {
        const { heard } = reassemble(pieces, start)
        expect(heard).toEqual([...STREAM.subarray(0, reach(pieces))])
      }),
    )
  })

  it('never makes up a byte that was not captured, nor loses count', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), isn, (pieces, start) => {
        const { heard } = reassemble(pieces, start)
        expect(heard).toHaveLength(reach(pieces))
        heard.forEach((byte, i) => {
          expect([STREAM[i], -1]).toContain(byte)
        })
      }),
    )
  })

  it('keeps what lies behind a hole', () => {
    const pieces = [
      { offset: 20, length: 5, captured: 5 },
      { offset: 10, length: 5, captured: 5 },
    ]
    expect(reassemble(pieces, 0xfffffff8)).toEqual({ heard: [], held: 2 })
  })

  it('keeps streams apart', () => {
    const reassembler = new Reassembler()
    reassembler.hold(0, 10, 2, Uint8Array.of(1, 2), 0, 2, 1, 1)
    reassembler.hold(1, 10, 2, Uint8Array.of(8, 9), 0, 2, 2, 2)
    const listener = new Listener()
    expect(reassembler.drain(1, 1, 10, listener)).toBe(12)
    expect(listener.heard).toEqual([8, 9])
    expect(reassembler.streams()).toEqual([0])
  })

  it('gives up at its bounds and counts it', () => {
    const reassembler = new Reassembler(10)
    expect(reassembler.hold(0, 100, 8, new Uint8Array(8), 0, 8, 1, 1)).toBe(true)
    expect(reassembler.hold(2, 100, 8, new Uint8Array(8), 0, 8, 2, 2)).toBe(false)
    expect(reassembler.boundReached).toBe(1)
    const listener = new Listener()
    reassembler.drain(0, 0, 100, listener)
    expect(reassembler.hold(2, 100, 8, new Uint8Array(8), 0, 8, 3, 3)).toBe(true)
  })

  it('holds a bounded number of segments, however small', () => {
    const reassembler = new Reassembler()
    let held = 0
    while (held < 100_000 && reassembler.hold(0, held * 2, 1, Uint8Array.of(1), 0, 1, 1, 1)) held++
    expect(held).toBeLessThan(10_000)
    expect(reassembler.boundReached).toBe(1)
  })
})
