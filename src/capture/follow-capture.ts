import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import { RstscopeError } from '../errors.ts'
import type { CaptureFacts, CaptureWarning, RecordBatch } from '../model/record-reader.ts'
import { FollowedFiles } from './followed-files.ts'
import { readError } from './metered-source.ts'
import { inputLabel, type OpenedFile, openFile } from './open-file.ts'
import { ReusedBatch } from './record-stream.ts'

const CHUNK_BYTES = 256 * 1024
const POLL_MS = 200

/** A file or folder that goes on growing, `-` for standard input, or anything that yields a capture's bytes. */
export type FollowInput = string | AsyncIterable<Uint8Array>

export interface FollowEvents {
  /** The packets that come next are from this file; its first has this number in the whole capture. */
  onFile(path: string, firstFrame: number): void
  /** Something that a person should know of, such as a file that vanished. */
  onNotice(text: string): void
  /** What is wrong with a file that was read. */
  onWarning(path: string, warning: CaptureWarning): void
}

/**
 * Reads a capture while it is written: what is not yet there is waited for. Records of rotated files come as one
 * capture with frames numbered on. Ends where a pipe does; a file or a folder never ends by itself.
 */
export class FollowedCapture {
  readonly facts: CaptureFacts
  /** Is more there to be read at once, so that what was read lies in the past? */
  isBehind = false
  readonly #input: FollowInput
  readonly #files: FollowedFiles | null
  readonly #events: FollowEvents
  readonly #context = new ContainerContext()
  readonly #batch = new ReusedBatch()
  readonly #closing = new AbortController()
  #open: OpenedFile | null = null
  #path = ''
  #hasEnded = false

  constructor(input: FollowInput, events: FollowEvents) {
    this.#input = input
    this.#events = events
    this.#path = inputLabel(input)
    this.#files = filesAt(input, (text) => events.onNotice(text))
    this.facts = {
      paths: [this.#path],
      sha256: [],
      format: 'pcap',
      compression: null,
      interfaces: this.#context.interfaces,
      baseNs: 0n,
      packets: 0,
      droppedByCapture: null,
      warnings: [],
    }
  }

  /** The next packets as soon as there are any; null at the end of a pipe, and once it was closed. */
  async next(): Promise<RecordBatch | null> {
    const { facts } = this
    const batch = this.#batch
    while (!this.#hasEnded) {
      if (this.#open === null && !(await this.#openNext())) continue
      batch.count = 0
      if (await this.#open!.records.fill(batch)) {
        batch.firstFrame = facts.packets + 1
        facts.packets += batch.count
        facts.baseNs = this.#context.baseNs ?? 0n
        facts.droppedByCapture = this.#context.droppedByCapture
        return batch
      }
      this.#finishFile()
    }
    return null
  }

  close(): void {
    this.#hasEnded = true
    this.#closing.abort()
    this.#open?.close()
    this.#files?.close()
  }

  /** False where there is none yet, or what there was is no capture. */
  async #openNext(): Promise<boolean> {
    const { facts } = this
    const files = this.#files
    if (files !== null && !(await this.#waitForFile(files))) return false
    const input = files === null ? this.#input : this.#bytesOf(files)
    const meter = { hash: false, signal: this.#closing.signal, onRead() {} }
    this.#events.onFile(this.#path, facts.packets + 1)
    try {
      this.#open = await openFile(input, 'native-free', meter, this.#context)
      facts.format = this.#open.format
      facts.compression = this.#open.compression
      return true
    } catch (error) {
      files?.close()
      if (this.#closing.signal.aborted) return false
      // In a folder the next file may be better.
      if (files === null || !(error instanceof RstscopeError)) throw error
      this.#events.onNotice(error.message.replace('(stream)', this.#path))
      return false
    }
  }

  async #waitForFile(files: FollowedFiles): Promise<boolean> {
    while (!this.#hasEnded) {
      await files.scan(performance.now())
      const file = files.open()
      if (file !== null) {
        this.#path = file.path
        return true
      }
      await this.#pause()
    }
    return false
  }

  /** The bytes of the current file, to its end once a newer one is there. */
  async *#bytesOf(files: FollowedFiles): AsyncGenerator<Uint8Array> {
    const chunk = new Uint8Array(CHUNK_BYTES)
    let isLast = false
    while (!this.#hasEnded) {
      const count = this.#readInto(files, chunk)
      if (count === null) return
      if (count < 0) {
        this.#events.onNotice(
          `${this.#path} was written anew before all of it was read: some packets are lost to this run`,
        )
        return
      }
      this.isBehind = count === chunk.length || files.hasNext
      if (count > 0) yield chunk.subarray(0, count)
      else if (isLast) return
      else {
        await files.scan(performance.now())
        // Whoever writes has closed this file before beginning the next: it is read to its end once more.
        isLast = files.hasNext
        if (!isLast) await this.#pause()
      }
    }
  }

  /** Null where the file cannot be read any more. */
  #readInto(files: FollowedFiles, chunk: Uint8Array): number | null {
    try {
      return files.readInto(chunk)
    } catch (error) {
      this.#events.onNotice(readError(this.#path, error).message)
      return null
    }
  }

  #finishFile(): void {
    this.#context.finishFile()
    this.facts.droppedByCapture = this.#context.droppedByCapture
    for (const warning of this.#context.warnings.splice(0))
      this.#events.onWarning(this.#path, warning)
    this.#open?.close()
    this.#open = null
    if (this.#files === null) this.#hasEnded = true
    else this.#files.close()
  }

  async #pause(): Promise<void> {
    await sleep(POLL_MS, undefined, { signal: this.#closing.signal }).catch(() => {})
  }
}

/** Null for what is read once from its beginning to its end: a stream, standard input, a named pipe. */
function filesAt(input: FollowInput, say: (text: string) => void): FollowedFiles | null {
  if (typeof input !== 'string' || input === '-') return null
  try {
    const stat = statSync(input)
    const isFolder = stat.isDirectory()
    return isFolder || stat.isFile() ? new FollowedFiles(input, isFolder, say) : null
  } catch (error) {
    throw readError(input, error)
  }
}
