import type { MatchMethod } from './report.ts'

/** Which connection of the upstream capture is which of the client capture. */
export interface Matches {
  /** Per client-side connection the upstream-side one, or -1. */
  upstreamOf: Int32Array
  clientOf: Int32Array
  /** Per client-side connection; null when unmatched. */
  methods: (MatchMethod | null)[]
  /** Sequence numbers at the upstream tap minus those at the client tap, where a middlebox rewrites them; by client-side index. */
  shifts: Map<number, SequenceShift>
}

export interface SequenceShift {
  client: number
  upstream: number
}
