import {
  type CaptureInput,
  type OpenCaptureOptions,
  openCapture,
} from '../../src/capture/open-capture.ts'
import type { CaptureFacts } from '../../src/model/record-reader.ts'

export interface ReadRecord {
  frame: number
  /** Nanoseconds since 1970. */
  time: bigint
  bytes: string
  originalLength: number
  interface: number
  direction: number
}

/** Reads a whole capture into plain values, checking that each batch is consistent with itself. */
export async function readRecords(
  input: CaptureInput | CaptureInput[],
  options: OpenCaptureOptions = {},
): Promise<{ records: ReadRecord[]; facts: CaptureFacts }> {
  const reader = await openCapture(input, options)
  const records: ReadRecord[] = []
  for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
    if (batch.count === 0) throw new Error('an empty batch')
    if (batch.firstFrame !== records.length + 1) throw new Error('frame numbers do not go on')
    for (let i = 0; i < batch.count; i++) {
      const offset = batch.offsets[i] as number
      const end = offset + (batch.capturedLengths[i] as number)
      if (end > batch.bytes.length) throw new Error('a record reaches out of its batch')
      records.push({
        frame: batch.firstFrame + i,
        time: reader.facts.baseNs + BigInt(batch.times[i] as number),
        bytes: Buffer.from(batch.bytes.subarray(offset, end)).toString('hex'),
        originalLength: batch.originalLengths[i] as number,
        interface: batch.interfaces[i] as number,
        direction: batch.directions[i] as number,
      })
    }
  }
  await reader.close()
  return { records, facts: reader.facts }
}

/** The bytes in pieces of these lengths (repeated), as a pipe would bring them. */
export async function* inPieces(
  bytes: Uint8Array,
  lengths: readonly number[],
): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = Math.max(1, lengths[i % lengths.length] ?? bytes.length)
    yield bytes.slice(at, at + length)
    at += length
  }
}

/** What `readRecords` is to return for records that were written on one interface. */
export function expected(
  records: readonly { time: bigint; bytes: Uint8Array; originalLength?: number }[],
  tickNs = 1000n,
): ReadRecord[] {
  return records.map((record, index) => ({
    frame: index + 1,
    time: record.time - (record.time % tickNs),
    bytes: Buffer.from(record.bytes).toString('hex'),
    originalLength: record.originalLength ?? record.bytes.length,
    interface: 0,
    direction: 0,
  }))
}
