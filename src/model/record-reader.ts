/**
 * The seam between a capture file and everything behind it. Both readers (our own and the one over the npm
 * package pcap-parser) implement it and pass one contract suite.
 */

/** Records of one chunk. Valid until the next call of `next()`: the arrays and the bytes are reused. */
export interface RecordBatch {
  bytes: Uint8Array
  view: DataView
  count: number
  /** Frame number of the first record, 1-based, as Wireshark numbers. */
  firstFrame: number
  /** Index in `bytes` of each record's first captured byte. */
  offsets: Uint32Array
  capturedLengths: Uint32Array
  originalLengths: Uint32Array
  /** Nanoseconds after `CaptureFacts.baseNs`. May run backwards: file order is the order of events. */
  times: Float64Array
  /** Index into `CaptureFacts.interfaces`. */
  interfaces: Uint16Array
  /** 0 unknown, 1 inbound, 2 outbound (pcapng `epb_flags`). */
  directions: Uint8Array
}

export interface CaptureInterface {
  /** The LINKTYPE_ number. */
  linkType: number
  /** LINKTYPE_ name without the prefix: EN10MB, LINUX_SLL2, RAW … or the number as text. */
  linkTypeName: string
  snapLength: number
  name: string | null
  filter: string | null
}

export interface CaptureWarning {
  code: string
  message: string
  /** Byte offset in the (decompressed) file, where it is known. */
  offset: number | null
}

/** What is known about a capture file; grows while it is read and is final after `next()` returned null. */
export interface CaptureFacts {
  paths: string[]
  /** SHA-256 of each file's bytes as they are on disk, hex. */
  sha256: string[]
  format: 'pcap' | 'pcap-nanosecond' | 'pcap-modified' | 'pcapng' | 'snoop'
  compression: 'gzip' | 'zstd' | 'lz4' | null
  interfaces: CaptureInterface[]
  /** Nanoseconds since 1970 of the first record: the zero of all relative times. */
  baseNs: bigint
  packets: number
  /** As counted by the capturing program (pcapng interface statistics and epb_dropcount); null where the format cannot say. */
  droppedByCapture: number | null
  warnings: CaptureWarning[]
}

export interface RecordReader {
  readonly facts: CaptureFacts
  /** The next records, or null at the end. Damaged input ends early with a warning in `facts`, never by throwing. */
  next(): Promise<RecordBatch | null>
  close(): Promise<void>
}
