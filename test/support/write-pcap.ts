/** A record to be written into a capture made by a test. */
export interface WrittenRecord {
  /** Nanoseconds since 1970. */
  time: bigint
  bytes: Uint8Array
  /** Length on the wire; that of `bytes` unless said otherwise. */
  originalLength?: number
  /** Index into the interfaces given to `writePcapng`. */
  interface?: number
}

export interface PcapOptions {
  magic?: 'microsecond' | 'nanosecond' | 'modified'
  bigEndian?: boolean
  linkType?: number
  snapLength?: number
  version?: [major: number, minor: number]
}

const MAGIC = { microsecond: 0xa1b2c3d4, nanosecond: 0xa1b23c4d, modified: 0xa1b2cd34 }
const NS_PER_SECOND = 1_000_000_000n

export function writePcap(
  records: readonly WrittenRecord[],
  options: PcapOptions = {},
): Uint8Array {
  const { magic = 'microsecond', bigEndian = false, linkType = 1, snapLength = 262144 } = options
  const [major, minor] = options.version ?? [2, 4]
  const little = !bigEndian
  const header = new DataView(new ArrayBuffer(24))
  header.setUint32(0, MAGIC[magic], little)
  header.setUint16(4, major, little)
  header.setUint16(6, minor, little)
  header.setUint32(16, snapLength, little)
  header.setUint32(20, linkType, little)
  const parts: Uint8Array[] = [new Uint8Array(header.buffer)]
  for (const record of records) {
    const head = new DataView(new ArrayBuffer(magic === 'modified' ? 24 : 16))
    const fraction = record.time % NS_PER_SECOND
    head.setUint32(0, Number(record.time / NS_PER_SECOND), little)
    head.setUint32(4, Number(magic === 'nanosecond' ? fraction : fraction / 1000n), little)
    head.setUint32(8, record.bytes.length, little)
    head.setUint32(12, record.originalLength ?? record.bytes.length, little)
    parts.push(new Uint8Array(head.buffer), record.bytes)
  }
  return joinBytes(parts)
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
