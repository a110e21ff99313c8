import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  DecodedPacket,
  PACKET_OTHER,
  PACKET_TCP,
  STOP_NONE,
  STOP_SNAPPED,
} from '../../native-free-decoders/index.ts'
import { PacketDecoder } from '../../src/packets/decode-packet.ts'
import { ethernet, hex, ipv4, ipv6, tcp, u16, u32, udp } from './packet-bytes.ts'

const LINK_TYPES = [0, 1, 9, 12, 14, 50, 51, 101, 104, 108, 113, 147, 228, 229, 239, 276]

const options = hex('020405b4 0402080a 00000001 00000002 01030307')
const segment = tcp({ options, payload: [1, 2, 3, 4, 5, 6, 7, 8] })
const inner = ethernet(0x0800, ipv4(6, segment))

/** Packets of many layers, to be damaged. */
const SEEDS = [
  ipv4(6, segment),
  ipv6(6, segment),
  ipv6(0, [44, 0, ...hex('c20400000100'), 43, 0, 0, 1, 0, 0, 0, 1, 6, 2, 4, 1, ...segment]),
  ipv4(17, udp(4789, [...hex('08000000 00000100'), ...inner])),
  ipv4(17, udp(6081, [...hex('01006558 00000100 00000000'), ...inner])),
  ipv4(47, [...hex('3000 6558 00000001 00000002'), ...inner]),
  ipv4(1, [...hex('0304000000000500'), ...ipv4(6, segment)]),
  ipv6(58, [...hex('0200000000000500'), ...ipv6(6, segment)]),
  ipv4(6, segment.slice(0, 24), { fragment: 0x2000 }),
  ipv4(6, segment.slice(24), { fragment: 3 }),
  ipv4(51, [...hex('04040000'), ...new Array(20).fill(0), ...ipv4(6, segment)]),
]

const tail = [6, 0, ...u16(0), ...u32(1), ...segment]

/** Records of every link layer and tunnel, whole. */
const WHOLE: [linkType: number, record: readonly number[]][] = [
  ...SEEDS.map((seed): [number, readonly number[]] => [101, seed]),
  [1, ethernet(0x88a8, [...hex('0001 8100 0002 0800'), ...ipv4(6, segment)])],
  [1, ethernet(0x8847, [...hex('00010040 00011140 00000000'), ...inner])],
  [1, ethernet(0x8847, [...hex('00011140'), ...inner])],
  [1, ethernet(0x8864, [...hex('1100 0001 0050 0021'), ...ipv4(6, segment)])],
  [1, ethernet(60, [...hex('aaaa03 000000 86dd'), ...ipv6(44, tail)])],
  [1, ethernet(60, [...hex('060603'), ...ipv4(97, [...hex('3000'), ...inner])])],
  [1, ethernet(0x88e7, [0, 0, 0, 1, ...inner])],
  [1, ethernet(0x8903, [0, 1, ...inner])],
  [1, ethernet(0x8926, [...hex('00000000 0800'), ...ipv4(6, segment)])],
  [
    0,
    [2, 0, 0, 0, ...ipv4(47, [...hex('1000 22eb 00000001'), ...new Array(12).fill(2), ...inner])],
  ],
  [
    0,
    [
      2,
      0,
      0,
      0,
      ...ipv4(47, [...hex('3081 880b 0030 0007 00000001 00000002 21'), ...ipv4(6, segment)]),
    ],
  ],
  [0, [2, 0, 0, 0, ...ipv4(47, [...hex('0000 883e 00000000'), ...ipv4(6, segment)])]],
  [113, [...hex('0004 0001 0006 020000000001 0000 0800'), ...ipv4(4, ipv4(6, segment))]],
  [276, [...hex('0800 0000 00000001 0001 00 06 020000000001 0000'), ...ipv4(41, ipv6(6, segment))]],
  [50, [...hex('0f00 0800'), ...ipv4(6, segment)]],
  [9, [...hex('ff03 0281 00011140'), ...ipv4(6, segment)]],
  [239, [...hex('02000001 0500 0a00 00000000 4400 0900'), ...ipv4(6, segment)]],
]

const damaged = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
    fc.nat(),
  )
  .map(([seed, changes, cut]) => {
    const bytes = [...seed]
    for (const [place, value] of changes) bytes[place % bytes.length] = value
    return bytes.slice(0, bytes.length - (cut % 40))
  })

const records = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => [...bytes]),
  damaged,
  damaged.map((bytes) => ethernet(bytes[0]! >> 4 === 6 ? 0x86dd : 0x0800, bytes)),
  damaged.map((bytes) => ethernet(0x8847, [...hex('00011140'), ...bytes])),
  damaged.map((bytes) => [...hex('0000 0001 0006 020000000001 0000'), ...u16(0x0800), ...bytes]),
)

const input = fc.record({
  record: records,
  linkType: fc.constantFrom(...LINK_TYPES),
  beyond: fc.constantFrom(0, 1, 1400, 0xffffffff),
})

/** Fails the test when anything outside the record is read. */
function guardedView(bytes: Uint8Array, start: number, end: number): DataView {
  const view = new DataView(bytes.buffer)
  for (const [name, width] of [
    ['getUint8', 1],
    ['getUint16', 2],
    ['getUint32', 4],
  ] as const) {
    const read = view[name].bind(view)
    view[name] = (at: number, littleEndian?: boolean) => {
      if (at < start || at + width > end) throw new Error(`read of ${width} bytes at ${at}`)
      return read(at, littleEndian)
    }
  }
  return view
}

function decodeBetween(
  record: readonly number[],
  before: number,
  filler: number,
  beyond: number,
  linkType: number,
  decoder: PacketDecoder,
) {
  const end = before + record.length
  const bytes = new Uint8Array(end + 50).fill(filler)
  bytes.set(record, before)
  const out = new DecodedPacket()
  const view = guardedView(bytes, before, end)
  const original = Math.min(record.length + beyond, 0xffffffff)
  decoder.decode(view, bytes, before, record.length, original, linkType, 0, out)
  return out
}

describe('a record cut at any byte', () => {
  it.each(WHOLE.map(([linkType, record], i) => ({ i, linkType, record })))(
    'is never read beyond the cut (link type $linkType, $i)',
    ({ linkType, record }) => {
      for (let length = 0; length <= record.length; length++) {
        const beyond = record.length - length
        const cut = record.slice(0, length)
        const out = decodeBetween(cut, 11, 0x45, beyond, linkType, new PacketDecoder())
        // As a snapped record and as one that is whole at this length.
        decodeBetween(cut, 11, 0x45, 0, linkType, new PacketDecoder())
        if (length < record.length && out.kind === PACKET_OTHER) expect(out.stop).toBe(STOP_SNAPPED)
      }
      const whole = decodeBetween(record, 0, 0, 0, linkType, new PacketDecoder())
      expect(whole.stop).toBe(STOP_NONE)
      expect(whole.kind).not.toBe(PACKET_OTHER)
    },
  )
})

describe('any bytes', () => {
  it('are decoded without throwing, without reading outside the record, into plain numbers', () => {
    const decoder = new PacketDecoder()
    fc.assert(
      fc.property(input, fc.nat(60), ({ record, linkType, beyond }, before) => {
        const out = decodeBetween(record, before, 0x45, beyond, linkType, decoder)
        for (const [name, value] of Object.entries(out)) {
          if (name === 'reassembled' || typeof value === 'boolean') continue
          expect(Number.isInteger(value), name).toBe(true)
          const least = ['ipId', 'windowScale', 'resetReason'].includes(name) ? -1 : 0
          expect(value, name).toBeGreaterThanOrEqual(least)
        }
        expect(out.payloadCaptured).toBeLessThanOrEqual(out.payloadLength)
        const [start, end] =
          out.reassembled === null ? [before, before + record.length] : [0, out.reassembled.length]
        if (out.kind === PACKET_TCP) expect(out.payloadOffset).toBeGreaterThanOrEqual(start)
        if (out.kind === PACKET_TCP) {
          expect(out.payloadOffset + out.payloadCaptured).toBeLessThanOrEqual(end)
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('decode to the same whatever stands around them', () => {
    fc.assert(
      fc.property(input, ({ record, linkType, beyond }) => {
        const first = decodeBetween(record, 0, 0, beyond, linkType, new PacketDecoder())
        const second = decodeBetween(record, 41, 0x60, beyond, linkType, new PacketDecoder())
        if (second.reassembled === null && second.payloadOffset > 0) second.payloadOffset -= 41
        expect(second).toEqual(first)
      }),
      { numRuns: 1000 },
    )
  })
})
