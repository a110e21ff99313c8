import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { type CaptureInput, isCompressedFile } from '../capture/open-capture.ts'
import type { ConnectionData } from '../model/connection-data.ts'
import type { CaptureFacts } from '../model/record-reader.ts'
import { type TrackOptions, trackCapture } from './track-capture.ts'

export interface NamedInput {
  /** "client", "upstream", "capture": named in progress reports. */
  id: string
  input: CaptureInput | readonly CaptureInput[]
}

export interface TrackedParts {
  facts: CaptureFacts
  /** One per shard. */
  parts: ConnectionData[]
}

export interface TrackCapturesOptions
  extends Pick<TrackOptions, 'reader' | 'signal' | 'maxMemory'> {
  /** Threads; undefined: threads only where the captures are large enough to pay for their start. */
  jobs?: number | undefined
  onProgress?:
    | ((id: string, bytesRead: number, totalBytes: number | null, packets: number) => void)
    | undefined
}

/** A worker takes about 50 ms to start; below this size it costs more than it brings. */
const WORTH_A_THREAD = 32 * 1024 * 1024
/** Every shard walks the whole file: more of them than this gain nothing. */
const MOST_SHARDS = 8

/** Tracks all captures, in this thread or over worker threads: the same data either way. */
export async function trackCaptures(
  inputs: readonly NamedInput[],
  options: TrackCapturesOptions,
): Promise<TrackedParts[]> {
  const jobs = options.jobs ?? (isWorthThreads(inputs) ? availableParallelism() : 1)
  if (jobs <= 1) {
    const results: TrackedParts[] = []
    for (const input of inputs) results.push(await trackHere(input, options, 1))
    return results
  }
  const shards = Math.max(1, Math.min(MOST_SHARDS, Math.floor(jobs / inputs.length)))
  return Promise.all(inputs.map((input) => trackParallel(input, options, shards)))
}

function isWorthThreads(inputs: readonly NamedInput[]): boolean {
  let bytes = 0
  for (const { input } of inputs) {
    for (const one of Array.isArray(input) ? input : [input]) {
      if (typeof one !== 'string' || one === '-') continue
      // A path that cannot be read is reported by whoever opens it.
      bytes += statSync(one, { throwIfNoEntry: false })?.size ?? 0
    }
  }
  return bytes >= WORTH_A_THREAD
}

/** Only paths can be opened by another thread, and by several. */
function isShareable(input: NamedInput['input']): input is string | string[] {
  const all: readonly unknown[] = Array.isArray(input) ? input : [input]
  return all.every((one) => typeof one === 'string' && one !== '-')
}

async function trackParallel(
  named: NamedInput,
  options: TrackCapturesOptions,
  mostShards: number,
): Promise<TrackedParts> {
  const { input } = named
  if (!isShareable(input)) return trackHere(named, options, 1)
  const { runInThread } = await import('./thread.ts')
  // Each shard would decompress the whole file again.
  const first = typeof input === 'string' ? input : (input[0] ?? '-')
  const shards = (await isCompressedFile(first)) ? 1 : mostShards
  const tracked = await Promise.all(
    Array.from({ length: shards }, (_, shard) =>
      runInThread(
        { input, reader: options.reader, maxMemory: options.maxMemory, shard, shards },
        options.signal,
        shard === 0 ? progressOf(named, options) : undefined,
      ),
    ),
  )
  return { facts: tracked[0]!.facts, parts: tracked.map((t) => t.data) }
}

async function trackHere(
  named: NamedInput,
  options: TrackCapturesOptions,
  shards: 1,
): Promise<TrackedParts> {
  const { facts, data } = await trackCapture(named.input, {
    reader: options.reader,
    signal: options.signal,
    maxMemory: options.maxMemory,
    shards,
    onProgress: progressOf(named, options),
  })
  return { facts, parts: [data] }
}

function progressOf({ id }: NamedInput, options: TrackCapturesOptions): TrackOptions['onProgress'] {
  const { onProgress } = options
  if (onProgress === undefined) return undefined
  return (bytesRead, totalBytes, packets) => onProgress(id, bytesRead, totalBytes, packets)
}
