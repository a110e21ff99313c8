import type { Connection, ReportStream } from '../model/report.ts'
import { endpointText } from './endings.ts'
import { type Layout, labelled } from './fact-lines.ts'

type Head = Pick<ReportStream['head'], 'captures' | 'command'>

/** A point of the path from the client to the upstream. */
export interface Point {
  name: string
  /** Ids of the captures that were taken there: replicas share one point. */
  captures: string[]
}

/** One of the connections that a path is made of, between two of its points. */
export interface Leg {
  connection: Connection
  from: number
  to: number
}

/**
 * Where on the path from client to upstream the connection was seen, not seen or not captured, and where to capture
 * next; nothing for a connection without a proxy that two captures or fewer show.
 */
export function pathLines(
  head: Head,
  leading: Connection,
  other: Connection | null,
  layout: Layout,
): string[] {
  const points = pointsOf(head, leading, other)
  if (points === null) return []
  const legs = legsOf(points, leading, other)
  // Rather beyond the leg that the answer is about, and rather where its upstream is.
  const own = legs.filter(({ connection }) => connection === leading)
  const next = [...own, ...legs].flatMap((leg) => nextTap(leg, points, head))
  const seen = legs.map((leg) => seenText(leg, points))
  return [
    ...labelled('path', [strip(points, legs, layout), ...seen], layout),
    ...labelled('next tap', next.slice(0, 1), layout),
  ]
}

/** The points of the path; null for a connection without a proxy that two captures or fewer show. */
export function pointsOf(
  { captures }: Head,
  leading: Connection,
  other: Connection | null,
): Point[] | null {
  const at = (wanted: string) => captures.filter(({ role }) => role === wanted).map(({ id }) => id)
  const isProxied = other !== null || leading.unmatchedReason === 'terminated-by-proxy'
  const hops = at('hop')
  const upstreams = at('upstream')
  if (hops.length === 0 && upstreams.length < 2 && !isProxied) return null
  // A capture with both legs was taken at the proxy, on whichever side it was given.
  const proxy =
    hops.length > 0 ? [] : captures.filter(({ id }) => leading.views[id] && other?.views[id])
  const proxies = proxy.map(({ id }) => id)
  const between = hops.map((id) => ({ name: `[${id}]`, captures: [id] }))
  if (between.length === 0 && isProxied) between.push({ name: '[proxy]', captures: proxies })
  const without = (ids: string[]) => ids.filter((id) => !proxies.includes(id))
  return [
    { name: 'client', captures: without(at('client')) },
    ...between,
    { name: 'upstream', captures: without(upstreams) },
  ]
}

/** A connection reaches over all points, or with its other leg up to the proxy at which both were seen. */
export function legsOf(points: Point[], leading: Connection, other: Connection | null): Leg[] {
  const end = points.length - 1
  const isDownstream = leading.links[0]?.relation === 'proxied-to'
  if (other === null) {
    if (leading.unmatchedReason !== 'terminated-by-proxy') {
      return [{ connection: leading, from: 0, to: end }]
    }
    const isNear = points[0]!.captures.some((id) => leading.views[id])
    return [isNear ? leg(leading, 0, 1) : leg(leading, end - 1, end)]
  }
  const [near, far] = isDownstream ? [leading, other] : [other, leading]
  const meeting = points.findIndex(({ captures }) =>
    captures.some((id) => near.views[id] && far.views[id]),
  )
  const proxy = meeting > 0 && meeting < end ? meeting : 1
  return [leg(near, 0, proxy), leg(far, proxy, end)]
}

function leg(connection: Connection, from: number, to: number): Leg {
  return { connection, from, to }
}

/** `client ──#1── [hop1] ──#4── upstream`. */
function strip(points: Point[], legs: Leg[], { style }: Layout): string {
  const line = style.line.repeat(2)
  return points.reduce((text, { name }, i) => {
    if (i === 0) return name
    const over = legs.find(({ from, to }) => from < i && i <= to)
    return `${text} ${line}${over ? `#${over.connection.id}` : ''}${line} ${name}`
  }, '')
}

export function stateAt(
  { connection }: Leg,
  { captures }: Point,
): 'seen' | 'not seen' | 'not captured' {
  if (captures.length === 0) return 'not captured'
  return captures.some((id) => connection.views[id]) ? 'seen' : 'not seen'
}

/** In words, where one leg was seen. */
export function seenText(leg: Leg, points: Point[]): string {
  const places = points.slice(leg.from, leg.to + 1).map((point) => {
    const seen = point.captures.find((id) => leg.connection.views[id])
    const name = point.captures.length > 1 && seen ? seen : point.name
    return `${stateAt(leg, point)} at ${name.replace(/[[\]]/g, '').replace(/^proxy$/, 'the proxy')}`
  })
  const { id, client, upstream } = leg.connection
  return `#${id} ${endpointText(client)} to ${endpointText(upstream)}: ${places.join(', ')}`
}

/** Where the leg could be captured, too: at its upstream's end first. */
export function nextTap(leg: Leg, points: Point[], { command, captures }: Head): string[] {
  const { client, upstream } = leg.connection
  const missing = [leg.to, leg.from].filter((at) => stateAt(leg, points[at]!) !== 'seen')
  const one = captures[0]?.paths[0] ?? 'CAPTURE'
  return missing.map((at) => {
    if (points[at]!.name === '[proxy]') {
      return 'in the pod of the proxy, both legs in one file: rstscope compare --client CLIENT --via PROXY --upstream UPSTREAM'
    }
    if (at === 0) {
      const how = command === 'analyze' ? `rstscope compare FILE ${one}` : '--client FILE'
      return `at the client, ${client.address}: ${how}`
    }
    if (at === points.length - 1) {
      const how = command === 'analyze' ? `rstscope compare ${one} FILE` : '--upstream FILE'
      return `at the upstream, ${endpointText(upstream)}: ${how}`
    }
    const end = at === leg.to ? upstream : client
    return `at the proxy that has ${endpointText(end)}: --via FILE`
  })
}
