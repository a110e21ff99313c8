import { isTcpLine, type JoinedLine } from '../../model/access-log.ts'
import type { Case } from '../../model/case.ts'
import type { Observation } from '../../model/outcome.ts'
import { SLACK_NS } from './join.ts'
import { NEAR_NS } from './log-clock.ts'
import { type Meaning, meaningOfLine } from './meaning.ts'
import { RESPONSE_FLAGS } from './response-flags.ts'
import { isPlainHttp1, ownsConnection, type Scene, sceneOf } from './scene.ts'

/** Whether the packets show what the line says. */
export type Agreement = 'yes' | 'no' | 'cannot-tell'

export interface Comparison {
  agrees: Agreement
  /** What the flag means, one short sentence; null where the line tells of no failure. */
  meaning: string | null
  /** Both, side by side. */
  text: string
  /** The packets that show it. */
  observations: Observation[]
}

/** What the packets must show for a flag; as a clause. */
type Check = (scene: Scene, meaning: Meaning) => [Agreement, string]

/** Holds a line beside the packets of the connection that it was joined to. */
export function compareWithPackets(c: Case, joined: JoinedLine): Comparison {
  const scene = sceneOf(c, joined)
  const { line } = joined
  const meaning = meaningOfLine(line)
  const said = `${labelOf(joined, meaning)}${meaning.text === null ? '' : `: ${meaning.text}`}`
  if (joined.confidence === 'unclear') {
    return {
      agrees: 'cannot-tell',
      meaning: meaningText(meaning),
      text: `${said}; it cannot be told whether this is its connection`,
      observations: [],
    }
  }
  const check = meaning.flag === null ? withoutFlag : (CHECKS[meaning.flag] ?? unknownFlag)
  const [agrees, shown] = check(scene, meaning)
  const { observations } = scene
  const text = `${said}; packets: ${shown}`
  return { agrees, meaning: meaningText(meaning), text, observations }
}

function meaningText({ text, answer }: Meaning): string | null {
  const parts = [text, answer].filter((part) => part !== null)
  return parts.length === 0 ? null : parts.join('; ')
}

function labelOf({ line }: JoinedLine, meaning: Meaning): string {
  if (line.flags.length > 0) return line.flags.join(',')
  if (meaning.flag !== null) return meaning.flag
  return isTcpLine(line) ? 'TCP' : `${line.code ?? '-'}`
}

/** A connection that did not end, or ended too late to be what the line speaks of; null where its end may be that. */
function livedOn(scene: Scene): [Agreement, string] | null {
  const { closedLaterNs, shownNs, ended } = scene
  if (scene.ender === null) {
    if (shownNs !== null && isLater(shownNs, scene))
      return ['no', `it is open ${seconds(shownNs)} later`]
    return ['cannot-tell', ended]
  }
  if (closedLaterNs !== null && isLater(closedLaterNs, scene)) {
    return ['no', `it went on for ${seconds(closedLaterNs)}; then ${ended}`]
  }
  return null
}

/** Surely after the line's end, whatever the clocks? */
function isLater(ns: number | null, { slackNs }: Scene): boolean {
  return ns !== null && ns > Math.max(SLACK_NS, slackNs)
}

function seconds(ns: number): string {
  return `${(ns / 1e9).toFixed(1)} s`
}

function neverBegan({ c }: Scene): boolean {
  return c.outcome.termination === 'handshake-never-completed'
}

const upstreamEnded: Check = (scene) => {
  if (scene.leg === 'downstream') return otherLeg(scene)
  if (neverBegan(scene)) return ['no', `it never came about: ${scene.ended}`]
  if (scene.c.outcome.firstClose?.kind === 'silence') return ['cannot-tell', scene.ended]
  return livedOn(scene) ?? ['yes', scene.ended]
}

const connectFailed: Check = (scene, { reason, transport }) => {
  if (scene.leg === 'downstream') return otherLeg(scene)
  const { termination, detail } = scene.c.outcome
  const kind = transport?.kind ?? null
  const isTls = kind?.startsWith('tls-') ?? false
  const timedOut = kind === 'timed-out' || reason === 'connection timeout'
  const refused = detail === 'refused' || detail === 'icmp-unreachable'
  if (neverBegan(scene)) {
    const contradicted =
      isTls || (timedOut && refused) || (kind === 'refused' && detail === 'no-answer')
    return [contradicted ? 'no' : 'yes', scene.ended]
  }
  if (termination === 'tls-aborted') {
    return [kind === 'refused' || kind === 'unreachable' ? 'no' : 'yes', scene.ended]
  }
  if (scene.c.outcome.exchangeAtClose !== 'no-data') {
    return ['no', `it was established and carried data; ${scene.ended}`]
  }
  return scene.ender === null
    ? ['cannot-tell', scene.ended]
    : ['yes', `it was established; before a byte ${scene.ended}`]
}

const timedOut: Check = (scene) => {
  if (scene.leg === 'downstream') return otherLeg(scene)
  const { exchangeAtClose } = scene.c.outcome
  if (scene.ender === null || isLater(scene.closedLaterNs, scene)) {
    if (!isPlainHttp1(scene)) return ['cannot-tell', `a stream may end without it; ${scene.ended}`]
    return livedOn(scene) ?? ['cannot-tell', scene.ended]
  }
  if (scene.ender === 'proxy') {
    const isAnswered = isPlainHttp1(scene) && exchangeAtClose === 'complete'
    if (isAnswered) return ['no', `the last response was complete; ${scene.ended}`]
    return ['yes', `${owed(scene)}${scene.ended}`]
  }
  return [scene.ender === 'far' ? 'no' : 'cannot-tell', `${owed(scene)}${scene.ended}`]
}

function owed({ c }: Scene): string {
  return c.outcome.exchangeAtClose === 'response-owed' ? 'the request was not answered; ' : ''
}

const clientLeft = (scene: Scene): [Agreement, string] => {
  if (scene.leg === 'upstream') {
    return [scene.ender === 'proxy' ? 'yes' : 'cannot-tell', scene.ended]
  }
  if (!ownsConnection(scene)) {
    // Of HTTP/2 and within TLS the client may give up one stream and keep the connection.
    const gone = scene.ender === 'far' && !isLater(scene.closedLaterNs, scene)
    return [gone ? 'yes' : 'cannot-tell', scene.ended]
  }
  const on = livedOn(scene)
  if (on !== null) return on
  if (scene.ender === 'unknown') return ['cannot-tell', scene.ended]
  return [scene.ender === 'far' ? 'yes' : 'no', scene.ended]
}

const proxyReset: Check = (scene) => {
  if (scene.leg === 'downstream') return otherLeg(scene)
  const { firstClose } = scene.c.outcome
  if (scene.ender === 'proxy') return ['yes', scene.ended]
  // Http1PrematureUpstreamHalfClose: the upstream's FIN came before its response was complete.
  if (scene.ender === 'far' && firstClose?.kind === 'fin') return ['yes', scene.ended]
  return [scene.ender === 'far' ? 'no' : 'cannot-tell', scene.ended]
}

/** The proxy ends a downstream connection by a timer of its own. */
const proxyTimer: Check = (scene) => {
  if (scene.leg === 'upstream') return otherLeg(scene)
  if (scene.ender === 'proxy') return livedOn(scene) ?? ['yes', scene.ended]
  const contradicted = scene.ender === 'far' && ownsConnection(scene)
  return [contradicted ? 'no' : 'cannot-tell', scene.ended]
}

const streamOnly: Check = (scene, { flag }) => {
  // A TCP proxy of 2026 says UR where it passes on a RST.
  if (flag === 'UR' && isTcpLine(scene.line)) {
    const by = scene.c.outcome.firstReset?.by
    return [by === 'upstream' ? 'yes' : 'cannot-tell', scene.ended]
  }
  return [
    'cannot-tell',
    `a stream is no TCP connection, and TCP does not show its end; ${scene.ended}`,
  ]
}

const NO_HTTP = new Set([
  'tls',
  'ssh',
  'mysql',
  'redis',
  'greeting',
  'other',
  'proxy-v1',
  'proxy-v2',
])

const notHttp: (leg: Scene['leg']) => Check = (leg) => (scene) => {
  if (scene.leg !== leg) return otherLeg(scene)
  const { application } = scene.c.outcome
  const first = leg === 'upstream' ? application.upstreamFirst : application.clientFirst
  if (first === 'none') return ['no', `${scene.far} sent nothing; ${scene.ended}`]
  // A response that breaks off is no valid message either.
  const { detail } = scene.c.outcome
  if (detail === 'truncated-response' || detail === 'mid-response') return ['yes', scene.ended]
  const agrees = NO_HTTP.has(first) ? 'yes' : 'cannot-tell'
  return [agrees, `the first bytes of ${scene.far} are ${first}; ${scene.ended}`]
}

/** Envoy answers by itself: nothing goes to an upstream, and the client gets that answer or none. */
const answeredByProxy: Check = (scene) => {
  if (scene.leg === 'upstream') {
    return [
      'cannot-tell',
      `for this nothing is sent to an upstream: the connection served an earlier attempt, or other requests; ${scene.ended}`,
    ]
  }
  const { c, line } = scene
  const answered = c.sighting.taps.some((tap) => (tap.view?.upstream.bytes ?? 0) > 0)
  if (isTcpLine(line)) {
    if (scene.ender === 'proxy' && !answered)
      return ['yes', `without a byte in answer ${scene.ended}`]
    return [scene.ender === 'far' ? 'no' : 'cannot-tell', scene.ended]
  }
  const status = c.outcome.application.http?.lastStatus ?? null
  if (status !== null && status === line.code) return ['yes', `the proxy answered ${status}`]
  return ['cannot-tell', scene.ended]
}

const retriesFailed: Check = (scene) => {
  if (scene.leg === 'downstream') return otherLeg(scene)
  const failed = neverBegan(scene) || !scene.c.outcome.benign
  return [failed ? 'yes' : 'cannot-tell', `of the last attempt: ${scene.ended}`]
}

/** What the flag speaks of happened on the other side of the proxy. */
function otherLeg(scene: Scene): [Agreement, string] {
  const { http } = scene.c.outcome.application
  const status = http?.lastStatus ?? null
  if (scene.leg === 'downstream' && status !== null && status === scene.line.code) {
    return ['yes', `the client got the ${status}; the flag speaks of the other leg`]
  }
  return ['cannot-tell', `the flag speaks of the other leg; on this one ${scene.ended}`]
}

const unknownFlag: Check = (scene) => ['cannot-tell', scene.ended]

const CHECKS: Record<string, Check> = {
  UC: upstreamEnded,
  UF: connectFailed,
  UT: timedOut,
  UR: streamOnly,
  DR: streamOnly,
  UMSDR: streamOnly,
  LR: proxyReset,
  UPE: notHttp('upstream'),
  DPE: notHttp('downstream'),
  DC: clientLeft,
  DT: proxyTimer,
  SI: proxyTimer,
  URX: retriesFailed,
  ...Object.fromEntries(
    RESPONSE_FLAGS.filter(({ place }) => place === 'none').map(({ short }) => [
      short,
      answeredByProxy,
    ]),
  ),
}

/** Detected close types (Envoy of 2025-12 and later) name a reset and whose it was. */
function detected(scene: Scene): [Agreement, string] | null {
  const type = scene.line.detectedClose[scene.leg]
  if (type !== 'RemoteReset' && type !== 'LocalReset' && type !== 'Normal') return null
  const by = scene.c.outcome.firstReset?.by ?? null
  const wanted =
    type === 'Normal'
      ? null
      : (type === 'LocalReset') === (scene.proxy === 'client')
        ? 'client'
        : 'upstream'
  if (by === 'undetermined' || scene.ender === null) return ['cannot-tell', scene.ended]
  return [by === wanted ? 'yes' : 'no', `the proxy noted ${type}; ${scene.ended}`]
}

/** Where the line says that the proxy closed this leg itself, and why. */
function closedByProxy(scene: Scene): [Agreement, string] | null {
  const { line, leg } = scene
  const isDownstream =
    line.terminationDetails !== null || line.details?.startsWith('downstream_local_disconnect')
  const said = line.localClose[leg] !== null || (leg === 'downstream' && isDownstream)
  if (!said) return null
  if (scene.ender === 'proxy') return livedOn(scene) ?? ['yes', scene.ended]
  return [scene.ender === 'far' ? 'no' : 'cannot-tell', scene.ended]
}

/** Of a line without any failure flag. */
const withoutFlag: Check = (scene) => {
  const noted = detected(scene) ?? closedByProxy(scene)
  if (noted !== null) return noted
  const { line, c } = scene
  const { benign, firstReset, exchangeAtClose } = c.outcome
  if (isTcpLine(line)) {
    if (firstReset === null || benign) return ['yes', scene.ended]
    return ['cannot-tell', `${scene.ended}; the line of a TCP proxy has no flag for that`]
  }
  if (line.code === 0) return clientLeft(scene)
  if (line.code !== null && line.code >= 500) {
    const status = c.outcome.application.http?.lastStatus ?? null
    return [status === line.code ? 'yes' : 'cannot-tell', scene.ended]
  }
  if (neverBegan(scene)) return ['no', `it never came about: ${scene.ended}`]
  if (!benign && (exchangeAtClose === 'mid-response' || exchangeAtClose === 'response-owed')) {
    const cut = cutOff(scene)
    if (cut !== null) return cut
  }
  const later = scene.closedLaterNs === null || scene.closedLaterNs > 0 ? 'later ' : ''
  return ['yes', scene.ender === null ? scene.ended : `${later}${scene.ended}`]
}

/** A response that the line takes for complete, and that its connection's end cut off; null where it was later. */
function cutOff(scene: Scene): [Agreement, string] | null {
  if (endsWithin(scene)) return ['no', `${scene.ended}, while the request was under way`]
  const { closedLaterNs, c } = scene
  if (closedLaterNs === null || Math.abs(closedLaterNs) > NEAR_NS) return null
  // Of several requests it may be the next one that was cut off.
  if (c.outcome.application.http?.requests !== 1) return ['cannot-tell', scene.ended]
  return ['no', `${scene.ended}, which a line without a flag hides`]
}

/** Did the connection end while the request was under way, by more than the clocks may be off? */
function endsWithin({ line, closedLaterNs, slackNs }: Scene): boolean {
  if (closedLaterNs === null || line.durationNs === null) return false
  return closedLaterNs < -slackNs && -closedLaterNs < line.durationNs - slackNs
}
