import { describe, expect, test } from 'vitest'
import {
  enhancedPacket,
  interfaceDescription,
  interfaceStatistics,
  sectionHeader,
  type WrittenPacket,
} from '../../native-free-decoders/container/pcapng-write.ts'
import { readCapture } from '../support/capture-file.ts'
import { readRecords } from '../support/read-records.ts'

const client = { linkType: 1, snapLength: 96, name: 'client', description: null, filter: 'tcp' }
const upstream = {
  linkType: 113,
  snapLength: 0,
  name: 'upstream',
  description: 'any',
  filter: null,
}
const packet: WrittenPacket = {
  interface: 0,
  timeNs: 1_773_740_460_387_547_123n,
  data: Uint8Array.of(1, 2, 3, 4, 5),
  originalLength: 1500,
  direction: 2,
  comments: ['rstscope: RST sent – by 10.2.0.2', 'second'],
}

function file(...packets: WrittenPacket[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat([
      sectionHeader('rstscope 1.0', ['why\nand how']),
      interfaceDescription(client),
      interfaceDescription(upstream),
      ...packets.map(enhancedPacket),
      interfaceStatistics(1, packet.timeNs, 7),
    ]),
  )
}

/** Type, body and options of each block, by the draft. */
function blocksOf(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const blocks: { type: number; at: number; length: number }[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at + 4, true)
    expect(length % 4).toBe(0)
    expect(view.getUint32(at + length - 4, true)).toBe(length)
    blocks.push({ type: view.getUint32(at, true), at, length })
    at += length
  }
  return blocks
}

function optionsOf(bytes: Uint8Array, from: number, to: number): [number, string][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const options: [number, string][] = []
  for (let at = from; at < to; ) {
    const code = view.getUint16(at, true)
    const length = view.getUint16(at + 2, true)
    if (code === 0) break
    options.push([code, Buffer.from(bytes.subarray(at + 4, at + 4 + length)).toString()])
    at += 4 + ((length + 3) & ~3)
  }
  return options
}

describe('blocks of draft-ietf-opsawg-pcapng', () => {
  test('a section, interfaces, packets and statistics are read again as they were', async () => {
    const second = { ...packet, interface: 1, comments: [], direction: 0, data: new Uint8Array(64) }
    const { records, facts } = await readRecords(file(packet, second))
    expect(
      records.map(({ time, bytes, originalLength, direction }) => [
        time,
        bytes,
        originalLength,
        direction,
      ]),
    ).toEqual([
      [packet.timeNs, '0102030405', 1500, 2],
      [packet.timeNs, '00'.repeat(64), 1500, 0],
    ])
    expect(facts.interfaces).toEqual([
      { linkType: 1, linkTypeName: 'EN10MB', snapLength: 96, name: 'client', filter: 'tcp' },
      { linkType: 113, linkTypeName: 'LINUX_SLL', snapLength: 0, name: 'upstream', filter: null },
    ])
    expect(facts.droppedByCapture).toBe(7)
    expect(facts.warnings).toEqual([])
  })

  test('a reader that shares no code agrees', () => {
    const { format, records } = readCapture(file(packet))
    expect(format).toEqual({ container: 'pcapng', resolution: 'nanosecond', byteOrder: 'little' })
    expect(records).toEqual([
      { time: packet.timeNs, data: packet.data, originalLength: 1500, linkType: 1 },
    ])
  })

  test('comments, names and the program stand in the options of their blocks', () => {
    const bytes = file(packet)
    const [section, first, second, one] = blocksOf(bytes)
    const options = (block: { at: number; length: number }, fixed: number) =>
      optionsOf(bytes, block.at + fixed, block.at + block.length - 4)
    expect(options(section!, 24)).toEqual([
      [1, 'why\nand how'],
      [4, 'rstscope 1.0'],
    ])
    expect(options(first!, 16)).toEqual([
      [2, 'client'],
      [9, '\t'],
      [11, '\0tcp'],
    ])
    expect(options(second!, 16)).toEqual([
      [2, 'upstream'],
      [3, 'any'],
      [9, '\t'],
    ])
    expect(options(one!, 28 + 8)).toEqual([
      [1, 'rstscope: RST sent – by 10.2.0.2'],
      [1, 'second'],
      [2, '\u0002\0\0\0'],
    ])
  })
})

describe('what cannot be written as it is', () => {
  test('times beyond 64 bits become the nearest that there is', () => {
    const { records } = readCapture(
      file({ ...packet, timeNs: -5n }, { ...packet, timeNs: 2n ** 70n }),
    )
    expect(records.map(({ time }) => time)).toEqual([0n, 2n ** 64n - 1n])
  })

  test('control characters and direction marks of a comment do not steer a terminal', () => {
    const bytes = file({ ...packet, comments: ['a\u001b[2J\u202eb\u0007'] })
    const text = Buffer.from(bytes).toString()
    expect(text).toContain('a\ufffd[2J\ufffdb\ufffd')
    expect(text).not.toContain('\u001b')
  })

  test('a comment longer than an option is cut between characters', () => {
    const bytes = file({ ...packet, comments: ['é'.repeat(60_000)] })
    const one = blocksOf(bytes)[3]!
    const [[, comment] = [0, '']] = optionsOf(bytes, one.at + 36, one.at + one.length - 4)
    expect(comment).toMatch(/^é+…$/)
    expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(32_768)
  })
})
