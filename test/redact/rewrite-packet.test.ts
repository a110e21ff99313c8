import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pseudonyms } from '../../src/redact/pseudonyms.ts'
import { rewritePacket } from '../../src/redact/rewrite-packet.ts'
import { root } from '../source-files.ts'
import { readCapture } from '../support/capture-file.ts'

const names = pseudonyms('key')

function sum(bytes: Uint8Array, start = 0): number {
  let total = start
  for (let i = 0; i < bytes.length; i += 2) total += (bytes[i]! << 8) + (bytes[i + 1] ?? 0)
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return total
}

/** Whether the IP header checksum and the TCP checksum of an Ethernet or cooked IPv4 frame are right. */
function checks(data: Uint8Array, linkType: number): { ip: boolean; tcp: boolean } {
  const at = linkType === 1 ? 14 : 16
  const view = new DataView(data.buffer, data.byteOffset)
  const headerLength = (data[at]! & 15) * 4
  const length = view.getUint16(at + 2)
  const tcp = data.subarray(at + headerLength, at + length)
  const pseudo = sum(data.subarray(at + 12, at + 20), 6 + tcp.length)
  return {
    ip: sum(data.subarray(at, at + headerLength)) === 0xffff,
    tcp: sum(tcp, pseudo) === 0xffff,
  }
}

const frames = [
  'idle-timeout/client.pcap',
  'idle-timeout/upstream.pcap',
  'upstream-kill/client.pcap',
]
  .flatMap((path) => readCapture(readFileSync(`${root}samples/${path}`)).records)
  .filter(({ data, originalLength }) => data.length === originalLength && data.length > 50)
  .filter(({ data, linkType }) => data[linkType === 1 ? 14 : 16]! >> 4 === 4)

describe('checksums', () => {
  test('what was right stays right, what was wrong stays wrong', () => {
    expect(frames.length).toBeGreaterThan(50)
    let right = 0
    for (const { data, originalLength, linkType } of frames) {
      const made = rewritePacket(data, originalLength, linkType, names)
      expect(made).not.toEqual(data)
      expect(checks(made, linkType)).toEqual(checks(data, linkType))
      if (checks(data, linkType).tcp) right++
      const broken = Uint8Array.from(data)
      const at = linkType === 1 ? 14 : 16
      broken[at + 11]! ^= 0x10
      expect(checks(rewritePacket(broken, originalLength, linkType, names), linkType).ip).toBe(
        false,
      )
    }
    expect(right).toBeGreaterThan(10)
  })
})

test('ports, numbers, flags, window, TTL, identification and basic options stay', () => {
  for (const { data, originalLength, linkType } of frames) {
    const made = rewritePacket(data, originalLength, linkType, names)
    const at = linkType === 1 ? 14 : 16
    expect(made.subarray(at, at + 10)).toEqual(data.subarray(at, at + 10))
    expect(made.subarray(at + 20, at + 36)).toEqual(data.subarray(at + 20, at + 36))
    expect(made.subarray(at + 38)).toEqual(data.subarray(at + 38))
  }
})

test('the segment that an ICMP error quotes is rewritten like the segment', () => {
  const original = frames.find(({ linkType }) => linkType === 1)!
  const ip = original.data.subarray(14, 14 + 40)
  const outer = Uint8Array.from([
    ...original.data.subarray(0, 14),
    ...ip.subarray(0, 20),
    3,
    4,
    0,
    0,
    0,
    0,
    5,
    180,
    ...ip,
  ])
  outer[14] = 0x45
  outer[14 + 9] = 1
  new DataView(outer.buffer).setUint16(16, outer.length - 14)
  const icmp = ~sum(outer.subarray(34)) & 0xffff
  new DataView(outer.buffer).setUint16(36, icmp)
  const made = rewritePacket(outer, outer.length, 1, names)
  const segment = rewritePacket(original.data, original.originalLength, 1, names)
  expect(made.subarray(42 + 12, 42 + 20)).toEqual(segment.subarray(14 + 12, 14 + 20))
  expect(sum(made.subarray(34))).toBe(0xffff)
})

test('values of unusual TCP options are hidden, their places stay', () => {
  const { data, originalLength, linkType } = frames.find(({ data }) => data.length >= 70)!
  const at = (linkType === 1 ? 14 : 16) + 20
  const made = Uint8Array.from(data)
  // Option 28 of ten bytes where timestamps stood: an address that a load balancer adds.
  made.set([28, 10, 10, 42, 3, 8, 0, 80, 1, 2, 1, 1], at + 20)
  const options = rewritePacket(made, originalLength, linkType, names).subarray(at + 20, at + 30)
  expect([...options]).toEqual([28, 10, 0, 0, 0, 0, 0, 0, 0, 0])
})

test('no bytes make it throw, and the length stays', () => {
  const linkTypes = fc.constantFrom(0, 1, 12, 101, 104, 108, 113, 228, 229, 239, 276, 9)
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 120 }),
    fc
      .tuple(fc.constantFrom(...frames), fc.nat(90), fc.nat(255), fc.nat(120))
      .map(([frame, at, value, length]) => {
        const changed = Uint8Array.from(frame.data)
        changed[at] = value
        return changed.slice(0, length)
      }),
  )
  fc.assert(
    fc.property(bytes, linkTypes, (data, linkType) => {
      expect(rewritePacket(data, 1500, linkType, names).length).toBe(data.length)
    }),
    { numRuns: 2000 },
  )
})
