import type { Ending, Endings } from './ending.ts'
import type { Level } from './ending-level.ts'
import type { CaptureWarning } from './record-reader.ts'
import type { Connection } from './report.ts'

/** A file of a capture, and the number that its first frame has in the whole capture. */
export interface FileSpan {
  path: string
  firstFrame: number
}

export type WatchEvent =
  | {
      kind: 'ending'
      connection: Connection
      /** The files that hold its frames. */
      files: FileSpan[]
      /** When the first packet of the whole capture was seen. */
      firstPacketAt: string
      /** How it was told before, where it looks otherwise now; null the first time. */
      before: Ending | null
      /** It has not ended: it goes on although an end was told, or the watch ends first. */
      isOpen: boolean
    }
  | { kind: 'notice'; text: string }
  | { kind: 'summary'; summary: WatchSummary }

export interface WatchExample {
  connection: Connection
  /** The files that hold its frames. */
  files: readonly FileSpan[]
}

/** What was seen in all. */
export interface WatchSummary {
  packets: number
  tcpPackets: number
  /** Ns since 1970 of the first packet, and from it to the last. */
  baseNs: bigint
  spanNs: number
  /** Connections that were told or counted, open ones among them. */
  connections: number
  benign: number
  endings: Endings
  /** A connection that ended as its group in `endings` did, by the id that stands there. */
  example(id: number): WatchExample
  worst: Level | null
  warnings: CaptureWarning[]
  limits: string[]
}

/** The file that holds a frame of the capture, and the frame's number in it; null where none of these does. */
export function placeOfFrame(
  files: readonly FileSpan[],
  frame: number,
): { path: string; frame: number } | null {
  const file = files.findLast(({ firstFrame }) => firstFrame <= frame)
  return file === undefined ? null : { path: file.path, frame: frame - file.firstFrame + 1 }
}
