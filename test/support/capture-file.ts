import { gunzipSync } from 'node:zlib'

/**
 * Reads and writes capture files on its own, for tests only: it shares no code with the tool, so a
 * transformed capture is a second opinion. Throws on anything it does not know.
 */
export interface CaptureRecord {
  /** Nanoseconds since 1970. */
  time: bigint
  data: Uint8Array
  originalLength: number
  linkType: number
}

export type ByteOrder = 'little' | 'big'

export interface CaptureFormat {
  container: 'pcap' | 'pcapng'
  resolution: 'microsecond' | 'nanosecond'
  byteOrder: ByteOrder
}

export interface TestCapture {
  format: CaptureFormat
  snapLength: number
  records: CaptureRecord[]
}

const PCAPNG = 0x0a0d0d0a

export function readCapture(file: Uint8Array): TestCapture {
  const raw = file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file) : file
  // A Buffer's slice() is no copy.
  const bytes = new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(0) === PCAPNG ? readPcapng(bytes, view) : readPcap(bytes, view)
}

function readPcap(bytes: Uint8Array, view: DataView): TestCapture {
  const magic = view.getUint32(0)
  const known: Record<number, [ByteOrder, bigint]> = {
    2712847316: ['big', 1000n],
    3569595041: ['little', 1000n],
    2712812621: ['big', 1n],
    1295823521: ['little', 1n],
  }
  const found = known[magic]
  if (!found) throw new Error(`no classic pcap: ${magic.toString(16)}`)
  const [byteOrder, unit] = found
  const little = byteOrder === 'little'
  const linkType = view.getUint32(20, little) & 0xffff
  const records: CaptureRecord[] = []
  let at = 24
  while (at + 16 <= bytes.length) {
    const length = view.getUint32(at + 8, little)
    records.push({
      time:
        BigInt(view.getUint32(at, little)) * 1_000_000_000n +
        BigInt(view.getUint32(at + 4, little)) * unit,
      data: bytes.slice(at + 16, at + 16 + length),
      originalLength: view.getUint32(at + 12, little),
      linkType,
    })
    at += 16 + length
  }
  return {
    format: {
      container: 'pcap',
      resolution: unit === 1n ? 'nanosecond' : 'microsecond',
      byteOrder,
    },
    snapLength: view.getUint32(16, little),
    records,
  }
}

function readPcapng(bytes: Uint8Array, view: DataView): TestCapture {
  const little = view.getUint32(8, true) === 0x1a2b3c4d
  const interfaces: { linkType: number; ticksPerSecond: bigint }[] = []
  const records: CaptureRecord[] = []
  let snapLength = 0
  for (let at = 0; at + 12 <= bytes.length; ) {
    const type = view.getUint32(at, little)
    const length = view.getUint32(at + 4, little)
    if (type === 1) {
      snapLength = view.getUint32(at + 12, little)
      interfaces.push({
        linkType: view.getUint16(at + 8, little),
        ticksPerSecond: resolution(view, at + 16, at + length - 4, little),
      })
    } else if (type === 6) {
      const face = interfaces[view.getUint32(at + 8, little)]!
      const ticks =
        (BigInt(view.getUint32(at + 12, little)) << 32n) + BigInt(view.getUint32(at + 16, little))
      const captured = view.getUint32(at + 20, little)
      records.push({
        time: (ticks * 1_000_000_000n) / face.ticksPerSecond,
        data: bytes.slice(at + 28, at + 28 + captured),
        originalLength: view.getUint32(at + 24, little),
        linkType: face.linkType,
      })
    }
    at += length
  }
  const nanosecond = interfaces.some((face) => face.ticksPerSecond > 1_000_000n)
  return {
    format: {
      container: 'pcapng',
      resolution: nanosecond ? 'nanosecond' : 'microsecond',
      byteOrder: little ? 'little' : 'big',
    },
    snapLength,
    records,
  }
}

/** if_tsresol, option 9; microseconds when absent. */
function resolution(view: DataView, from: number, to: number, little: boolean): bigint {
  for (let at = from; at + 4 <= to; ) {
    const code = view.getUint16(at, little)
    const length = view.getUint16(at + 2, little)
    if (code === 0) break
    if (code === 9) {
      const value = view.getUint8(at + 4)
      return value & 0x80 ? 1n << BigInt(value & 0x7f) : 10n ** BigInt(value)
    }
    at += 4 + ((length + 3) & ~3)
  }
  return 1_000_000n
}

export function writeCapture(capture: TestCapture): Uint8Array {
  const parts = capture.format.container === 'pcap' ? pcapParts(capture) : pcapngParts(capture)
  return new Uint8Array(Buffer.concat(parts))
}

function block(size: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(size)
  return { bytes, view: new DataView(bytes.buffer) }
}

function pcapParts(capture: TestCapture): Uint8Array[] {
  const little = capture.format.byteOrder === 'little'
  const nano = capture.format.resolution === 'nanosecond'
  const { bytes: header, view } = block(24)
  view.setUint32(0, nano ? 0xa1b23c4d : 0xa1b2c3d4, little)
  view.setUint16(4, 2, little)
  view.setUint16(6, 4, little)
  view.setUint32(16, capture.snapLength, little)
  view.setUint32(20, capture.records[0]?.linkType ?? 1, little)
  const parts = [header]
  for (const record of capture.records) {
    const { bytes, view } = block(16)
    view.setUint32(0, Number(record.time / 1_000_000_000n), little)
    view.setUint32(4, Number((record.time % 1_000_000_000n) / (nano ? 1n : 1000n)), little)
    view.setUint32(8, record.data.length, little)
    view.setUint32(12, record.originalLength, little)
    parts.push(bytes, record.data)
  }
  return parts
}

function pcapngParts(capture: TestCapture): Uint8Array[] {
  const little = capture.format.byteOrder === 'little'
  const nano = capture.format.resolution === 'nanosecond'
  const { bytes: section, view } = block(28)
  view.setUint32(0, PCAPNG)
  view.setUint32(4, 28, little)
  view.setUint32(8, 0x1a2b3c4d, little)
  view.setUint16(12, 1, little)
  view.setBigInt64(16, -1n, little)
  view.setUint32(24, 28, little)
  const parts = [section]
  const linkTypes = [...new Set(capture.records.map((r) => r.linkType))]
  for (const linkType of linkTypes) {
    const { bytes, view } = block(32)
    view.setUint32(0, 1, little)
    view.setUint32(4, 32, little)
    view.setUint16(8, linkType, little)
    view.setUint32(12, capture.snapLength, little)
    view.setUint16(16, 9, little)
    view.setUint16(18, 1, little)
    view.setUint8(20, nano ? 9 : 6)
    view.setUint32(28, 32, little)
    parts.push(bytes)
  }
  for (const record of capture.records) {
    const padded = (record.data.length + 3) & ~3
    const { bytes, view } = block(32 + padded)
    const ticks = nano ? record.time : record.time / 1000n
    view.setUint32(0, 6, little)
    view.setUint32(4, bytes.length, little)
    view.setUint32(8, linkTypes.indexOf(record.linkType), little)
    view.setUint32(12, Number(ticks >> 32n), little)
    view.setUint32(16, Number(ticks & 0xffffffffn), little)
    view.setUint32(20, record.data.length, little)
    view.setUint32(24, record.originalLength, little)
    bytes.set(record.data, 28)
    view.setUint32(28 + padded, bytes.length, little)
    parts.push(bytes)
  }
  return parts
}
