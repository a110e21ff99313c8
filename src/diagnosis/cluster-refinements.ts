import type { Case } from '../model/case.ts'
import { shownTap } from '../model/case.ts'
import type { ClusterFact, ClusterStatement, ConnectionQuestion } from '../model/cluster.ts'
import type { Cause, Confidence } from '../model/report.ts'
import { evidenceOf } from './evidence.ts'
import { codeOf } from './findings.ts'
import { meshProxies } from './mesh.ts'

/** What a statement makes of the cause that the packets show. */
interface Refinement {
  facts: readonly ClusterFact[]
  /** About this end; absent: either. */
  side?: 'client' | 'upstream'
  /** Causes that it may replace, `null`: none was found. Itself always. */
  from: readonly (string | null)[]
  to: string
  /** What that means, before the statement itself; absent where that says it. */
  says?: string
  /** Never more certain than this. */
  most: Confidence
  when?: (question: ConnectionQuestion, c: Case) => boolean
}

/** Ends that a process makes when it dies, whatever it was doing. */
const PROCESS_ENDS = [
  'upstream-crash',
  'upstream-abort',
  'premature-close',
  'keepalive-race',
  'graceful-shutdown',
  'worker-recycled',
  'application-timeout',
  'connection-age-limit',
  'idle-timeout',
  null,
] as const

const NO_SOCKET = ['stale-endpoint', 'peer-restarted', null] as const

/** In order: the first whose statement explains the end decides. */
const REFINEMENTS: readonly Refinement[] = [
  {
    facts: ['pod-is-newer'],
    side: 'upstream',
    from: NO_SOCKET,
    to: 'stale-endpoint',
    says: 'the address does not know the connection',
    most: 'certain',
    when: answeredByStranger,
  },
  {
    facts: ['sidecar-ended'],
    side: 'upstream',
    from: PROCESS_ENDS,
    to: 'sidecar-restarted',
    says: 'the proxy ended',
    most: 'probable',
  },
  {
    facts: ['sidecar-ended'],
    side: 'client',
    from: ['client-abort', 'client-cancel', 'both-abort', null],
    to: 'sidecar-restarted',
    says: 'the proxy ended',
    most: 'probable',
  },
  {
    facts: ['container-ended'],
    side: 'upstream',
    from: ['upstream-crash'],
    to: 'upstream-crash',
    says: "the upstream's process died",
    most: 'certain',
  },
  {
    // One connection alone, and times in whole seconds: another end of that second is possible.
    facts: ['container-ended'],
    side: 'upstream',
    from: PROCESS_ENDS,
    to: 'upstream-crash',
    says: "the upstream's process died",
    most: 'probable',
  },
  {
    facts: ['shutdown', 'evicted'],
    side: 'upstream',
    from: [...PROCESS_ENDS, 'connection-refused'],
    to: 'graceful-shutdown',
    says: 'the upstream was shut down',
    most: 'probable',
  },
  {
    facts: ['restarted-since'],
    side: 'upstream',
    from: NO_SOCKET,
    to: 'peer-restarted',
    says: 'the upstream was restarted and forgot the connection',
    most: 'probable',
  },
  {
    facts: ['not-started', 'not-ready'],
    side: 'upstream',
    from: ['connection-refused', 'not-ready-yet', null],
    to: 'not-ready-yet',
    says: 'the upstream was not listening',
    most: 'certain',
  },
  {
    facts: ['no-endpoints'],
    from: ['no-endpoints', 'firewall-reject', 'syn-dropped', null],
    to: 'no-endpoints',
    most: 'probable',
  },
  {
    facts: ['strict-mtls', 'client-plaintext'],
    from: ['plaintext-to-tls-port', 'upstream-abort', 'wrong-protocol', null],
    to: 'plaintext-to-tls-port',
    says: 'plaintext is not taken there',
    most: 'probable',
    when: refusedPlaintext,
  },
  {
    facts: ['client-tls'],
    from: ['tls-to-plaintext-port'],
    to: 'tls-to-plaintext-port',
    says: 'TLS is not taken there',
    most: 'certain',
  },
  {
    // No byte of it was answered: the application may speak TLS itself, and have reset for another reason.
    facts: ['client-tls'],
    from: ['upstream-reset-at-clienthello', 'wrong-protocol'],
    to: 'tls-to-plaintext-port',
    says: 'TLS is not taken there',
    most: 'probable',
  },
  {
    facts: ['not-in-registry'],
    from: ['upstream-abort', 'premature-close', 'plaintext-to-tls-port', 'egress-blocked', null],
    to: 'egress-blocked',
    most: 'probable',
    when: closedByOwnProxy,
  },
  {
    facts: ['policy-denies'],
    from: ['syn-dropped'],
    to: 'syn-dropped',
    most: 'probable',
  },
  {
    facts: ['policy-denies'],
    from: ['firewall-reject'],
    to: 'firewall-reject',
    most: 'probable',
  },
  {
    facts: ['node-lost', 'shutdown', 'evicted', 'pod-had-finished'],
    side: 'upstream',
    from: ['upstream-unreachable', 'syn-dropped'],
    to: 'upstream-unreachable',
    says: 'the upstream is gone',
    most: 'probable',
  },
  {
    facts: ['node-lost', 'shutdown', 'evicted', 'pod-had-finished'],
    side: 'client',
    from: ['client-unreachable'],
    to: 'client-unreachable',
    says: 'the client is gone',
    most: 'probable',
  },
]

/** A host that does not know a connection answers it with a RST of its kernel's, and sends no FIN. */
function answeredByStranger(_: ConnectionQuestion, { outcome }: Case): boolean {
  return outcome.fins.upstream === null && outcome.firstReset?.event.anatomy !== 'active'
}

/** Plaintext that was not answered by a single byte. */
function refusedPlaintext({ spoke, endedBy }: ConnectionQuestion, { outcome }: Case): boolean {
  return (
    spoke === 'plaintext' && endedBy === 'upstream' && outcome.application.upstreamFirst === 'none'
  )
}

/** The leg between an application and its own sidecar, on which nothing came back. */
function closedByOwnProxy({ endedBy }: ConnectionQuestion, c: Case): boolean {
  const isOutbound = meshProxies(c).some(({ basis }) => basis.startsWith('port 15001'))
  const bytes = c.sighting.taps.map(({ view }) => view?.upstream.bytes ?? 0)
  return isOutbound && endedBy === 'upstream' && bytes.every((count) => count === 0)
}

export interface Refined {
  cause: Cause
  by: ClusterStatement
}

/** The first cause as the lists let it be told; null where they say nothing that decides. */
export function refinementOf(
  causes: readonly Cause[],
  statements: readonly ClusterStatement[],
  question: ConnectionQuestion,
  c: Case,
): Refined | null {
  const known = causes[0] ?? null
  for (const refinement of REFINEMENTS) {
    if (!refinement.from.includes(known?.id ?? null)) continue
    if (refinement.when?.(question, c) === false) continue
    const by = statements.find((one) => decides(one, refinement, question))
    if (by !== undefined) return { cause: refined(known, by, refinement, c), by }
  }
  return null
}

/** High only where pod, container, direction and moment agree: such a statement explains, and is not unclear. */
function decides(
  { fact, side, relation, confidence }: ClusterStatement,
  refinement: Refinement,
  { endedBy, how }: ConnectionQuestion,
): boolean {
  if (!refinement.facts.includes(fact) || relation !== 'explains' || confidence === 'unclear') {
    return false
  }
  if (refinement.side !== undefined && refinement.side !== side) return false
  return refinement.side === undefined || how !== 'closed' || endedBy === side
}

const RANK = { certain: 0, probable: 1, unclear: 2 } as const

function refined(
  known: Cause | null,
  by: ClusterStatement,
  { to, most, says }: Refinement,
  c: Case,
): Cause {
  const sure = RANK[by.confidence] > RANK[most] ? by.confidence : most
  const same = known?.id === to
  // What speaks against the cause speaks against it with the lists, too.
  const doubted = same && known.against.length > 0 && sure === 'certain' ? 'probable' : sure
  const confidence = same && RANK[known.confidence] < RANK[doubted] ? known.confidence : doubted
  const evidence = known?.evidence ?? lastPacket(c)
  return {
    id: to,
    code: codeOf(to),
    confidence,
    why: same ? `${known.why}; ${by.text}` : `${says === undefined ? '' : `${says}: `}${by.text}`,
    evidence,
    against: known?.against ?? [],
    next: same ? known.next : [],
  }
}

function lastPacket(c: Case): Cause['evidence'] {
  const { firstReset } = c.outcome
  if (firstReset !== null) return firstReset.evidence.slice(0, 2).map((o) => evidenceOf(c, o))
  const tap = shownTap(c.sighting)
  return [evidenceOf(c, { tap, segment: null, text: 'last packet of the connection' })]
}
