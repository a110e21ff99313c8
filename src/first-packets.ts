import { type FileHandle, open } from 'node:fs/promises'
import {
  ContainerContext,
  RecordColumns,
} from '../native-free-decoders/container/container-parser.ts'
import {
  PCAP_HEADER_BYTES,
  PcapParser,
  pcapMagic,
  readPcapHeader,
} from '../native-free-decoders/container/pcap.ts'
import { isPcapng } from '../native-free-decoders/container/pcapng.ts'
import { PcapngOptionCursor, readText } from '../native-free-decoders/container/pcapng-options.ts'
import { isSnoop } from '../native-free-decoders/container/snoop.ts'
import { isSkippable, LZ4_MAGIC, ZSTD_MAGIC } from './capture/compressed-frame.ts'
import { openCapture } from './capture/open-capture.ts'
import { openFile } from './capture/open-file.ts'
import { ReusedBatch } from './capture/record-stream.ts'
import { RstscopeError } from './errors.ts'

/** Enough for the magic numbers of every format. */
const HEAD_BYTES = 16
const GZIP_MAGIC = 0x1f8b
const FIRST_BYTES = 4096

/** Whether a file is a capture by its first bytes, whatever its name. Rejects with what the file system says. */
export async function holdsCapture(path: string): Promise<boolean> {
  const head = await readHead(path)
  if (head.byteLength < 12) return false
  if (pcapMagic(head, 0) !== null || isPcapng(head, 0) || isSnoop(head, 0)) return true
  if (!isCompressed(head)) return false
  try {
    const file = await openFile(path, 'native-free', NOT_METERED, new ContainerContext(), false)
    file.close()
    return true
  } catch (error) {
    if (error instanceof RstscopeError && error.code === 'RSTSCOPE_NOT_A_CAPTURE') return false
    throw error
  }
}

function isCompressed(head: DataView): boolean {
  const magic = head.getUint32(0, true)
  return (
    head.getUint16(0) === GZIP_MAGIC ||
    magic === ZSTD_MAGIC ||
    magic === LZ4_MAGIC ||
    isSkippable(magic)
  )
}

const NOT_METERED = { hash: false, signal: undefined, onRead: () => {} }

/** shb_userappl, the option of a section header that names the writing program. */
const WRITTEN_BY = 4
const SECTION_OPTIONS = 24
const MOST_SECTION_BYTES = 256 * 1024

/** Whether a file is evidence that this project wrote: a part of captures that are somewhere else. */
export async function isEvidence(path: string): Promise<boolean> {
  const head = await readHead(path)
  if (head.byteLength < HEAD_BYTES || !isPcapng(head, 0)) return false
  const section = await readHead(path, Math.min(head.getUint32(4, true), MOST_SECTION_BYTES))
  const option = new PcapngOptionCursor()
  option.begin(section, SECTION_OPTIONS, section.byteLength - 4, true)
  while (option.advance()) {
    if (option.code !== WRITTEN_BY) continue
    const bytes = new Uint8Array(section.buffer, 0, section.byteLength)
    return /^rstscope /.test(readText(bytes, option.start, option.length, 64))
  }
  return false
}

async function readHead(path: string, length = HEAD_BYTES): Promise<DataView> {
  const bytes = new Uint8Array(length)
  let file: FileHandle | undefined
  try {
    file = await open(path)
    const { bytesRead } = await file.read(bytes, 0, length, 0)
    return new DataView(bytes.buffer, 0, bytesRead)
  } finally {
    await file?.close()
  }
}

/**
 * When the first packet of one file was captured, in ns since 1970; null for a file without packets. Reads no further.
 * Rejects with a `RstscopeError` when the file cannot be read or is no capture.
 */
export async function firstPacketNs(path: string): Promise<bigint | null> {
  const context = new ContainerContext()
  // Of most files the first packet is at their beginning: thousands of them need no large buffers for that.
  const head = await readHead(path, FIRST_BYTES).catch(() => null)
  const header =
    head !== null && head.byteLength >= PCAP_HEADER_BYTES ? readPcapHeader(head, 0) : null
  if (head !== null && header !== null) {
    const bytes = new Uint8Array(head.buffer, 0, head.byteLength)
    const parser = new PcapParser(header, context)
    parser.parse(bytes, head, PCAP_HEADER_BYTES, head.byteLength, new RecordColumns(1))
    if (context.baseNs !== null) return context.baseNs
  }
  const file = await openFile(path, 'native-free', NOT_METERED, context, false)
  try {
    await file.records.fill(new ReusedBatch())
    return context.baseNs
  } finally {
    file.close()
  }
}

/** When the latest packet of one file was captured, in ns since 1970; null without packets. Reads the whole file. */
export async function latestPacketNs(path: string, signal?: AbortSignal): Promise<bigint | null> {
  const reader = await openCapture(path, { hash: false, signal })
  try {
    let latest: number | null = null
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
      for (let i = 0; i < batch.count; i++) {
        const time = batch.times[i]!
        if (latest === null || time > latest) latest = time
      }
    }
    return latest === null ? null : reader.facts.baseNs + nanoseconds(latest)
  } finally {
    await reader.close()
  }
}

function nanoseconds(time: number): bigint {
  return Number.isFinite(time) ? BigInt(Math.round(time)) : 0n
}
