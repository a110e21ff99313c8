import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EndpointIds } from '../../src/connections/endpoint-ids.ts'
import { WordTable } from '../../src/connections/word-table.ts'

// Few values, so that tuples come again; large ones too, whose highest bit is set.
const word = fc.constantFrom(0, 1, 2, 0xffff, 0x80000000, 0xffffffff)

describe('tuples of words by number', () => {
  it('are the same number exactly where they are equal, in the order in which they came', () => {
    const tuples = fc.array(fc.tuple(word, word, word), { minLength: 1, maxLength: 400 })
    fc.assert(
      fc.property(tuples, (all) => {
        const table = new WordTable(3, 1)
        const known = new Map<string, number>()
        for (const tuple of all) {
          const text = tuple.join(' ')
          table.key.set(tuple)
          expect(table.find()).toBe(known.get(text) ?? -1)
          if (!known.has(text)) known.set(text, known.size)
          const id = table.intern()
          expect(id).toBe(known.get(text))
          expect(tuple.map((_, at) => table.word(id, at))).toEqual(tuple)
        }
        expect(table.count).toBe(known.size)
      }),
    )
  })

  it('stay what they were while the table grows', () => {
    const table = new WordTable(2)
    const most = 5000
    for (const round of [0, 1]) {
      for (let i = 0; i < most; i++) {
        table.key[0] = i
        table.key[1] = i * 7
        expect(round === 0 ? table.intern() : table.find()).toBe(i)
      }
    }
  })
})

describe('endpoints by number', () => {
  it('are named by their words, whichever capture and shard holds them', () => {
    const ids = new EndpointIds()
    const here = Uint32Array.from([0x20010db8, 0, 0, 1, 0, 0, 0, 0x0a000001])
    const there = Uint32Array.from([0, 0, 0, 0x0a000001])
    const v4 = ids.intern(null, 0x0a000001, 443)
    const v6 = ids.intern(here, 0, 443)
    const low = ids.intern(here, 1, 443)
    expect(new Set([v4, v6, low]).size).toBe(3)
    expect(ids.find(there, 0, 443)).toBe(low)
    expect(ids.find(null, 0x0a000001, 80)).toBe(-1)
    expect(ids.count).toBe(3)
    expect([v4, v6].map((id) => ids.text(id))).toEqual(['10.0.0.1:443', '[2001:db8::1]:443'])
  })
})
