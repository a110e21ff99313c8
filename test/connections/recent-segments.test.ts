import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as L from '../../src/connections/layout.ts'
import {
  isLikeRecent,
  noteRecent,
  RECENT_SEGMENTS,
  signatureOf,
} from '../../src/connections/recent-segments.ts'

const word = fc.nat(0xffffffff)
const segment = fc.tuple(word, word, word, fc.nat(0xffff))

describe('signatures of the last segments', () => {
  it('never miss one of the last, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 20 }), (segments) => {
        const state = new Uint32Array(2 * L.STATE_WORDS)
        const base = L.STATE_WORDS
        for (const one of segments) noteRecent(state, base, signatureOf(...one))
        for (const one of segments.slice(-RECENT_SEGMENTS)) {
          expect(isLikeRecent(state, base, signatureOf(...one))).toBe(true)
        }
        // The neighbour's state, and the words around, are not touched.
        expect(
          state.findIndex((w, i) => w !== 0 && i !== base + L.RECENT && i !== base + L.RECENT + 1),
        ).toBe(-1)
      }),
    )
  })

  it('tell most other segments apart', () => {
    const state = new Uint32Array(L.STATE_WORDS)
    let alike = 0
    for (let i = 0; i < 10_000; i++) {
      const signature = signatureOf(1000 + i * 1448, 77, 0x100500, 1448)
      if (isLikeRecent(state, 0, signature)) alike++
      noteRecent(state, 0, signature)
    }
    expect(alike).toBeLessThan(300)
  })
})
