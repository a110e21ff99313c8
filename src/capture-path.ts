import type { CaptureConnections } from './connections/connection-set.ts'
import { Pairing } from './correlation/pairing.ts'
import { type ClockEdge, type TapClocks, tapClocks } from './correlation/tap-clocks.ts'
import type { SharedClock } from './model/sighting.ts'

/** Captures along a path, in order; several at one place are replicas, of which a connection meets one. */
export interface PathTap {
  set: CaptureConnections
  /** 0 for the client's, and so on; replicas of the upstream share the last. */
  place: number
}

/** Several captures of one path, each two of them paired. */
export interface CapturePath {
  taps: readonly PathTap[]
  /** Of two taps at different places, the one nearer to the client first. */
  pairing(near: number, far: number): Pairing
  clocks: TapClocks
  /** Its taps are places of one file. */
  isOneFile: boolean
  /** Per connection of the path which one of each tap's capture it is, -1 for none; in order of their first packet. */
  rows: readonly Int32Array[]
}

export function capturePath(
  taps: readonly PathTap[],
  toldOffset: (near: PathTap, far: PathTap) => SharedClock | null,
  toldHost: 'client' | 'upstream' | null,
  isOneFile = false,
): CapturePath {
  const pairs = pairsOf(taps)
  const pairings = new Map<number, Pairing>()
  for (const [near, far] of pairs) {
    const [a, b] = [taps[near]!, taps[far]!]
    const host = isTold(taps, near, far, toldHost) ? toldHost : null
    const pairing = new Pairing(a.set, b.set, toldOffset(a, b), host, isOneFile)
    pairings.set(near * taps.length + far, pairing)
  }
  const pairing = (near: number, far: number) => pairings.get(near * taps.length + far)!
  const clocks = clocksOf(taps, pairs, pairing)
  const rows = inOrder(taps, clocks, rowsOf(taps, pairs, pairing))
  return { taps, pairing, clocks, isOneFile, rows }
}

/** `--at` names the host of the outermost tap on its side. */
function isTold(
  taps: readonly PathTap[],
  near: number,
  far: number,
  host: 'client' | 'upstream' | null,
): boolean {
  if (host === 'client') return taps[near]!.place === 0
  return host === 'upstream' && taps[far]!.place === taps[taps.length - 1]!.place
}

/** Neighbours first: they share the most. */
function pairsOf(taps: readonly PathTap[]): [number, number][] {
  const pairs = taps.flatMap((a, near) =>
    taps.flatMap((b, far): [number, number][] => (a.place < b.place ? [[near, far]] : [])),
  )
  const distance = ([near, far]: [number, number]) => taps[far]!.place - taps[near]!.place
  return pairs.sort((a, b) => distance(a) - distance(b))
}

/** By packets; where those relate too few, also by the requests that proxies passed on. */
function clocksOf(
  taps: readonly PathTap[],
  pairs: readonly [number, number][],
  pairing: (near: number, far: number) => Pairing,
): TapClocks {
  const edgesBy = (clockOf: (p: Pairing) => SharedClock | null): ClockEdge[] =>
    pairs.flatMap(([near, far]) => {
      const clock = clockOf(pairing(near, far))
      return clock === null ? [] : [{ near, far, clock }]
    })
  const exact = tapClocks(
    taps.length,
    edgesBy((p) => p.clock),
  )
  const any = tapClocks(
    taps.length,
    edgesBy((p) => p.times),
  )
  return {
    translate: (from, time, to) => exact.translate(from, time, to) ?? any.translate(from, time, to),
  }
}

/** Joins what is matched from capture to capture; a connection has one place in each. */
function rowsOf(
  taps: readonly PathTap[],
  pairs: readonly [number, number][],
  pairing: (near: number, far: number) => Pairing,
): Int32Array[] {
  const rows: (Int32Array | null)[] = []
  const rowOf = taps.map(({ set }) => new Int32Array(set.count).fill(-1))
  const put = (row: number, tap: number, index: number) => {
    rows[row]![tap] = index
    rowOf[tap]![index] = row
  }
  const add = (tap: number, index: number) => {
    rows.push(new Int32Array(taps.length).fill(-1))
    put(rows.length - 1, tap, index)
  }
  for (const [near, far] of pairs) {
    const { upstreamOf } = pairing(near, far).matches
    for (let c = 0; c < upstreamOf.length; c++) {
      const u = upstreamOf[c]!
      if (u < 0) continue
      if (rowOf[near]![c]! < 0) add(near, c)
      const row = rowOf[near]![c]!
      const other = rowOf[far]![u]!
      if (other === row) continue
      if (other < 0) {
        if (rows[row]![far]! < 0) put(row, far, u)
      } else if (rows[other]!.every((index, tap) => index < 0 || rows[row]![tap]! < 0)) {
        rows[other]!.forEach((index, tap) => {
          if (index >= 0) put(row, tap, index)
        })
        rows[other] = null
      }
    }
  }
  rowOf.forEach((known, tap) => {
    for (let index = 0; index < known.length; index++) if (known[index]! < 0) add(tap, index)
  })
  return rows.filter((row) => row !== null)
}

function inOrder(taps: readonly PathTap[], clocks: TapClocks, rows: Int32Array[]): Int32Array[] {
  const timed = rows.map((row, i) => ({ row, i, time: firstTime(taps, clocks, row) }))
  return timed.sort((a, b) => a.time - b.time || a.i - b.i).map(({ row }) => row)
}

function firstTime(taps: readonly PathTap[], clocks: TapClocks, row: Int32Array): number {
  const tap = row.findIndex((index) => index >= 0)
  return onFirstTap(taps, clocks, tap, taps[tap]!.set.firstTime(row[tap]!))
}

/** A tap's time on the first tap's clock: the middle of what is known, else by the captures' own clocks. */
export function onFirstTap(
  taps: readonly PathTap[],
  clocks: TapClocks,
  tap: number,
  time: number,
): number {
  const known = clocks.translate(tap, time, 0)
  const { low, high } = known ?? { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  if (Number.isFinite(low) && Number.isFinite(high)) return (low + high) / 2
  if (Number.isFinite(low)) return low
  if (Number.isFinite(high)) return high
  return Number(taps[tap]!.set.facts.baseNs - taps[0]!.set.facts.baseNs) + time
}
