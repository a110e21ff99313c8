import type { Case, Surroundings } from '../model/case.ts'
import type { Cause } from '../model/report.ts'
import { RESET_RULES_BETWEEN } from './rules/between-rules.ts'
import { behindProxy, CLOSE_RULES } from './rules/close-rules.ts'
import { HANDSHAKE_RULES } from './rules/handshake-rules.ts'
import { BENIGN_RESET_RULES, RESET_RULES, RESET_RULES_FIRST } from './rules/reset-rules.ts'
import { type CauseText, causeOf, type Facts, factsOf, type Rule } from './rules/rule.ts'
import {
  keepAliveFailed,
  mtuBlackhole,
  stateExpired,
  unreachable,
  zeroWindow,
} from './rules/silence-rules.ts'
import { TLS_RULES } from './rules/tls-rules.ts'

/** Explanations that a connection may have at once; more than these confuse. */
const MOST_CAUSES = 3

/** Causes that leave a more general one standing beside them, or ask for the one behind them. */
const GOES_ON: ReadonlySet<string> = new Set([
  'application-timeout',
  'client-abort',
  'client-cancel',
  'connection-age-limit',
  'connection-refused',
  'middlebox-idle-timeout',
  'middlebox-reset',
  'syn-dropped',
  'tls-server-silent',
])

/** Why a connection ended as it did, best explanation first; none for a healthy one. */
export function causesOf(c: Case, around: Surroundings): Cause[] {
  const facts = factsOf(c, around)
  const causes: CauseText[] = []
  for (const rule of rulesFor(facts)) {
    const found = rule(facts)
    if (found === null || causes.some((known) => known.id === found.id)) continue
    causes.push(found)
    if (causes.length === MOST_CAUSES) break
    if (found.confidence !== 'unclear' && !GOES_ON.has(found.id)) break
  }
  return causes.map((found) => causeOf(facts, found))
}

/** The best explanation alone, to be counted: nothing is asked for those behind it. */
export function leadingCause(c: Case, around: Surroundings): CauseText | null {
  const facts = factsOf(c, around)
  for (const rule of rulesFor(facts)) {
    const found = rule(facts)
    if (found !== null) return found
  }
  return null
}

const SILENCE: readonly Rule[] = [mtuBlackhole, stateExpired]

function rulesFor(f: Facts): readonly Rule[] {
  const { outcome } = f.c
  switch (outcome.termination) {
    case 'handshake-never-completed':
      return HANDSHAKE_RULES
    case 'tls-aborted':
      return TLS_RULES
    case 'rst-without-fin':
    case 'rst-after-fin':
      if (outcome.benign) return BENIGN_RESET_RULES
      return f.reset?.by === 'between'
        ? RESET_RULES_BETWEEN
        : [
            ...RESET_RULES_FIRST,
            behindProxy,
            keepAliveFailed,
            zeroWindow,
            ...SILENCE,
            ...beforeAbort(f),
            ...RESET_RULES,
          ]
    case 'fin-close':
      return [mtuBlackhole, ...CLOSE_RULES]
    case 'open':
      return [
        mtuBlackhole,
        ...(outcome.benign ? [] : [zeroWindow]),
        stateExpired,
        unreachable,
        ...CLOSE_RULES,
      ]
  }
}

/** A live socket that gives up because nothing came through any more. */
function beforeAbort(f: Facts): readonly Rule[] {
  return f.reset?.event.anatomy === 'active' ? [unreachable] : []
}
