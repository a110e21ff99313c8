import { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import { RstscopeError } from '../errors.ts'
import type { RecordReader } from '../model/record-reader.ts'
import { interrupted } from './byte-source.ts'
import { CaptureReader } from './capture-reader.ts'
import {
  type CaptureInput,
  canBeOpenedTwice,
  inputBytes,
  openFile,
  type ReaderChoice,
} from './open-file.ts'

export { type CaptureInput, isCompressedFile, type ReaderChoice } from './open-file.ts'

export interface OpenCaptureOptions {
  /** `auto`: pcap-parser for classic microsecond pcap from a pipe, this project's own reader for everything else. */
  reader?: ReaderChoice
  signal?: AbortSignal | undefined
  /** Called after each read with the bytes read so far, as they are on disk, and how many there are if that is known. */
  onBytes?: ((bytesRead: number, totalBytes: number | null) => void) | undefined
  /** Whether `facts.sha256` is filled; true unless said otherwise. */
  hash?: boolean
}

/**
 * Opens a capture. Several inputs are a rotated set: they are read in order as one capture with frames numbered on.
 * Rejects with a `RstscopeError` when an input cannot be read or is no capture.
 */
export async function openCapture(
  input: CaptureInput | readonly CaptureInput[],
  options: OpenCaptureOptions = {},
): Promise<RecordReader> {
  const { reader = 'auto', signal, onBytes, hash = true } = options
  if (signal?.aborted) throw interrupted(signal)
  const inputs = isSet(input) ? input : [input]
  const [first, ...others] = inputs
  if (first === undefined) throw new RstscopeError('RSTSCOPE_USAGE', 'no capture is named')

  // A later file of a set that cannot be read is better known now than after an hour.
  const unmetered = { hash: false, signal, onRead: () => {} }
  for (const other of others) {
    if (!canBeOpenedTwice(other)) continue
    const checked = await openFile(other, reader, unmetered, new ContainerContext(), false)
    checked.close()
  }

  const totalBytes = sum(inputs.map(inputBytes))
  let bytesRead = 0
  const meter = {
    hash,
    signal,
    onRead(bytes: number) {
      bytesRead += bytes
      onBytes?.(bytesRead, totalBytes)
    },
  }
  const context = new ContainerContext()
  const open = (one: CaptureInput) => openFile(one, reader, meter, context)
  return CaptureReader.open(inputs, open, context, signal)
}

function isSet(input: CaptureInput | readonly CaptureInput[]): input is readonly CaptureInput[] {
  return Array.isArray(input)
}

function sum(lengths: Array<number | null>): number | null {
  let total = 0
  for (const length of lengths) {
    if (length === null) return null
    total += length
  }
  return total
}
