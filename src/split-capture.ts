import { assignRoles } from './assign-roles.ts'
import { buildReport, type ReportParts } from './build-report.ts'
import { type CapturePath, capturePath } from './capture-path.ts'
import type { Cases } from './compare-cases.ts'
import { CaptureConnections } from './connections/connection-set.ts'
import type { Pairing } from './correlation/pairing.ts'
import { toldClock } from './correlation/shared-clock.ts'
import { captureReport } from './diagnosis/capture-report.ts'
import { captureSigns } from './diagnosis/limits.ts'
import type { CaptureInput, EngineOptions, ReportOptions } from './engine-options.ts'
import { trackingOptions } from './engine-options.ts'
import type { Side } from './model/connection.ts'
import type { Limit, ReportStream } from './model/report.ts'
import { pathCases, tapFacts } from './path-cases.ts'
import { type TrackedParts, trackCaptures } from './workers/track-captures.ts'

/** Fewer copies beyond a router are an oddity. */
const FEWEST_COPIES = 3

/**
 * The two places of one file between which its packets were routed: each segment that both show has lost TTL from one to
 * the other. Null for any other file; copies with the same TTL (a bridge and its port) are one place seen twice.
 */
export function twoPlaces(set: CaptureConnections): [number, number] | null {
  const { places, routedCopies, bridgedCopies } = set.totals
  const [first, second, more] = places
  if (first === undefined || second === undefined || more !== undefined) return null
  const translated = set.translatedCopies()
  const isBridged = bridgedCopies + translated.bridged > 0
  const routed = routedCopies + translated.routed
  return isBridged || routed < FEWEST_COPIES ? null : [first, second]
}

/** What can be read more than once. */
export function isRereadable(input: CaptureInput): boolean {
  const all: readonly unknown[] = Array.isArray(input) ? input : [input]
  return all.every((one) => one instanceof Uint8Array || (typeof one === 'string' && one !== '-'))
}

/**
 * Reads each of two places of one file as a capture of its own and compares them on their one clock. Null where packets
 * pass them in both orders: then neither is on the client's side.
 */
export async function splitCapture(
  input: CaptureInput,
  places: readonly [number, number],
  options: ReportOptions,
  beside: (cases: Cases) => Promise<Pick<ReportParts, 'cluster' | 'logs'>>,
): Promise<ReportStream | null> {
  const named = places.map((place, i) => ({ id: `place ${i + 1}`, input, place }))
  const [a, b] = (await trackCaptures(named, trackingOptions(options))) as [
    TrackedParts,
    TrackedParts,
  ]
  const path = pathOf(a, b, options) ?? pathOf(b, a, options)
  if (path === null) return null
  const cases = pathCases(path)
  const facts = path.taps.map((_, tap) => tapFacts(path, tap))
  const signs = path.taps.map(({ set }) => captureSigns(set))
  return buildReport({
    command: 'analyze',
    captures: path.taps.map(({ set }, tap) =>
      captureReport(
        set,
        tap === 0 ? 'client' : 'upstream',
        facts[tap]!.inHost,
        signs[tap]!.unseenSegments,
      ),
    ),
    clock: null,
    cases,
    signs: signs.map((of, tap) => ({ signs: of, loss: facts[tap]!.loss })),
    limits: [TWO_PLACES],
    selection: options.selection ?? {},
    headline: null,
    ...(await beside(cases)),
  })
}

const TWO_PLACES: Limit = {
  code: 'two-places',
  message:
    'the capture holds two points of the path: between its two interfaces packets lose TTL, as on a router. They are compared as client and upstream capture, on one clock; frame numbers are those of the file',
}

/** The places in this order, if that is the order in which packets pass them. */
function pathOf(near: TrackedParts, far: TrackedParts, options: EngineOptions): CapturePath | null {
  const taps = [near, far].map(({ facts, parts }, place) => {
    const set = new CaptureConnections(place === 0 ? 'client' : 'upstream', facts, parts)
    assignRoles(set, options.server)
    return { set, place }
  })
  const path = capturePath(taps, () => toldClock(0, 0), options.at ?? null, true)
  return isInOrder(path.pairing(0, 1)) ? path : null
}

/** Connections whose TTLs are compared. */
const MOST_COMPARED = 4000

/**
 * Does every connection that both places saw lose TTL from the first to the second in the one direction and from the
 * second to the first in the other? Forwarding is too quick for clocks to tell the order.
 */
function isInOrder({ client, upstream, matches }: Pairing): boolean {
  let compared = 0
  for (let c = 0; c < matches.upstreamOf.length && compared < MOST_COMPARED; c++) {
    const u = matches.upstreamOf[c]!
    if (u < 0) continue
    const lost = {
      client: client.steadyTtl(c, 'client') - upstream.steadyTtl(u, 'client'),
      upstream: upstream.steadyTtl(u, 'upstream') - client.steadyTtl(c, 'upstream'),
    }
    const isSeen = (side: Side) =>
      client.livePackets(c, side) > 0 && upstream.livePackets(u, side) > 0
    if ((isSeen('client') && lost.client <= 0) || (isSeen('upstream') && lost.upstream <= 0)) {
      return false
    }
    compared++
  }
  return compared > 0
}
