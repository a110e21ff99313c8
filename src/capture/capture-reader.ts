import { basename } from 'node:path'
import type { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import type { CaptureFacts, RecordBatch, RecordReader } from '../model/record-reader.ts'
import { interrupted } from './byte-source.ts'
import { type CaptureInput, inputLabel, type OpenedFile } from './open-file.ts'
import { ReusedBatch } from './record-stream.ts'

/** Reads the files of a capture one after the other and numbers their records through. */
export class CaptureReader implements RecordReader {
  readonly facts: CaptureFacts
  readonly #inputs: readonly CaptureInput[]
  readonly #open: (input: CaptureInput) => Promise<OpenedFile>
  readonly #context: ContainerContext
  readonly #signal: AbortSignal | undefined
  readonly #batch = new ReusedBatch()
  #current: OpenedFile | null
  #fileNumber = 0

  private constructor(
    inputs: readonly CaptureInput[],
    open: (input: CaptureInput) => Promise<OpenedFile>,
    context: ContainerContext,
    signal: AbortSignal | undefined,
    first: OpenedFile,
  ) {
    this.#inputs = inputs
    this.#open = open
    this.#context = context
    this.#signal = signal
    this.#current = first
    this.facts = {
      paths: inputs.map(inputLabel),
      sha256: [],
      format: first.format,
      compression: first.compression,
      interfaces: context.interfaces,
      baseNs: 0n,
      packets: 0,
      droppedByCapture: null,
      warnings: context.warnings,
    }
  }

  /** Opens the first file, so that the format is known; the others follow when they are reached. */
  static async open(
    inputs: readonly CaptureInput[],
    open: (input: CaptureInput) => Promise<OpenedFile>,
    context: ContainerContext,
    signal: AbortSignal | undefined,
  ): Promise<CaptureReader> {
    const input = inputs[0] as CaptureInput
    context.warningPrefix = prefix(inputs, input)
    return new CaptureReader(inputs, open, context, signal, await open(input))
  }

  async next(): Promise<RecordBatch | null> {
    const { facts } = this
    const batch = this.#batch
    while (this.#current !== null) {
      if (this.#signal?.aborted) throw interrupted(this.#signal)
      batch.count = 0
      if (await this.#current.records.fill(batch)) {
        batch.firstFrame = facts.packets + 1
        facts.packets += batch.count
        facts.baseNs = this.#context.baseNs ?? 0n
        facts.droppedByCapture = this.#context.droppedByCapture
        return batch
      }
      await this.#finishFile(this.#current)
    }
    return null
  }

  async close(): Promise<void> {
    this.#current?.close()
    this.#current = null
  }

  async #finishFile(file: OpenedFile): Promise<void> {
    this.#context.finishFile()
    this.facts.droppedByCapture = this.#context.droppedByCapture
    const digest = await file.digest()
    if (digest !== null) this.facts.sha256.push(digest)
    file.close()
    this.#fileNumber++
    const next = this.#inputs[this.#fileNumber]
    if (next === undefined) {
      this.#current = null
      return
    }
    this.#context.warningPrefix = prefix(this.#inputs, next)
    this.#current = await this.#open(next)
  }
}

/** Warnings of a single file need not name it. */
function prefix(inputs: readonly CaptureInput[], input: CaptureInput): string {
  return inputs.length === 1 ? '' : `${basename(inputLabel(input))}: `
}
