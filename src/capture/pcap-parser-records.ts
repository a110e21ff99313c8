import { EventEmitter } from 'node:events'
import pcapParser, { type ByteEmitter, type PacketHeader } from 'pcap-parser'
import type { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import {
  captureLengthLimit,
  warnBadRecordLength,
  warnTruncated,
} from '../../native-free-decoders/container/damage.ts'
import { addPcapInterface, type PcapHeader } from '../../native-free-decoders/container/pcap.ts'
import { RstscopeError } from '../errors.ts'
import type { ByteWindow } from './byte-window.ts'
import type { RecordStream, ReusedBatch } from './record-stream.ts'

const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
/** Small enough that the records of one piece fit a batch, whatever their size. */
const PIECE_BYTES = 64 * 1024

/**
 * What pcap-parser takes for its input stream. It emits a piece only when records are asked for, so that a long pipe is
 * read no faster than it is used.
 */
class PieceEmitter extends EventEmitter implements ByteEmitter {
  pause(): void {}
  resume(): void {}
}

/**
 * Records of a classic microsecond pcap file by the npm package pcap-parser. The package neither reports a cut file nor
 * survives a corrupt length (it would copy its buffer again for every chunk until the end), so both are watched here.
 */
export class PcapParserRecords implements RecordStream {
  readonly #window: ByteWindow
  readonly #context: ContainerContext
  readonly #limit: number
  readonly #input = new PieceEmitter()
  readonly #interface: number
  #batch: ReusedBatch | null = null
  #bytes = new Uint8Array(2 * PIECE_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #used = 0
  #records = 0
  #fed = 0
  /** Byte offset of the record that is being read. */
  #offset = FILE_HEADER_BYTES
  #header: PacketHeader | null = null
  #failure: Error | null = null
  #stopped = false
  #hasBase = false
  #baseSeconds = 0
  #baseMicroseconds = 0
  #baseRest = 0

  /** The window begins with the file header. */
  constructor(window: ByteWindow, header: PcapHeader, context: ContainerContext) {
    this.#window = window
    this.#context = context
    this.#limit = captureLengthLimit(header.snapLength)
    this.#interface = addPcapInterface(header, context)
    const parser = pcapParser.parse(this.#input)
    parser.on('packetHeader', (packetHeader) => this.#onHeader(packetHeader))
    parser.on('packetData', (data) => this.#onData(data))
    parser.on('error', (error) => {
      this.#failure = error
    })
  }

  async fill(batch: ReusedBatch): Promise<boolean> {
    const window = this.#window
    this.#batch = batch
    this.#used = 0
    while (!this.#stopped) {
      if (window.length > 0) {
        this.#feed(Math.min(window.length, PIECE_BYTES))
        if (this.#failure) {
          throw new RstscopeError(
            'RSTSCOPE_NOT_A_CAPTURE',
            `pcap-parser cannot read the capture: ${this.#failure.message}`,
            'try --reader native-free',
            { cause: this.#failure },
          )
        }
        if (batch.count > 0) {
          batch.bytes = this.#bytes
          batch.view = this.#view
          return true
        }
      } else if (!(await window.fill())) {
        this.#finish()
        return false
      }
    }
    return false
  }

  /** The parser keeps what it is given, and the window is written over: it gets a copy. */
  #feed(length: number): void {
    const { start, bytes } = this.#window
    this.#fed += length
    this.#window.start += length
    this.#input.emit('data', Buffer.from(bytes.subarray(start, start + length)))
  }

  #onHeader(header: PacketHeader): void {
    if (this.#stopped) return
    if (header.capturedLength > this.#limit) {
      this.#stopped = true
      warnBadRecordLength(
        this.#context,
        this.#records + 1,
        this.#offset,
        header.capturedLength,
        this.#limit,
      )
      return
    }
    this.#header = header
  }

  #onData(data: Buffer): void {
    const header = this.#header
    const batch = this.#batch
    if (this.#stopped || header === null || batch === null) return
    if (!this.#hasBase) this.#findBase(header)
    this.#reserve(data.length)
    const record = batch.count++
    this.#bytes.set(data, this.#used)
    batch.offsets[record] = this.#used
    batch.capturedLengths[record] = header.capturedLength
    batch.originalLengths[record] = header.originalLength
    batch.times[record] =
      (header.timestampSeconds - this.#baseSeconds) * 1e9 +
      ((header.timestampMicroseconds - this.#baseMicroseconds) * 1000 - this.#baseRest)
    batch.interfaces[record] = this.#interface
    batch.directions[record] = 0
    this.#used += data.length
    this.#records++
    this.#offset += RECORD_HEADER_BYTES + data.length
    this.#header = null
  }

  #reserve(length: number): void {
    if (this.#used + length <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#used + length))
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }

  #findBase(header: PacketHeader): void {
    this.#context.baseNs ??=
      BigInt(header.timestampSeconds) * 1_000_000_000n +
      BigInt(header.timestampMicroseconds) * 1000n
    const base = this.#context.baseNs
    this.#baseSeconds = Number(base / 1_000_000_000n)
    this.#baseMicroseconds = Number((base % 1_000_000_000n) / 1000n)
    this.#baseRest = Number(base % 1000n)
    this.#hasBase = true
  }

  #finish(): void {
    const remaining = this.#fed - this.#offset
    if (remaining <= 0) return
    const needed = RECORD_HEADER_BYTES + (this.#header?.capturedLength ?? 0)
    warnTruncated(
      this.#context,
      `record ${this.#records + 1}`,
      this.#offset,
      needed - remaining,
      this.#header === null,
    )
  }
}
