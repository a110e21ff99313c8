import type { CaptureInput, EngineOptions } from '../engine-options.ts'
import type { ConnectionData } from '../model/connection-data.ts'
import type { CaptureFacts } from '../model/record-reader.ts'
import { trackCapture } from './track-capture.ts'

export interface NamedInput {
  id: string
  input: CaptureInput
}

export interface TrackedParts {
  facts: CaptureFacts
  /** One per shard. */
  parts: ConnectionData[]
}

/** Tracks all captures, in this thread or over worker threads: the same data either way. */
export async function trackCaptures(
  inputs: readonly NamedInput[],
  options: EngineOptions,
): Promise<TrackedParts[]> {
  const results: TrackedParts[] = []
  for (const { id, input } of inputs) {
    const { facts, data } = await trackCapture(input, {
      reader: options.reader,
      signal: options.signal,
      mostHeldBytes: options.maxMemory,
      onProgress: (bytesRead, totalBytes, packets) =>
        options.onProgress?.({ capture: id, bytesRead, totalBytes, packets }),
    })
    results.push({ facts, parts: [data] })
  }
  return results
}
