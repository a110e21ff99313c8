import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readCapture, type TestCapture, writeCapture } from '../support/capture-file.ts'
import { ETHERNET, findFields } from '../support/packet-fields.ts'
import {
  addToSequenceNumbers,
  driftClock,
  duplicateRecords,
  macOf,
  reorderNeighbours,
  rewriteAddresses,
  shiftClock,
  splitIntoChunks,
  toFormat,
  toSll2,
} from '../support/transform-capture.ts'
import { sampleFiles } from './sample-cases.ts'

const hasTshark = (() => {
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

const folder = mkdtempSync(join(tmpdir(), 'transform-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function fieldsOf(capture: TestCapture, ...fields: string[]): string[][] {
  const file = join(folder, 'capture')
  writeFileSync(file, writeCapture(capture))
  const args = ['-n', '-r', file, '-o', 'tcp.relative_sequence_numbers:false', '-T', 'fields']
  const text = execFileSync('tshark', [...args, ...fields.flatMap((f) => ['-e', f])], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  // An IPv6 packet has no ip.src: empty fields at the end of a line count.
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.split('\t'))
}

const samples = sampleFiles()
const sample = samples[0] ?? ''
const capture = () => readCapture(readFileSync(sample))

describe.skipIf(samples.length === 0)('transformed captures', () => {
  it('reads every sample and writes it back unchanged', () => {
    for (const file of samples) {
      const before = readCapture(readFileSync(file))
      expect(before.records.length).toBeGreaterThan(5)
      expect(readCapture(writeCapture(before))).toEqual(before)
    }
  })

  it('keeps the records through every container, resolution and byte order', () => {
    const before = capture()
    for (const container of ['pcap', 'pcapng'] as const) {
      for (const byteOrder of ['little', 'big'] as const) {
        const after = toFormat(before, { container, byteOrder, resolution: 'nanosecond' })
        expect(readCapture(writeCapture(after)).records).toEqual(before.records)
      }
    }
  })

  it('splits into chunks that join to the same bytes', () => {
    const file = readFileSync(sample)
    const chunks = splitIntoChunks(file, 100, 1)
    expect(chunks.length).toBeGreaterThan(10)
    expect(Buffer.concat(chunks).equals(file)).toBe(true)
  })

  it('keeps every record when neighbours change places', () => {
    const before = capture()
    const slow = { ...before, records: before.records.map((r, i) => ({ ...r, time: BigInt(i) })) }
    const after = reorderNeighbours(slow, 5)
    expect(after.records).not.toEqual(slow.records)
    expect(after.records.toSorted((a, b) => Number(a.time - b.time))).toEqual(slow.records)
  })
})

describe.skipIf(!hasTshark || samples.length === 0)(
  'transformed captures, as tshark reads them',
  () => {
    it('have another clock', () => {
      const times = (c: TestCapture) => fieldsOf(c, 'frame.time_epoch').map((r) => Number(r[0]))
      const before = times(capture())
      const shifted = times(shiftClock(capture(), 3600))
      expect(shifted.map((t, i) => Math.round((t - before[i]!) * 1e3))).toEqual(
        before.map(() => 3_600_000),
      )
      const drifted = times(driftClock(toFormat(capture(), { resolution: 'nanosecond' }), 300))
      const last = before.length - 1
      const span = before[last]! - before[0]!
      expect(drifted[last]! - drifted[0]! - span).toBeCloseTo(span * 300e-6, 5)
    })

    it('have other sequence numbers, acknowledgements and SACK edges, and nothing else changed', () => {
      const add = 0xfff00000
      const names = [
        'tcp.seq_raw',
        'tcp.ack_raw',
        'tcp.options.sack_le',
        'tcp.len',
        'tcp.flags',
        'ip.src',
      ]
      // A few of every link type and format; all IPv6 ones.
      const some = samples.filter((file, i) => i % 5 === 0 || file.includes('ipv6'))
      for (const file of some) {
        const original = readCapture(readFileSync(file))
        const before = fieldsOf(original, ...names)
        const after = fieldsOf(addToSequenceNumbers(original, add), ...names)
        for (const [i, row] of before.entries()) {
          const [seq, ack, sack, length, flags, source] = row
          const now = after[i]!
          if (!seq || seq.includes(',')) continue
          const moved = (n: string) => String((Number(n) + add) % 2 ** 32)
          const isReset = (Number(flags) & 0x14) === 0x14
          expect(now[0]).toBe(isReset && seq === '0' ? '0' : moved(seq))
          expect(now[1]).toBe(Number(flags) & 0x10 ? moved(ack!) : ack)
          expect(now[2]).toBe(sack ? sack.split(',').map(moved).join(',') : '')
          expect(now.slice(3)).toEqual([length, flags, source])
        }
      }
    })

    it('have other addresses and are otherwise the same', () => {
      const rewritten = rewriteAddresses(capture(), (a) => {
        a[1]! ^= 0x55
      })
      const before = fieldsOf(
        capture(),
        'ip.src',
        'ip.dst',
        'tcp.srcport',
        'tcp.seq_raw',
        'tcp.flags',
      )
      const after = fieldsOf(
        rewritten,
        'ip.src',
        'ip.dst',
        'tcp.srcport',
        'tcp.seq_raw',
        'tcp.flags',
      )
      const swap = (address: string) =>
        address.replace(/(?<=\.)\d+/, (n) => String(Number(n) ^ 0x55))
      expect(after).toEqual(before.map((r) => [swap(r[0]!), swap(r[1]!), ...r.slice(2)]))
    })

    it('hold the same segments as Linux cooked captures', () => {
      const file = samples.find(
        (f) => readCapture(readFileSync(f)).records[0]?.linkType === ETHERNET,
      )
      const original = readCapture(readFileSync(file!))
      const names = ['ip.src', 'tcp.srcport', 'tcp.seq_raw', 'tcp.flags', 'tcp.len', 'frame.len']
      const before = fieldsOf(original, ...names)
      const cooked = toSll2(original, macOf(original.records[0]!))
      expect(fieldsOf(cooked, ...names)).toEqual(
        before.map((r) => [...r.slice(0, 5), String(Number(r[5]) + 6)]),
      )
      const kinds = new Set(fieldsOf(cooked, 'sll.pkttype').map((r) => r[0]))
      expect(kinds).toEqual(new Set(['0', '4']))
    })

    it('hold every record twice', () => {
      const doubled = duplicateRecords(capture(), 3)
      const sequence = fieldsOf(doubled, 'tcp.seq_raw').map((r) => r[0]!)
      expect(sequence.length).toBe(2 * capture().records.length)
      expect(
        findFields(doubled.records[1]!.data, doubled.records[1]!.linkType).tcp,
      ).toBeGreaterThan(0)
    })
  },
)
