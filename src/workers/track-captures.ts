import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { type CaptureInput, isCompressedFile } from '../capture/open-capture.ts'
import type { ConnectionData } from '../model/connection-data.ts'
import type { CaptureFacts } from '../model/record-reader.ts'
import type { ArchiveFiles } from './archive-file.ts'
import { type TrackedCapture, type TrackOptions, trackCapture } from './track-capture.ts'

export interface NamedInput {
  /** "client", "upstream", "capture": named in progress reports. */
  id: string
  input: CaptureInput | readonly CaptureInput[]
  /** Only what was seen at this place of the file (see `placeOf`). */
  place?: number | undefined
}

export interface TrackedParts {
  facts: CaptureFacts
  /** One per shard. */
  parts: ConnectionData[]
}

export interface TrackCapturesOptions
  extends Pick<TrackOptions, 'reader' | 'signal' | 'maxMemory' | 'hash'> {
  /** Threads; undefined: threads only where the captures are large enough to pay for their start. */
  jobs?: number | undefined
  /** Where what retired connections take may go, beyond some MB; to be closed by whoever opened it. */
  files?: ArchiveFiles | undefined
  onProgress?:
    | ((id: string, bytesRead: number, totalBytes: number | null, packets: number) => void)
    | undefined
}

type Settings = TrackCapturesOptions & { thin: boolean }

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
  const settings = { ...options, thin: inputs.length === 1 }
  if (jobs <= 1) {
    const results: TrackedParts[] = []
    for (const named of inputs) results.push(partsOf([await trackHere(named, settings, 0, 1)]))
    return results
  }
  const shards = Math.max(1, Math.min(MOST_SHARDS, Math.floor(jobs / inputs.length)))
  return trackParallel(inputs, settings, shards)
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

/** The first shard of the last capture is this thread's own work, every other one a worker's. */
async function trackParallel(
  inputs: readonly NamedInput[],
  settings: Settings,
  mostShards: number,
): Promise<TrackedParts[]> {
  const { runInThread } = await import('./thread.ts')
  // One that fails ends the others.
  const stop = new AbortController()
  const signals = settings.signal === undefined ? [] : [settings.signal]
  const own = { ...settings, signal: AbortSignal.any([stop.signal, ...signals]) }
  const shardOf = async (named: NamedInput, shard: number, shards: number, here: boolean) => {
    const { input } = named
    if (here || !isShareable(input)) return trackHere(named, own, shard, shards)
    const { reader, maxMemory, thin, hash, files } = own
    const { place } = named
    const task = { input, reader, maxMemory, thin, hash, place, shard, shards }
    return runInThread(task, files, own.signal, shard === 0 ? progressOf(named, own) : undefined)
  }
  const counts = await Promise.all(inputs.map(({ input }) => shardCount(input, mostShards)))
  const tracked = inputs.map((named, i) => {
    const shards = counts[i]!
    // Workers first: this thread is busy as soon as it begins.
    return Array.from({ length: shards }, (_, k) => shards - 1 - k).map((shard) =>
      shardOf(named, shard, shards, i === inputs.length - 1 && shard === 0),
    )
  })
  try {
    return await Promise.all(
      tracked.map(async (shards) => partsOf((await Promise.all(shards)).reverse())),
    )
  } catch (error) {
    stop.abort()
    // Files may be closed then: nobody may write into them any more.
    await Promise.allSettled(tracked.flat())
    throw error
  }
}

async function shardCount(input: NamedInput['input'], most: number): Promise<number> {
  if (!isShareable(input)) return 1
  // Each shard would decompress the whole file again.
  const first = typeof input === 'string' ? input : (input[0] ?? '-')
  return (await isCompressedFile(first)) ? 1 : most
}

function partsOf(tracked: readonly TrackedCapture[]): TrackedParts {
  return { facts: tracked[0]!.facts, parts: tracked.map(({ data }) => data) }
}

function trackHere(
  named: NamedInput,
  settings: Settings,
  shard: number,
  shards: number,
): Promise<TrackedCapture> {
  const { reader, signal, maxMemory, thin, hash, files } = settings
  const onProgress = shard === 0 ? progressOf(named, settings) : undefined
  return trackCapture(named.input, {
    reader,
    signal,
    maxMemory,
    thin,
    hash,
    place: named.place,
    shard,
    shards,
    openFile: files === undefined ? undefined : () => files.open(),
    onProgress,
  })
}

function progressOf({ id }: NamedInput, options: TrackCapturesOptions): TrackOptions['onProgress'] {
  const { onProgress } = options
  if (onProgress === undefined) return undefined
  return (bytesRead, totalBytes, packets) => onProgress(id, bytesRead, totalBytes, packets)
}
