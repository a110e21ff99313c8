import type { Case } from '../model/case.ts'
import { endpointText, shownTap } from '../model/case.ts'
import type { Cluster } from '../model/cluster.ts'
import type { ConnectionView, Endpoint, Side } from '../model/connection.ts'
import { endingOf } from '../model/ending.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Cause, Connection, FirstReset, Tls, View } from '../model/report.ts'
import { endNames } from './end-names.ts'
import { cite, evidenceOf } from './evidence.ts'
import { fatesOf } from './fates.ts'
import { meshProxies } from './mesh.ts'
import { onClientClock } from './on-client-clock.ts'
import { secondsOf, timeText } from './time-text.ts'
import { verdictKind } from './verdict.ts'
import { verdictHeadline } from './wording.ts'

/** One connection as the report holds it. Causes come from the rules; everything else is a reading of the case. */
export function connectionReport(
  c: Case,
  causes: Cause[],
  cluster: Cluster | null = null,
  /** What a proxy has to do with its end, for its headline; empty for none. */
  legs = '',
): Connection {
  const { sighting, outcome } = c
  const shown = shownTap(sighting)
  const viewOutcomes = c.viewOutcomes()
  const view = sighting.taps[shown]!.view!
  const started = onClientClock(c, shown, view.firstTime)
  const ended = onClientClock(c, shown, lastTime(c, shown))
  const names = cluster === null ? null : endNames(c, cluster)
  const connection: Connection = {
    id: c.id,
    client: { ...view.endpoints.client, name: names?.client ?? null },
    upstream: { ...view.endpoints.upstream, name: names?.upstream ?? null },
    roleReason: view.roleReason,
    views: Object.fromEntries(
      c.captures.map((capture) => {
        const tap = sighting.taps.findIndex((t) => t.capture === capture && t.view !== null)
        if (tap >= 0) return [capture, viewReport(sighting.taps[tap]!.view!, viewOutcomes[tap]!)]
        const seen = c.between.find((one) => one.capture === capture)
        return [capture, seen === undefined ? null : viewReport(seen.view, seen.outcome)]
      }),
    ),
    match: c.match === null ? null : { method: c.match },
    unmatchedReason: c.unmatchedReason,
    nat: natOf(c),
    startedAt: timeText(c.zero, started),
    endedAt: timeText(c.zero, ended),
    durationSeconds: secondsOf(Math.max(0, ended - started)),
    protocol: outcome.application.protocol,
    tls: tlsReport(c),
    termination: outcome.termination,
    detail: outcome.detail,
    benign: outcome.benign,
    headline: null,
    crossedInFlight: outcome.crossedInFlight,
    firstReset: firstResetReport(c),
    ignoredResets: outcome.ignoredResets.map((o) => evidenceOf(c, o)),
    firstClose:
      outcome.firstClose === null
        ? null
        : { by: outcome.firstClose.by, kind: outcome.firstClose.kind },
    fates: fatesOf(c),
    causes,
    proxies: meshProxies(c),
    accessLog: [],
    workload: names?.workload ?? null,
    links: c.links.map(({ connection, relation, basis, confidence, requests, ...link }) => ({
      connection,
      relation,
      basis,
      confidence,
      requests,
      firstAt: timeText(c.zero, link.firstAt),
      lastAt: timeText(c.zero, link.lastAt),
      owed: link.owed,
    })),
  }
  const kind = verdictKind(endingOf(connection))
  if (kind !== null) connection.headline = verdictHeadline(c, connection, !kind.serious, legs)
  return connection
}

function lastTime(c: Case, shown: number): number {
  return c.sighting.taps[shown]!.view!.lastTime
}

function viewReport(view: ConnectionView, outcome: Outcome): View {
  return {
    client: view.endpoints.client,
    upstream: view.endpoints.upstream,
    alsoSeenAs: view.alsoSeenAs,
    firstFrame: view.firstFrame,
    lastFrame: view.lastFrame,
    packets: view.packets,
    bytes: { fromClient: view.client.bytes, fromUpstream: view.upstream.bytes },
    history: view.history,
    midstream: view.midstream,
    initialSequence: { client: view.client.isn, upstream: view.upstream.isn },
    unseenSegments: view.client.unseenSegments + view.upstream.unseenSegments,
    tunnel: view.tunnel,
    termination: outcome.termination,
    detail: outcome.detail,
  }
}

function natOf(c: Case): Connection['nat'] {
  const [a, b] = c.sighting.taps.map((tap) => tap.view?.endpoints ?? null)
  if (a == null || b == null) return null
  const client = rewrite(a.client, b.client)
  const upstream = rewrite(a.upstream, b.upstream)
  return client === null && upstream === null ? null : { client, upstream }
}

function rewrite(a: Endpoint, b: Endpoint): string | null {
  const same = a.address === b.address && a.port === b.port
  return same ? null : `${endpointText(a)} → ${endpointText(b)}`
}

function firstResetReport(c: Case): FirstReset | null {
  const facts = c.outcome.firstReset
  if (facts === null) return null
  const { event } = facts
  return {
    by: facts.by,
    confidence: facts.confidence,
    causedBy: facts.causedBy,
    causedByConfidence: facts.causedByConfidence,
    where: facts.where,
    anatomy: event.anatomy,
    acceptance: event.acceptance ?? 'assumed',
    crossedInFlight: facts.crossedInFlight,
    idleSeconds: facts.idleNs === null ? null : secondsOf(facts.idleNs),
    trigger:
      event.trigger === null
        ? null
        : cite(
            c,
            event.trigger.tap,
            event.trigger.segment,
            triggerText(event.trigger.segment.length),
          ),
    at: timeText(c.zero, onClientClock(c, facts.tap, facts.time)),
    evidence: facts.evidence.map((o) => evidenceOf(c, o)),
    settles: facts.settles,
  }
}

function triggerText(length: number): string {
  return length > 0
    ? `the RST answers this segment of ${length} bytes`
    : 'the RST answers this segment'
}

function tlsReport(c: Case): Tls | null {
  const tls = c.outcome.application.tls
  if (tls === null) return null
  const close = c.outcome.firstClose
  const alertBy: Side | null = tls.alert?.by ?? null
  const closedBy =
    close !== null && (close.by === 'client' || close.by === 'upstream') ? close.by : null
  return {
    version: tls.version,
    stage: tls.stage,
    sni: tls.sni,
    alpn: tls.alpn,
    alert: tls.alert?.name ?? null,
    endedBy: alertBy ?? closedBy,
    clientCertificate: tls.clientCertificate,
  }
}
