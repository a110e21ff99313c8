import { describe, expect, it } from 'vitest'
import { expected, readRecords } from '../support/read-records.ts'
import { joinBytes } from '../support/write-pcap.ts'
import { PcapngBlocks, ticksOf, writePcapng } from '../support/write-pcapng.ts'

const TIME = 1_700_000_000_123_456_789n
const BYTES = Uint8Array.of(1, 2, 3, 4, 5)

describe('pcapng', () => {
  it.each([false, true])('reads enhanced packets, big-endian %s', async (bigEndian) => {
    const records = [0n, 1n, 2_000_000_000n, -3_000_000_000n].map((after, i) => ({
      time: TIME + after,
      bytes: BYTES.slice(0, i + 1),
      originalLength: 1500,
    }))
    const interfaces = [{ name: 'eth0', filter: 'tcp port 443', resolution: 9, snapLength: 96 }]
    const read = await readRecords(writePcapng(records, { bigEndian, interfaces }))
    expect(read.records).toEqual(expected(records, 1n))
    expect(read.facts).toMatchObject({
      format: 'pcapng',
      baseNs: TIME,
      droppedByCapture: null,
      warnings: [],
      interfaces: [{ linkType: 1, snapLength: 96, name: 'eth0', filter: 'tcp port 443' }],
    })
  })

  it('numbers interfaces across sections of different byte order', async () => {
    const big = writePcapng([{ time: TIME, bytes: BYTES, interface: 1 }], {
      bigEndian: true,
      interfaces: [{ name: 'a' }, { name: 'b', linkType: 276 }],
    })
    const little = writePcapng([{ time: TIME, bytes: BYTES }], { interfaces: [{ name: 'c' }] })
    const read = await readRecords(joinBytes([big, little, big]))
    expect(read.facts.interfaces.map((one) => one.name)).toEqual(['a', 'b', 'c'])
    expect(read.records.map((one) => one.interface)).toEqual([1, 2, 1])
  })

  // Expected times: what a clock of that resolution shows, rounded down to whole nanoseconds.
  it.each([
    ['10⁻⁶', 6],
    ['10⁻⁹', 9],
    ['10⁻³', 3],
    ['1 s', 0],
    ['10⁻¹²', 12],
    ['2⁻¹⁰', 0x80 | 10],
    ['2⁻³²', 0x80 | 32],
    ['2⁻²⁰', 0x80 | 20],
  ])('converts times of resolution %s', async (_name, resolution) => {
    const on = { resolution }
    // 64 bits of picoseconds hold 213 days.
    const start = resolution === 12 ? 10_000_000_123_456_789n : TIME
    const times = [start, start + 1n, start + 999_999_999n, start - 77_777_777_777n]
    const records = times.map((time) => ({ time, bytes: BYTES }))
    const read = await readRecords(writePcapng(records, { interfaces: [on] }))
    const perSecond =
      resolution & 0x80 ? 2n ** BigInt(resolution & 0x7f) : 10n ** BigInt(resolution)
    expect(read.records.map((one) => one.time)).toEqual(
      times.map((time) => (ticksOf(time, on) * 1_000_000_000n) / perSecond),
    )
  })

  it('adds the time offset of an interface and mixes clocks of two resolutions', async () => {
    const records = [
      { time: TIME, bytes: BYTES },
      { time: TIME + 5n, bytes: BYTES, interface: 1 },
    ]
    const interfaces = [{ offset: 1_600_000_000n }, { resolution: 9, offset: -86_400n }]
    const read = await readRecords(writePcapng(records, { interfaces }))
    expect(read.records.map((one) => one.time)).toEqual([TIME - 789n, TIME + 5n])
  })

  it('warns of a resolution that no clock has and reads microseconds', async () => {
    const blocks = new PcapngBlocks()
    const file = joinBytes([
      blocks.section(),
      blocks.interface({ resolution: 0xff }),
      blocks.enhanced({ time: 0n, bytes: BYTES }, 1_000_001n),
    ])
    const read = await readRecords(file)
    expect(read.facts.baseNs).toBe(1_000_001_000n)
    expect(read.facts.warnings).toMatchObject([{ code: 'bad-time-resolution', offset: 28 }])
  })

  it('reads simple and obsolete packets', async () => {
    const blocks = new PcapngBlocks(true)
    const file = joinBytes([
      blocks.section(),
      blocks.interface({ snapLength: 4 }),
      blocks.obsolete({ time: 0n, bytes: BYTES, originalLength: 900 }, 5n, 3),
      blocks.simple(BYTES.slice(0, 4), 700),
      blocks.obsolete({ time: 0n, bytes: BYTES }, 7n, 0xffff),
    ])
    const read = await readRecords(file)
    expect(read.records.map((one) => [one.time, one.bytes, one.originalLength])).toEqual([
      [5000n, '0102030405', 900],
      [5000n, '01020304', 700],
      [7000n, '0102030405', 5],
    ])
    expect(read.facts.droppedByCapture).toBe(3)
    expect(read.facts.warnings).toMatchObject([{ code: 'no-packet-times' }])
  })

  it('takes direction and losses from packet options', async () => {
    const blocks = new PcapngBlocks()
    const packet = (flags: number, drops: bigint) =>
      blocks.enhanced({ time: 0n, bytes: BYTES }, 1n, [
        [1, new TextEncoder().encode('a comment')],
        [2, blocks.number32(flags)],
        [4, blocks.number64(drops)],
      ])
    const file = joinBytes([
      blocks.section(),
      blocks.interface(),
      ...[packet(1, 0n), packet(2, 4n), packet(0x1c, 0n), packet(3, 5n), packet(0, -1n)],
    ])
    const read = await readRecords(file)
    expect(read.records.map((one) => one.direction)).toEqual([1, 2, 0, 0, 0])
    expect(read.facts.droppedByCapture).toBe(9)
  })

  it('counts losses of interface statistics once, whatever the packets say as well', async () => {
    const blocks = new PcapngBlocks()
    const lost = (on: number, ifdrop: bigint, osdrop: bigint) =>
      blocks.statistics(on, [
        [4, blocks.number64(1000n)],
        [5, blocks.number64(ifdrop)],
        [7, blocks.number64(osdrop)],
      ])
    const packet = blocks.enhanced({ time: 0n, bytes: BYTES }, 1n, [[4, blocks.number64(12n)]])
    const head = joinBytes([blocks.section(), blocks.interface(), blocks.interface(), packet])
    const drops = async (...more: Uint8Array[]) =>
      (await readRecords(joinBytes([head, ...more]))).facts.droppedByCapture
    expect(await drops()).toBe(12)
    expect(await drops(lost(0, 10n, 5n))).toBe(15)
    expect(await drops(lost(0, 10n, 5n), lost(0, 10n, 6n), lost(1, 1n, 0n))).toBe(17)
    expect(await drops(lost(1, 0n, 0n))).toBe(12)
    expect(await drops(lost(9, 1n, 1n))).toBe(12)
  })

  it('passes over names, secrets and unknown blocks, and counts custom blocks as Wireshark does', async () => {
    const blocks = new PcapngBlocks()
    const packet = blocks.enhanced({ time: 0n, bytes: BYTES }, 1n)
    const file = joinBytes([
      blocks.section([[1, new TextEncoder().encode('comment')]]),
      blocks.interface(),
      blocks.block(4, new Uint8Array(20)),
      packet,
      blocks.block(10, new Uint8Array(400)),
      blocks.block(0xbad, new Uint8Array(8)),
      blocks.block(0x77777777, new Uint8Array(0)),
      packet,
    ])
    const read = await readRecords(file)
    expect(read.records.map((one) => [one.frame, one.interface])).toEqual([
      [1, 0],
      [2, 1],
      [3, 0],
    ])
    expect(read.facts.interfaces[1]!.linkTypeName).toBe('NO_PACKET')
    expect(read.facts.warnings).toEqual([])
  })

  it('replaces control characters in names, which could steer a terminal', async () => {
    const read = await readRecords(writePcapng([], { interfaces: [{ name: 'e\u001b[2Jth\n0' }] }))
    expect(read.facts.interfaces[0]!.name).toBe('e\ufffd[2Jth\ufffd0')
  })
})

describe('damaged pcapng', () => {
  const blocks = new PcapngBlocks()
  const packet = blocks.enhanced({ time: 0n, bytes: BYTES }, 1n)
  const head = joinBytes([blocks.section(), blocks.interface(), packet])
  const changed = (at: number, value: number, rest = packet) => {
    const file = joinBytes([head, rest])
    new DataView(file.buffer).setUint32(head.length + at, value, true)
    return file
  }

  it.each([
    [8, 'below a block'],
    [42, 'not a multiple of four'],
    [0x7fff_fffc, 'beyond any block'],
  ])('stops at a block length of %s, %s', async (length) => {
    const read = await readRecords(changed(4, length))
    expect(read.facts.packets).toBe(1)
    expect(read.facts.warnings).toMatchObject([{ code: 'bad-block-length', offset: head.length }])
  })

  it('says when the two lengths of a block differ, and goes by the first', async () => {
    const read = await readRecords(changed(packet.length - 4, 12))
    expect(read.facts.packets).toBe(2)
    expect(read.facts.warnings).toMatchObject([
      { code: 'block-length-mismatch', offset: head.length },
    ])
  })

  it('cuts a captured length down to what its block holds', async () => {
    const read = await readRecords(changed(20, 1000))
    expect(read.records[1]!.bytes).toBe('0102030405000000')
    expect(read.facts.warnings).toMatchObject([{ code: 'bad-record-length', offset: head.length }])
  })

  it('leaves out packets of interfaces that are not described, and counts them', async () => {
    const read = await readRecords(changed(8, 5, joinBytes([packet, packet])))
    expect(read.facts.packets).toBe(2)
    const two = joinBytes([blocks.section(), packet, packet])
    expect((await readRecords(two)).facts.warnings).toMatchObject([
      { code: 'unknown-interface', message: expect.stringContaining('the first of 2') },
    ])
  })

  it('leaves out a packet block that is too short for its fields', async () => {
    const read = await readRecords(joinBytes([head, blocks.block(6, new Uint8Array(8)), packet]))
    expect(read.facts.packets).toBe(2)
    expect(read.facts.warnings).toMatchObject([{ code: 'short-block', offset: head.length }])
  })

  it('reports a cut with how much is missing', async () => {
    const read = await readRecords(joinBytes([head, packet]).slice(0, -7))
    expect(read.facts.warnings).toMatchObject([
      { code: 'truncated-file', offset: head.length, message: expect.stringContaining(' 7 bytes') },
    ])
  })

  it('stops at a section header without byte order', async () => {
    const section = blocks.section()
    section.fill(0xee, 8, 12)
    const read = await readRecords(joinBytes([head, section, packet]))
    expect(read.facts.packets).toBe(1)
    expect(read.facts.warnings).toMatchObject([{ code: 'bad-section-header', offset: head.length }])
  })
})
