import type { Case, Surroundings } from '../model/case.ts'
import type { ClusterStatement } from '../model/cluster.ts'
import type { Cause, Confidence, ContextItem } from '../model/report.ts'
import { questionOf } from './cluster-question.ts'
import { type Refined, refinementOf } from './cluster-refinements.ts'
import { isAboutCause } from './cluster-relevance.ts'
import { filledIn } from './fill-in-names.ts'

/** Statements that stand beside one cause; a busy pod has many more events. */
const MOST_ITEMS = 8

/**
 * The causes that the packets show, with what Kubernetes lists say of them, and the first one replaced where the lists
 * know better. Without lists, and for ordinary ends, what came in.
 */
export function withCluster(causes: Cause[], c: Case, around: Surroundings): Cause[] {
  if (c.outcome.benign) return causes
  const { cluster } = around
  if (cluster === null) return causes
  const question = questionOf(c)
  const statements = cluster.statements(question)
  const refinement = refinementOf(causes, statements, question, c)
  const leading = leadingCauses(causes, refinement).map((cause) => {
    const side = cause.id.startsWith('client-') ? 'client' : 'upstream'
    const { address, port, end } = question[side]
    const told = withContext(cause, statements, refinement?.by ?? null)
    return { ...told, next: filledIn(told.next, cluster.resolve(address, port, end.from)) }
  })
  // What the lists prove leaves no room for guesses beside it.
  const rest = leading.at(-1)?.confidence === 'unclear' ? causes.slice(1) : []
  return [...leading, ...rest.filter(({ id }) => leading.every((cause) => cause.id !== id))]
}

/** That nothing listens is seen, and why nobody does is what the lists add; of any other cause they know better. */
function leadingCauses(causes: readonly Cause[], refinement: Refined | null): Cause[] {
  if (refinement === null) return causes.slice(0, 1)
  const isRefused = causes[0]?.id === 'connection-refused'
  return isRefused ? [causes[0]!, refinement.cause] : [refinement.cause]
}

function withContext(
  cause: Cause,
  statements: readonly ClusterStatement[],
  by: ClusterStatement | null,
): Cause {
  const about = statements.filter((one) => one === by || isAboutCause(one, cause.id))
  const context = about.slice(0, MOST_ITEMS).map(itemOf)
  const telling = about.filter(({ relation }) => relation === 'explains')
  const steps = telling.flatMap(({ next }) => next ?? []).slice(0, 2)
  const next = [...new Set([...steps, ...cause.next])]
  return {
    ...cause,
    confidence: isContradicted(cause, about) ? 'unclear' : cause.confidence,
    next,
    context,
  }
}

/** Causes that need a restart, of which the lists know that there was none. */
const NEEDS_RESTART = ['peer-restarted', 'stale-endpoint', 'not-ready-yet']

function isContradicted({ id }: Cause, about: readonly ClusterStatement[]): boolean {
  return NEEDS_RESTART.includes(id) && about.some(({ fact }) => fact === 'never-restarted')
}

function itemOf({ object, text, relation, confidence }: ClusterStatement): ContextItem {
  return { source: 'kubernetes', object, text, relation, confidence: confidence as Confidence }
}
