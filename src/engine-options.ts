import type { CaptureInput as OneInput, ReaderChoice } from './capture/open-capture.ts'
import type { AccessLogInput } from './context/access-log/join-logs.ts'
import type { KubernetesInput } from './context/kubernetes/open-lists.ts'
import type { Cluster } from './model/cluster.ts'
import type { Selection } from './selection.ts'
import type { ArchiveFiles } from './workers/archive-file.ts'
import type { TrackCapturesOptions } from './workers/track-captures.ts'

/** A path, `-` for standard input, bytes, a stream; or several of them, a rotated set read as one capture. */
export type CaptureInput = OneInput | readonly OneInput[]

export interface Progress {
  /** "client", "upstream" or "capture". */
  capture: string
  bytesRead: number
  totalBytes: number | null
  packets: number
}

export interface EngineOptions {
  /** Threads. Default: one per capture for large files; 1 keeps everything in this thread. */
  jobs?: number
  /** Bound for live connections and payload that waits behind holes, in bytes. */
  maxMemory?: number
  reader?: ReaderChoice
  /** Whether `captures[].sha256` is filled: a second or more for each GB. Default: yes. */
  hash?: boolean
  signal?: AbortSignal
  onProgress?: (progress: Progress) => void
  /** An endpoint that is known to be the upstream's. */
  server?: { host: string; port: number } | undefined
  /** The host in which a single capture was taken; in `compare`: this side's capture was surely taken inside its host. */
  at?: 'client' | 'upstream'
  /** Upstream clock minus client clock, used when no packet was seen at both points. */
  clockOffsetSeconds?: number
  selection?: Selection
  /** What `kubectl get pods,services,endpointslices,events -A -o json` wrote: files, folders, bytes, or parsed objects. */
  kubernetes?: readonly KubernetesInput[]
  /** Envoy access logs, plain or gzip; their lines are joined to the connections. */
  accessLogs?: readonly AccessLogInput[]
  /** Format of their lines, where it is none that is known: text with command operators, or a JSON object of them. */
  accessLogFormat?: string
  /** One line of an access log: the report is about the connections that it belongs to. */
  line?: string
}

/** The same for one report, with the files that it may put what it knows into. */
export interface ReportOptions extends EngineOptions {
  files: ArchiveFiles
}

/** What the lists say of the cluster; null where none were given. Their reader is loaded only then. */
export async function clusterOf({
  kubernetes = [],
  signal,
}: EngineOptions): Promise<Cluster | null> {
  if (kubernetes.length === 0) return null
  const { openLists } = await import('./context/kubernetes/open-lists.ts')
  return openLists(kubernetes, signal)
}

/** The part of the options that reading and tracking take. */
export function trackingOptions(options: ReportOptions): TrackCapturesOptions {
  const { onProgress } = options
  return {
    jobs: options.jobs,
    reader: options.reader,
    signal: options.signal,
    maxMemory: options.maxMemory,
    hash: options.hash,
    files: options.files,
    onProgress:
      onProgress === undefined
        ? undefined
        : (capture, bytesRead, totalBytes, packets) =>
            onProgress({ capture, bytesRead, totalBytes, packets }),
  }
}
