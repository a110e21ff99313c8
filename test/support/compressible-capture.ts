import { type WrittenRecord, writePcap } from './write-pcap.ts'

/** 300 records of 700 bytes that repeat over more than 64 KiB: lz4 links its blocks and zstd looks far back. */
export function compressibleRecords(): WrittenRecord[] {
  return Array.from({ length: 300 }, (_, i) => ({
    time: 1_700_000_000_000_000_000n + BigInt(i) * 1_000_000n,
    bytes: Uint8Array.from({ length: 700 }, (_, at) => (at * ((i % 5) + 1)) & 0xff),
  }))
}

export function compressibleCapture(): Uint8Array {
  return writePcap(compressibleRecords())
}
