import { logsOf } from './analyze.ts'
import { assignRoles } from './assign-roles.ts'
import { buildReport } from './build-report.ts'
import { type CapturePath, capturePath, type PathTap } from './capture-path.ts'
import { BY_REQUESTS, clockReport } from './clock-report.ts'
import type { CompareInputs } from './compare.ts'
import { CaptureConnections } from './connections/connection-set.ts'
import { toldClock } from './correlation/shared-clock.ts'
import { captureReport } from './diagnosis/capture-report.ts'
import { captureSigns } from './diagnosis/limits.ts'
import { noSharedConnection } from './diagnosis/no-shared-connection.ts'
import { secondsOf } from './diagnosis/time-text.ts'
import type { CaptureInput, ReportOptions } from './engine-options.ts'
import { clusterOf, trackingOptions } from './engine-options.ts'
import type { Capture, Clock, Limit, ReportStream } from './model/report.ts'
import { pathCases, tapFacts } from './path-cases.ts'
import { refuseSameCapture } from './same-capture.ts'
import { trackCaptures } from './workers/track-captures.ts'

interface NamedTap {
  id: string
  input: CaptureInput
  place: number
}

/** The captures of a path by their ids in the report: `client`, `hop1`…, `upstream`, and replicas `upstream2`…. */
function namedTaps({ client, via = [], upstream, replicas = [] }: CompareInputs): NamedTap[] {
  const end = via.length + 1
  return [
    { id: 'client', input: client, place: 0 },
    ...via.map((input, i) => ({ id: `hop${i + 1}`, input, place: i + 1 })),
    { id: 'upstream', input: upstream, place: end },
    ...replicas.map((input, i) => ({ id: `upstream${i + 2}`, input, place: end })),
  ]
}

/** Which side reset each connection first, and on which leg, by captures along the whole path. */
export async function comparePath(
  given: CompareInputs,
  options: ReportOptions,
): Promise<ReportStream> {
  // Small beside the captures: what is wrong with them is said first.
  const cluster = await clusterOf(options)
  const named = namedTaps(given)
  const inputs = named.map(({ id, input }) => ({ id, input }))
  const tracked = await trackCaptures(inputs, trackingOptions(options))
  tracked.forEach((a, i) => {
    tracked.slice(i + 1).forEach((b, k) => {
      refuseSameCapture(named[i]!.id, a, named[i + 1 + k]!.id, b)
    })
  })
  const taps = named.map(({ id, place }, i): PathTap => {
    const set = new CaptureConnections(id, tracked[i]!.facts, tracked[i]!.parts)
    assignRoles(set, options.server)
    return { set, place }
  })
  const { clockOffsetSeconds: told } = options
  const isOutermost = (near: PathTap, far: PathTap) =>
    near.place === 0 && far.place === taps[taps.length - 1]!.place
  const path = capturePath(
    taps,
    (near, far) => {
      if (told === undefined || !isOutermost(near, far)) return null
      return toldClock(told, Number(far.set.facts.baseNs - near.set.facts.baseNs))
    },
    options.at ?? null,
  )
  const cases = pathCases(path)
  const isShared = path.rows.some((row) => row.filter((index) => index >= 0).length > 1)
  const upstream = taps.findIndex(({ place }) => place === taps[taps.length - 1]!.place)
  const alone =
    isShared || cases.links.isAny ? null : noSharedConnection(taps[0]!.set, taps[upstream]!.set)
  const facts = taps.map((_, tap) => tapFacts(path, tap))
  const signs = taps.map(({ set }) => captureSigns(set))
  return buildReport({
    command: 'compare',
    captures: taps.map(({ set, place }, tap): Capture => {
      const role = roleOf(place, taps)
      const position = role === 'hop' ? null : facts[tap]!.inHost
      const report = captureReport(set, role, position, signs[tap]!.unseenSegments)
      return { ...report, clock: offsetOf(path, tap) }
    }),
    clock: pathClock(path, upstream),
    cases,
    signs: signs.map((of, tap) => ({ signs: of, loss: facts[tap]!.loss })),
    limits: [...(alone === null ? [] : [alone.limit]), ...pathLimits(path)],
    selection: options.selection ?? {},
    cluster,
    logs: await logsOf(cases, options),
    headline: alone?.headline ?? null,
  })
}

function roleOf(place: number, taps: readonly PathTap[]): Capture['role'] {
  if (place === 0) return 'client'
  return place === taps[taps.length - 1]!.place ? 'upstream' : 'hop'
}

/** How far a capture's clock is ahead of the first one's, at that one's first packet; null where nothing relates them. */
function offsetOf({ taps, clocks }: CapturePath, tap: number): Capture['clock'] {
  const there = clocks.translate(0, 0, tap)
  if (there === null) return null
  const delta = Number(taps[tap]!.set.facts.baseNs - taps[0]!.set.facts.baseNs)
  const { low, high } = there
  const isBounded = Number.isFinite(low) && Number.isFinite(high)
  const known = isBounded ? (low + high) / 2 : Number.isFinite(low) ? low : high
  if (!Number.isFinite(known)) return null
  return {
    offsetSeconds: secondsOf(known + delta),
    lowSeconds: Number.isFinite(low) ? secondsOf(low + delta) : null,
    highSeconds: Number.isFinite(high) ? secondsOf(high + delta) : null,
  }
}

/** The upstream's clock, by packets that both ends show or else over the captures between. */
function pathClock(path: CapturePath, upstream: number): Clock | null {
  const ends = path.pairing(0, upstream)
  const { baseNs } = path.taps[0]!.set.facts
  if (ends.relation !== null) return clockReport(ends, baseNs)
  const offset = offsetOf(path, upstream)
  if (offset == null) return clockReport(ends, baseNs)
  const pairs = path.taps.flatMap((_, tap) => {
    const next = path.taps.findIndex(({ place }) => place === path.taps[tap]!.place + 1)
    const relation = next < 0 ? null : path.pairing(tap, next).relation
    return relation === null ? [] : [relation.pairs]
  })
  return {
    ...offset,
    driftPpm: 0,
    pairs: Math.min(...pairs, Number.MAX_SAFE_INTEGER) % Number.MAX_SAFE_INTEGER,
    consistent: true,
    steps: [],
  }
}

/** Captures that have nothing to do with those beside them, or that were given in another order than the path's. */
function pathLimits({ taps, pairing }: CapturePath): Limit[] {
  const limits: Limit[] = []
  const add = (code: string, message: string) => limits.push({ code, message })
  taps.forEach((a, near) => {
    taps.forEach((b, far) => {
      if (b.place !== a.place + 1) return
      const { matches, areSwapped, requests } = pairing(near, far)
      const names = `${a.set.capture} and ${b.set.capture}`
      if (areSwapped) {
        add(
          'captures-swapped',
          `the captures ${names} seem to be exchanged: packets would arrive before they leave, and gain TTL on the way`,
        )
      }
      if (requests !== null) limits.push(BY_REQUESTS)
      else if (matches.methods.every((method) => method === null)) {
        add(
          'captures-apart',
          `the captures ${names} share no connection: another gateway, another replica or another time?`,
        )
      }
    })
  })
  return limits
}
