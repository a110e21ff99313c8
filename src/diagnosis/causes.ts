import type { Case, Surroundings } from '../model/case.ts'
import type { Cause } from '../model/report.ts'
import { RESET_RULES_BETWEEN } from './rules/between-rules.ts'
import { behindProxy, CLOSE_RULES } from './rules/close-rules.ts'
import { HANDSHAKE_RULES } from './rules/handshake-rules.ts'
import { BENIGN_RESET_RULES, RESET_RULES, RESET_RULES_FIRST } from './rules/reset-rules.ts'
import { type CauseText, causeOf, Facts, type Rule } from './rules/rule.ts'
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
  const facts = new Facts(c, around)
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
  const facts = new Facts(c, around)
  for (const rule of rulesFor(facts)) {
    const found = rule(facts)
    if (found !== null) return found
  }
  return null
}

const SILENCE: readonly Rule[] = [mtuBlackhole, stateExpired]
const BEFORE_RESET = [...RESET_RULES_FIRST, behindProxy, keepAliveFailed, zeroWindow, ...SILENCE]
const AFTER_RESET: readonly Rule[] = [...BEFORE_RESET, ...RESET_RULES]
/** A live socket that gives up because nothing came through any more. */
const AFTER_ABORT: readonly Rule[] = [...BEFORE_RESET, unreachable, ...RESET_RULES]
const AFTER_CLOSE: readonly Rule[] = [mtuBlackhole, ...CLOSE_RULES]
const STILL_OPEN: readonly Rule[] = [...SILENCE, unreachable, ...CLOSE_RULES]
const STILL_OPEN_IN_NEED: readonly Rule[] = [
  mtuBlackhole,
  zeroWindow,
  stateExpired,
  unreachable,
  ...CLOSE_RULES,
]

function rulesFor({ c, reset }: Facts): readonly Rule[] {
  const { outcome } = c
  switch (outcome.termination) {
    case 'handshake-never-completed':
      return HANDSHAKE_RULES
    case 'tls-aborted':
      return TLS_RULES
    case 'rst-without-fin':
    case 'rst-after-fin':
      if (outcome.benign) return BENIGN_RESET_RULES
      if (reset?.by === 'between') return RESET_RULES_BETWEEN
      return reset?.event.anatomy === 'active' ? AFTER_ABORT : AFTER_RESET
    case 'fin-close':
      return AFTER_CLOSE
    case 'open':
      return outcome.benign ? STILL_OPEN : STILL_OPEN_IN_NEED
  }
}
