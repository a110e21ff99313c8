import type { Confidence, Connection, Detail, ResetBy, Termination } from './report.ts'

/** How a connection ended, as far as connections are counted by it; one value for all that ended alike. */
export interface Ending {
  termination: Termination
  detail: Detail
  benign: boolean
  /** Who reset first, and how sure that is; null without a reset that counted. */
  by: ResetBy | null
  confidence: Confidence | null
  /** The best cause; null without one. */
  cause: { id: string; confidence: Confidence } | null
  /** A RST was sent that changed nothing. */
  ignoredReset: boolean
}

/** Connections that ended alike, with the same upstream end. */
export interface EndingCount {
  ending: Ending
  /** Upstream end as it is shown: a number, for `Endings.peerText`. */
  peer: number
  count: number
  /** Id of the first of them. */
  first: number
}

/** How the connections of a report ended, counted; in order of the first connection of each count. */
export interface Endings {
  counts: Iterable<EndingCount>
  /** `10.8.1.15:8443`. */
  peerText(peer: number): string
}

/** How a connection of a report ended. */
export function endingOf(connection: Connection): Ending {
  const { termination, detail, benign, firstReset, causes, ignoredResets } = connection
  const cause = causes[0]
  return {
    termination,
    detail,
    benign,
    by: firstReset?.by ?? null,
    confidence: firstReset?.confidence ?? null,
    cause: cause === undefined ? null : { id: cause.id, confidence: cause.confidence },
    ignoredReset: ignoredResets.length > 0,
  }
}
