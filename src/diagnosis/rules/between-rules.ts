import { ACK } from '../../../native-free-decoders/decoded-packet.ts'
import type { FirstResetFacts } from '../../model/outcome.ts'
import { matchTimer, timerText } from '../timers.ts'
import { type Facts, type Rule, secondsText, whenReset } from './rule.ts'

const IDLE_NS = 0.9e9
/** Hardly any device forgets an established connection sooner. */
const FORGETS_NS = 10e9

/** Did what the RST answers reach the end in whose name the RST was made? */
function hasTriggerArrived(f: Facts, { event }: FirstResetFacts): boolean {
  const { taps, segments } = f.c.sighting
  const { trigger } = event
  const far = taps.findIndex((tap) => tap.side === event.from)
  const answered = segments.find((s) => trigger !== null && s.seen[trigger.tap] === trigger.segment)
  return far >= 0 && answered?.seen[far] != null
}

/** A RST in the name of a side, made between, in answer to the first data after an idle time. */
const expiredReject = whenReset((f, reset) => {
  const { by, event, idleNs } = reset
  if (by !== 'between' || event.trigger === null || hasTriggerArrived(f, reset)) return null
  if (idleNs === null || idleNs < IDLE_NS || event.trigger.segment.length === 0) return null
  const isLong = idleNs >= FORGETS_NS
  return {
    id: 'middlebox-state-expired',
    confidence: isLong ? 'probable' : 'unclear',
    why: `${secondsText(idleNs)} of silence${timerText(idleNs, 'middlebox')}, then a device between answered the next data with a RST: ${isLong ? 'it had forgotten the connection' : 'it may have forgotten the connection, or a rule that rejects it came up meanwhile'}`,
    next: [
      "keep-alives shorter than that device's idle timeout",
      'its session or conntrack timeout, and its log',
    ],
  }
})

/** Both ends were reset between, in a silence as long as the timeout of a device. */
const idleReset = whenReset((f, { by, event, idleNs }) => {
  if (by !== 'between' || idleNs === null || event.trigger !== null) return null
  const both = new Set(f.c.outcome.resets.filter((e) => e.ending).map((e) => e.from)).size === 2
  const timer = matchTimer(idleNs, 'middlebox')
  if (!both || timer === null || timer.names.length === 0 || timer.atLeast) return null
  return {
    id: 'middlebox-idle-timeout',
    confidence: 'probable',
    why: `after ${secondsText(idleNs)} of silence${timerText(idleNs, 'middlebox')} a device between reset both ends`,
    next: ["keep-alives or a client idle timeout shorter than that device's (TCP reset on idle)"],
  }
})

/** How injected resets give themselves away (Weaver, Sommer, Paxson: Detecting Forged TCP Reset Packets, NDSS 2009). */
function signatures(f: Facts): string {
  const found: string[] = []
  const { resets } = f.c.outcome
  const { event } = f.reset!
  if (event.senderContinues !== null) found.push('its "sender" goes on afterwards (RST_SEQ_DATA)')
  if (event.oddTtl !== null)
    found.push(`TTL ${event.oddTtl.ttl}, not ${ttlRange(event.oddTtl.low, event.oddTtl.high)}`)
  const alike = resets.filter((e) => e.from === event.from).map((e) => seqOf(e))
  const growing = alike.some((seq, i) => i > 0 && ((seq - alike[i - 1]!) | 0) > 0)
  if (alike.length > 1 && growing) found.push('several with growing numbers (RST_SEQ_CHANGE)')
  return found.length === 0 ? '' : `; signs of injection: ${found.join(', ')}`
}

function ttlRange(low: number, high: number): string {
  return low === high ? `${low}` : `${low}–${high}`
}

function seqOf(e: FirstResetFacts['event']): number {
  return e.segment.seen.find((s) => s !== null)!.seq
}

const middleboxReset = whenReset((f, reset) => {
  if (reset.by !== 'between') return null
  return {
    id: 'middlebox-reset',
    confidence: reset.confidence,
    why: `a device between reset the connection${reset.where?.hops == null ? '' : `, ${reset.where.text}`}${signatures(f)}`,
    next: ['ask for the log of the firewall, IPS or load balancer there at that time'],
  }
})

/** A kernel without the socket made it, whatever way it came: a RST without ACK that takes its number from what it answers. */
function isBareAnswer({ trigger, segment, senderContinues }: FirstResetFacts['event']): boolean {
  const { flags, seq } = segment.seen.find((s) => s !== null)!
  return (flags & ACK) === 0 && trigger?.segment.ack === seq && senderContinues === null
}

/** The data did not reach the upstream of this capture, and a kernel without the connection answered it. */
const rerouted = whenReset((f, reset) => {
  const { by, event } = reset
  if (by !== 'between' || !isBareAnswer(event) || event.from !== 'upstream') return null
  if ((event.trigger?.segment.length ?? 0) === 0 || hasTriggerArrived(f, reset)) return null
  if (!f.bothSaw) return null
  return {
    id: 'ecmp-rehash',
    confidence: 'unclear',
    why: `the data did not reach ${f.upstreamKey}, and a kernel that does not know the connection answered it: it may have been routed to another host (ECMP rehash, another load balancer node or backend)`,
    next: [
      'did the set of backends, load balancer nodes or routes change at that moment? TTL and timestamps of the RST against those of the upstream',
    ],
  }
})

/** Causes of resets that neither end sent. */
export const RESET_RULES_BETWEEN: readonly Rule[] = [
  expiredReject,
  idleReset,
  middleboxReset,
  rerouted,
]
