import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { root } from '../source-files.ts'
import { readCapture } from '../support/capture-file.ts'
import { writePcap } from '../support/write-pcap.ts'
import { playLive } from './play.ts'

// The version is read beside the built files, which are one folder deeper than the source.
vi.mock('../../src/version.ts', () => ({ VERSION: '0.0.0' }))

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

test.each([
  'upstream-kill/upstream.pcap',
  'unnat-reset/client.pcap',
  'tls-untrusted-ca/client.pcap',
  'keepalive-race/upstream.pcap',
])(
  '%s with bytes and times changed at random: whatever is told is told in good order',
  async (name) => {
    const { records } = readCapture(readFileSync(join(root, 'samples', name)))
    const { linkType } = records[0]!
    for (let seed = 1; seed <= 12; seed++) {
      const next = numbersFrom(seed)
      const changed = records.map(({ time, data }) => {
        const bytes = data.slice()
        for (let i = 0; i < 3; i++)
          if (next() < 0.2) bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256)
        const cut = next() < 0.05 ? Math.floor(next() * bytes.length) : bytes.length
        const shift = next() < 0.05 ? Math.floor((next() - 0.5) * 2e12) : 0
        return {
          time: time + BigInt(shift),
          bytes: bytes.subarray(0, cut),
          originalLength: data.length,
        }
      })
      const { told } = await playLive(writePcap(changed, { magic: 'nanosecond', linkType }), {
        mostRemembered: 4,
        goneAfterNs: 60e9,
      })
      // The first time without an earlier telling; later ones take the last one back.
      const open = new Map<number, string>()
      for (const { connection, ending, before, goesOn } of told) {
        const { id } = connection
        expect(before === null ? undefined : JSON.stringify(before.ending)).toBe(open.get(id))
        if (goesOn) open.delete(id)
        else open.set(id, JSON.stringify(ending))
      }
      expect(told.length).toBeGreaterThan(0)
    }
  },
)
