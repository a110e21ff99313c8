/** The captures of one sample: both sides of it, or one capture alone. Several files of one are a rotated set. */
export type SampleCaptures = { client: string[]; upstream: string[] } | { capture: string[] }

/** Captures that belong together, and what lies beside them. Plain data: it travels between threads and machines. */
export interface Sample {
  /**
   * Tells it apart from the others of its run and stays the same from run to run: where it lies below the folder that
   * was named, `2026-11-20/cart-7d9f`. Segments between `/` are never empty, `.` or `..`.
   */
  id: string
  /** Paths, or URLs (http, https, s3). */
  captures: SampleCaptures
  accessLogs: string[]
  /** Files or folders of what kubectl wrote. */
  kubernetes: string[]
  /** Bytes of its captures as they are stored; null where that is not known. */
  bytes: number | null
  /** Why these files belong together: "client and upstream in their names", "line 3 of pairs.csv". */
  basis: string
}

/** Every file of its captures, the client's first. */
export function captureFiles({ captures }: Sample): string[] {
  return 'capture' in captures ? captures.capture : [...captures.client, ...captures.upstream]
}
