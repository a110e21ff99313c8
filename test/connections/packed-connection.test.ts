import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as L from '../../src/connections/layout.ts'
import {
  ConnectionPacker,
  ConnectionUnpacker,
  UnpackedConnection,
} from '../../src/connections/packed-connection.ts'
import * as S from '../../src/connections/segment-log.ts'

const word = fc.oneof(fc.constant(0), fc.nat(300), fc.nat(0xffffffff))
/** Whole nanoseconds in order, and what damaged captures have: fractions, steps back, times before the first. */
const time = fc.oneof(
  fc.nat(1_000_000),
  fc.nat(),
  fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
)
const LINKS = new Set([S.R_NEXT, S.R_PREVIOUS])
/** The words of a row that are fields; behind them lies its time. */
const FIELDS = Array.from({ length: S.R_BITS + 1 }, (_, i) => i).filter((i) => !LINKS.has(i))

const connection = fc.record({
  frame: fc.nat(0x7fffffff),
  start: fc.nat(1e15),
  next: fc.tuple(word, word),
  state: fc.array(word, { minLength: L.STATE_PLAIN_WORDS, maxLength: L.STATE_PLAIN_WORDS }),
  times: fc.array(time, { minLength: 8, maxLength: 8 }),
  rows: fc.array(fc.tuple(fc.array(word, { minLength: 20, maxLength: 20 }), time), {
    maxLength: 70,
  }),
})

describe('a packed connection', () => {
  it('comes out as it went in', () => {
    const packer = new ConnectionPacker()
    const unpacker = new ConnectionUnpacker()
    const out = new UnpackedConnection()
    const bytes = new Uint8Array(1 << 16)
    fc.assert(
      fc.property(connection, ({ frame, start, next, state, times, rows }) => {
        const words = new Uint32Array(2 * L.STATE_WORDS)
        const doubles = new Float64Array(words.buffer)
        const slot = 1
        words.set(state, slot * L.STATE_WORDS)
        for (const d of [0, 1]) {
          // No payload (0), or payload in a frame that is not before the first.
          const at = slot * L.STATE_WORDS + L.S_DIRECTION + d * L.S_DIRECTION_WORDS
          const frames = words[at + L.S_LAST_PAYLOAD_FRAME]! % 1000
          words[at + L.S_LAST_PAYLOAD_FRAME] = frames === 0 ? 0 : Math.max(1, frame) + frames - 1
        }
        times.forEach((t, i) => {
          doubles[slot * L.STATE_DOUBLES + L.S_TIMES + i] = t
        })
        const log = new S.SegmentLog(4)
        let link = 0
        for (const [fields, at] of rows) {
          const row = log.take(link)
          log.words.set(fields, row * S.ROW_WORDS)
          log.times[row * S.ROW_DOUBLES + S.R_TIME] = at
          log.words[row * S.ROW_WORDS + S.R_NEXT] = 0
          if (link !== 0) log.words[(link - 1) * S.ROW_WORDS + S.R_NEXT] = row + 1
          link = row + 1
        }
        const base = slot * L.STATE_WORDS
        words[base + L.ROW_FIRST] = rows.length > 0 ? 1 : 0
        words[base + L.KEPT_COUNT] = Math.min(12, rows.length)
        words[base + L.TAIL_COUNT] = rows.length - words[base + L.KEPT_COUNT]!
        const first = { frame, time: start, next }
        const end = packer.pack(words, doubles, slot, log, first, bytes, 5)
        expect(unpacker.unpack(bytes, 5, first, out)).toBe(end)

        expect(out.rowCount).toBe(rows.length)
        for (let i = L.KEPT_COUNT; i < L.STATE_PLAIN_WORDS; i++) {
          expect(out.state[i], `word ${i} of the state`).toBe(words[base + i])
        }
        for (let i = 0; i < 8; i++) {
          const there = doubles[slot * L.STATE_DOUBLES + L.S_TIMES + i]!
          expect(out.stateDoubles[L.S_TIMES + i]! === there, `time ${i}`).toBe(true)
        }
        rows.forEach((_, row) => {
          for (const field of FIELDS) {
            const there = log.words[row * S.ROW_WORDS + field]
            expect(out.rows[row * S.ROW_WORDS + field], `row ${row}, word ${field}`).toBe(there)
          }
          const at = row * S.ROW_DOUBLES + S.R_TIME
          expect(out.times[at] === log.times[at], `time of row ${row}`).toBe(true)
        })
      }),
      { numRuns: 300 },
    )
  })
})
