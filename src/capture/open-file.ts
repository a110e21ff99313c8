import { createReadStream, statSync } from 'node:fs'
import process from 'node:process'
import type {
  ContainerContext,
  ContainerParser,
} from '../../native-free-decoders/container/container-parser.ts'
import {
  PCAP_HEADER_BYTES,
  PcapParser,
  pcapMagic,
  readPcapHeader,
} from '../../native-free-decoders/container/pcap.ts'
import { RstscopeError } from '../errors.ts'
import type { CaptureFacts } from '../model/record-reader.ts'
import { type ByteSource, ChunkSource, fileSource, memorySource } from './byte-source.ts'
import { ByteWindow } from './byte-window.ts'
import { type Compression, decompress, sniffCompression } from './decompress.ts'
import { foreignFormat, hexPreview } from './foreign-format.ts'
import { MeteredSource, type MeterOptions, readError } from './metered-source.ts'
import { NativeFreeRecords } from './native-free-records.ts'
import type { RecordStream } from './record-stream.ts'

/** A path, `-` for standard input, the bytes themselves, or anything that yields them. */
export type CaptureInput = string | Uint8Array | AsyncIterable<Uint8Array>

export type ReaderChoice = 'auto' | 'native-free' | 'pcap-parser'

export interface OpenedFile {
  format: CaptureFacts['format']
  compression: Compression | null
  records: RecordStream
  /** SHA-256 of the bytes as they are on disk, hex; null when it was not asked for. */
  digest(): Promise<string | null>
  close(): void
}

/** As much of a file as is needed to say what it is when it is no capture (a tar header says so at byte 257). */
const PREVIEW_BYTES = 512

/** What a stream may tell of itself. */
interface NamedStream {
  label?: unknown
  totalBytes?: unknown
}

/** How an input is called in messages and in `CaptureFacts.paths`. */
export function inputLabel(input: CaptureInput): string {
  if (typeof input === 'string') return input
  if (input instanceof Uint8Array) return '(bytes)'
  const { label } = input as NamedStream
  return typeof label === 'string' ? label : '(stream)'
}

/** Length of an input, where it can be known without reading it. */
export function inputBytes(input: CaptureInput): number | null {
  if (input instanceof Uint8Array) return input.length
  if (input === '-') return null
  if (typeof input !== 'string') {
    const { totalBytes } = input as NamedStream
    return typeof totalBytes === 'number' ? totalBytes : null
  }
  const stat = statSync(input, { throwIfNoEntry: false })
  return stat?.isFile() ? stat.size : null
}

/** False for what gives its bytes only once: pipes, streams, standard input. */
export function canBeOpenedTwice(input: CaptureInput): boolean {
  if (typeof input !== 'string') return input instanceof Uint8Array
  if (input === '-') return false
  const stat = statSync(input, { throwIfNoEntry: false })
  return stat === undefined || stat.isFile() || stat.isDirectory()
}

/** Whether an input is a compressed file. Rejects with a `RstscopeError` when the file cannot be read. */
export async function isCompressedFile(input: CaptureInput): Promise<boolean> {
  if (typeof input !== 'string' || !canBeOpenedTwice(input)) return false
  const source = openSource(input, input, undefined)
  try {
    const window = new ByteWindow(source)
    return (await window.atLeast(4)) && (await sniffCompression(window)) !== null
  } finally {
    source.close()
  }
}

/** Opens one file and reads as far as is needed to know its format; a file that is not read on needs no thread. */
export async function openFile(
  input: CaptureInput,
  choice: ReaderChoice,
  meter: MeterOptions,
  context: ContainerContext,
  isReadOn = true,
): Promise<OpenedFile> {
  const label = input === '-' ? 'standard input' : inputLabel(input)
  const source = new MeteredSource(openSource(input, label, meter.signal), label, meter)
  let inner: ByteSource | null = null
  const close = () => {
    inner?.close()
    source.close()
  }
  try {
    let window = new ByteWindow(source)
    if (!(await window.atLeast(4))) throw notACapture(label, await preview(window), null)
    const compression = await sniffCompression(window)
    if (compression !== null) {
      inner = new ChunkSource(await decompress(compression, window, context, isReadOn))
      window = new ByteWindow(inner)
      await window.atLeast(4)
      if (window.length === 0) throw emptyInside(label, compression, context)
    }
    const { format, records } = await recognise(window, label, choice, source, compression, context)
    return { format, compression, records, digest: () => source.digest(), close }
  } catch (error) {
    close()
    throw error
  }
}

function openSource(
  input: CaptureInput,
  label: string,
  signal: AbortSignal | undefined,
): ByteSource {
  if (input instanceof Uint8Array) return memorySource(input)
  if (typeof input !== 'string') return new ChunkSource(input, signal)
  if (input === '-') return new ChunkSource(process.stdin, signal)
  try {
    const stat = statSync(input)
    if (stat.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
    // A named pipe or /dev/fd/63 would block everything else if it were read like a file.
    return stat.isFile() ? fileSource(input) : new ChunkSource(createReadStream(input), signal)
  } catch (error) {
    throw readError(label, error)
  }
}

/** What is not a plain pcap file is read by modules of its own, loaded only then. */
async function recognise(
  window: ByteWindow,
  label: string,
  choice: ReaderChoice,
  source: ByteSource,
  compression: Compression | null,
  context: ContainerContext,
): Promise<{ format: CaptureFacts['format']; records: RecordStream }> {
  const native = (format: CaptureFacts['format'], headerBytes: number, parser: ContainerParser) => {
    if (choice === 'pcap-parser') throw notForPcapParser(label, format)
    window.start += headerBytes
    return { format, records: new NativeFreeRecords(window, parser) }
  }
  if (window.length >= 4) {
    if (pcapMagic(window.view, window.start)) {
      await complete(window, PCAP_HEADER_BYTES, label)
      const header = readPcapHeader(window.view, window.start)
      if (header) {
        const isPlain =
          header.format === 'pcap' && header.versionMajor === 2 && header.versionMinor === 4
        const isForPcapParser = choice === 'pcap-parser' || (choice === 'auto' && !source.isAtRest)
        if (isPlain && isForPcapParser) {
          const { PcapParserRecords } = await import('./pcap-parser-records.ts')
          return { format: 'pcap', records: new PcapParserRecords(window, header, context) }
        }
        return native(header.format, PCAP_HEADER_BYTES, new PcapParser(header, context))
      }
    }
    const { isPcapng, PcapngParser, SECTION_HEADER_BYTES } = await import(
      '../../native-free-decoders/container/pcapng.ts'
    )
    if ((await window.atLeast(12)) && isPcapng(window.view, window.start)) {
      await complete(window, SECTION_HEADER_BYTES, label)
      return native('pcapng', 0, new PcapngParser(context))
    }
    const { isSnoop, SnoopParser, SNOOP_HEADER_BYTES } = await import(
      '../../native-free-decoders/container/snoop.ts'
    )
    if (window.length >= 8 && isSnoop(window.view, window.start)) {
      await complete(window, SNOOP_HEADER_BYTES, label)
      const parser = new SnoopParser(window.view, window.start, context)
      return native('snoop', SNOOP_HEADER_BYTES, parser)
    }
  }
  throw notACapture(label, await preview(window), compression)
}

async function complete(window: ByteWindow, bytes: number, label: string): Promise<void> {
  if (await window.atLeast(bytes)) return
  throw new RstscopeError(
    'RSTSCOPE_NOT_A_CAPTURE',
    `cannot read ${label}: not a capture file (it is cut inside its header: ${window.length} of ${bytes} bytes)`,
    'copy the file again, or capture again',
  )
}

async function preview(window: ByteWindow): Promise<Uint8Array> {
  await window.atLeast(PREVIEW_BYTES)
  return window.bytes.subarray(window.start, window.end).slice(0, PREVIEW_BYTES)
}

function notACapture(
  label: string,
  head: Uint8Array,
  compression: Compression | null,
): RstscopeError {
  if (head.length === 0) {
    return new RstscopeError(
      'RSTSCOPE_NOT_A_CAPTURE',
      `cannot read ${label}: the file is empty`,
      'the capture may not have been started, or its disk may have been full',
    )
  }
  const foreign = foreignFormat(head, compression)
  const inside = compression === null ? '' : ` inside its ${compression} compression`
  const looks = foreign ? `, look like ${foreign.name}` : ''
  return new RstscopeError(
    'RSTSCOPE_NOT_A_CAPTURE',
    `cannot read ${label}: not a capture file${inside} (first bytes ${hexPreview(head)}${looks})`,
    foreign?.hint ??
      'pcap, pcapng and snoop files are read, plain or compressed by gzip, zstd or lz4',
  )
}

function emptyInside(
  label: string,
  compression: Compression,
  context: ContainerContext,
): RstscopeError {
  const damage = context.warnings.at(-1)?.message
  return new RstscopeError(
    'RSTSCOPE_NOT_A_CAPTURE',
    `cannot read ${label}: not a capture file (${damage ?? `nothing is inside its ${compression} compression`})`,
    'copy the file again, or capture again',
  )
}

function notForPcapParser(label: string, format: string): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_USAGE',
    `cannot read ${label} with pcap-parser: it reads classic microsecond pcap only, this is ${format}`,
    'leave --reader out, or say --reader native-free',
  )
}
