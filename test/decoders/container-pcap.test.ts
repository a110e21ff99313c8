import { describe, expect, it } from 'vitest'
import { expected, readRecords } from '../support/read-records.ts'
import { joinBytes, writePcap } from '../support/write-pcap.ts'

const RECORDS = [
  { time: 1_699_999_999_999_999_999n, bytes: Uint8Array.of(1, 2, 3), originalLength: 60 },
  { time: 1_700_000_000_000_000_001n, bytes: new Uint8Array(0) },
  { time: 1_600_000_000_000_000_000n, bytes: Uint8Array.of(9) },
]

describe('classic pcap', () => {
  it.each([
    ['nanosecond', false, 'pcap-nanosecond', 1n],
    ['nanosecond', true, 'pcap-nanosecond', 1n],
    ['modified', false, 'pcap-modified', 1000n],
    ['modified', true, 'pcap-modified', 1000n],
  ] as const)('%s, big-endian %s', async (magic, bigEndian, format, tickNs) => {
    const records = RECORDS.slice(0, 2)
    const read = await readRecords(writePcap(records, { magic, bigEndian }))
    expect(read.facts.format).toBe(format)
    expect(read.records).toEqual(expected(records, tickNs))
  })

  it('keeps times far from the first one to within what a float64 holds', async () => {
    const read = await readRecords(writePcap(RECORDS, { magic: 'nanosecond' }))
    const error = read.records[2]!.time - RECORDS[2]!.time
    expect(error >= -16n && error <= 16n).toBe(true)
  })

  it('leaves the FCS bits out of the link type and counts both old DLT_RAW values as RAW', async () => {
    const fcs = await readRecords(writePcap([], { linkType: 0x54000001 }))
    expect(fcs.facts.interfaces[0]).toMatchObject({ linkType: 1, linkTypeName: 'EN10MB' })
    for (const linkType of [12, 14, 101]) {
      const raw = await readRecords(writePcap([], { linkType }))
      expect(raw.facts.interfaces[0]).toMatchObject({ linkType: 101, linkTypeName: 'RAW' })
    }
    const unknown = await readRecords(writePcap([], { linkType: 147 }))
    expect(unknown.facts.interfaces[0]!.linkTypeName).toBe('147')
  })

  it('accepts more captured bytes than the snapshot length and than the wire had', async () => {
    const records = [{ time: 0n, bytes: new Uint8Array(300_000).fill(7), originalLength: 10 }]
    const read = await readRecords(writePcap(records, { snapLength: 96 }))
    expect(read.records).toEqual(expected(records))
    expect(read.facts.warnings).toEqual([])
  })

  it('reads the lengths of format 2.2 in their old order, and says that the version is unusual', async () => {
    const bytes = Uint8Array.of(5, 6, 7)
    const file = writePcap([{ time: 0n, bytes, originalLength: 99 }], { version: [2, 2] })
    const view = new DataView(file.buffer)
    view.setUint32(24 + 8, 99, true)
    view.setUint32(24 + 12, 3, true)
    const read = await readRecords(file)
    expect(read.records).toEqual(expected([{ time: 0n, bytes, originalLength: 99 }]))
    expect(read.facts.warnings).toMatchObject([{ code: 'unusual-version' }])
  })
})

describe('snoop', () => {
  const field = (...values: number[]) => {
    const view = new DataView(new ArrayBuffer(values.length * 4))
    values.forEach((value, i) => {
      view.setUint32(i * 4, value)
    })
    return new Uint8Array(view.buffer)
  }
  const file = joinBytes([
    new TextEncoder().encode('snoop\0\0\0'),
    field(2, 4),
    field(60, 3, 28, 0, 1_700_000_000, 5),
    Uint8Array.of(1, 2, 3, 0),
    field(2, 2, 28, 7, 1_700_000_001, 4),
    Uint8Array.of(8, 9, 0, 0),
  ])

  it('gives records, times and the count of lost packets', async () => {
    const read = await readRecords(file)
    expect(read.facts).toMatchObject({ format: 'snoop', packets: 2, droppedByCapture: 7 })
    expect(read.facts.interfaces[0]!.linkTypeName).toBe('EN10MB')
    expect(
      read.records.map(({ time, bytes, originalLength }) => [time, bytes, originalLength]),
    ).toEqual([
      [1_700_000_000_000_005_000n, '010203', 60],
      [1_700_000_001_000_004_000n, '0809', 2],
    ])
  })

  it('reports a cut and a record that is longer than its frame', async () => {
    const cut = await readRecords(file.slice(0, -2))
    expect(cut.facts.warnings).toMatchObject([{ code: 'truncated-file', offset: 44 }])
    const lying = file.slice()
    new DataView(lying.buffer).setUint32(44 + 4, 9)
    const read = await readRecords(lying)
    expect(read.facts.packets).toBe(1)
    expect(read.facts.warnings).toMatchObject([{ code: 'bad-record-length', offset: 44 }])
  })
})
