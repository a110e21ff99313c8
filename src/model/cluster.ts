import type { Side } from './connection.ts'
import type { Workload } from './report.ts'

/** What Kubernetes lists say of the time of the packets. Times are ns since 1970. */
export interface Cluster {
  /** Whose address this was at that moment; null where the lists do not know the address at all. */
  resolve(address: string, port: number, timeNs: number): Workload | null
  /** What the lists say of one connection: its two ends, what befell them, and the policies between them. */
  statements(question: ConnectionQuestion): ClusterStatement[]
  /** What was read: for the report. */
  readonly facts: ClusterFacts
}

/** One end of a connection, in the clock of the capture that is nearest to it. */
export interface EndQuestion {
  address: string
  port: number
  /** The connection's first packet. */
  first: number
  /** When it ended: a moment for a RST or FIN, the stretch without a sign of life for silence. */
  end: { from: number; to: number }
}

export interface ConnectionQuestion {
  client: EndQuestion
  upstream: EndQuestion
  /** As the client calls it: behind a Service, the Service's address. */
  called: { address: string; port: number }
  /** Which side ended it; null where nobody, or something between, did. */
  endedBy: Side | null
  how: EndKind
  /** What the client spoke first. */
  spoke: 'tls' | 'plaintext' | 'nothing'
  /** The subset of `outbound_.PORT_.SUBSET_.HOST`, Istio's server name. */
  subset: string | null
}

/** What the packets show of how it ended. */
export type EndKind = 'refused' | 'icmp-refused' | 'no-answer' | 'rejected' | 'silent' | 'closed'

/** What a statement is about: what causes are refined by. */
export type ClusterFact =
  | 'container-ended'
  | 'container-ended-otherwise'
  | 'sidecar-ended'
  | 'shutdown'
  | 'evicted'
  | 'node-lost'
  | 'not-started'
  | 'not-ready'
  | 'restarted-since'
  | 'never-restarted'
  | 'pod-is-newer'
  | 'pod-had-finished'
  | 'probe-failed'
  | 'other-event'
  | 'no-endpoints'
  | 'has-endpoints'
  | 'target-port'
  | 'no-such-port'
  | 'policy-denies'
  | 'policy-allows'
  | 'policy-silent'
  | 'policy-unknown'
  | 'strict-mtls'
  | 'permissive-mtls'
  | 'client-tls'
  | 'client-plaintext'
  | 'not-in-registry'

/** A sentence from the lists, and what it means for how the connection ended. */
export interface ClusterStatement {
  fact: ClusterFact
  /** The end that it is about; null: neither of them alone. */
  side: Side | null
  text: string
  /** `coincident`: it was near, and nothing shows that it has to do with it. */
  relation: 'explains' | 'coincident' | 'against'
  confidence: 'certain' | 'probable' | 'unclear'
  /** `Pod shop/cart-7d9f`. */
  object: string
  /** Something to run about it. */
  next: string | null
}

export interface ClusterFacts {
  objects: Record<string, number>
  events: {
    count: number
    /** Ns since 1970; null without events. */
    oldest: number | null
    newest: number | null
  }
  warnings: { code: string; message: string; count: number }[]
}
