import { RstscopeError } from '../../errors.ts'
import type { HandshakeOptions, Handshakes } from '../../handshakes.ts'
import { pairByConnections, type SharedPair } from './pair-by-connections.ts'
import { type Paired, pairByNames, sideOfUnit, type UnitPair } from './pair-names.ts'
import { commonFolder, type Place } from './places.ts'
import { type Unit, unitPaths } from './unit.ts'

export type HandshakeReader = (
  paths: readonly string[],
  options: HandshakeOptions,
) => Promise<Handshakes>

export interface AutoOptions {
  read: HandshakeReader
  /** What cannot be said of one sample alone is added to these. */
  notes: string[]
  signal?: AbortSignal | undefined
  /** Packets of a capture that are read at most. */
  mostPackets?: number
}

const MOST_PACKETS = 5_000_000
/** Handshakes of one kind that are kept of all captures together, at 100 bytes or so each: 100 MB for both kinds. */
const MOST_KEPT = 2 ** 19
const MOST_KEPT_OF_ONE = 2 ** 16
const LEAST_KEPT_OF_ONE = 16

const NOTHING: Handshakes = { answered: new Map(), asked: new Map(), isComplete: false }

/** Pairs by name, and what names leave alone by the connections that captures share. */
export async function pairAuto(
  units: readonly Unit[],
  base: Place,
  { read, notes, signal, mostPackets = MOST_PACKETS }: AutoOptions,
): Promise<Paired> {
  const named = pairByNames(units, base)
  const open = named.alone.map(({ unit }) => unit)
  if (open.length < 2) return named
  const share = Math.floor(MOST_KEPT / open.length)
  const mostKept = Math.max(LEAST_KEPT_OF_ONE, Math.min(MOST_KEPT_OF_ONE, share))
  const captures: Handshakes[] = []
  let bounded = 0
  for (const unit of open) {
    const handshakes = await readOrNothing(unit, read, { mostPackets, mostKept, signal })
    if (handshakes !== NOTHING && !handshakes.isComplete) bounded++
    captures.push(handshakes)
  }
  if (bounded > 0) {
    notes.push(
      `${bounded} captures were not searched whole for shared connections: at most ${mostPackets} packets and ${mostKept} handshakes of each kind are looked at`,
    )
  }
  const { pairs, doubts } = pairByConnections(captures)
  const found = pairs.map((pair) => unitPair(pair, open, base))
  const paired = new Set(found.flatMap(({ client, upstream }) => [client, upstream]))
  const alone = named.alone.flatMap(({ unit, why }, i) => {
    if (paired.has(unit)) return []
    return [{ unit, why: doubts.get(i) ?? why ?? 'no other capture shares a connection with it' }]
  })
  return { pairs: [...named.pairs, ...found], alone }
}

/** What cannot be read fails alone, when it is its turn. */
async function readOrNothing(
  unit: Unit,
  read: HandshakeReader,
  options: HandshakeOptions,
): Promise<Handshakes> {
  try {
    return await read(unitPaths(unit), options)
  } catch (error) {
    if (!(error instanceof RstscopeError) || error.code === 'RSTSCOPE_INTERRUPTED') throw error
    return NOTHING
  }
}

function unitPair(pair: SharedPair, units: readonly Unit[], base: Place): UnitPair {
  let [client, upstream] = [units[pair.client]!, units[pair.upstream]!]
  let { sidesBy } = pair
  if (sidesBy === null) {
    const [first, second] = [sideOfUnit(client, base), sideOfUnit(upstream, base)]
    if (first !== second) {
      sidesBy = 'their names'
      if (first === 'upstream' || second === 'client') [client, upstream] = [upstream, client]
    }
  }
  const folder = commonFolder([client.folder, upstream.folder]).slice(base.length)
  const connections =
    pair.shared === 1 ? '1 shared connection' : `${pair.shared} shared connections`
  return {
    client,
    upstream,
    place: [...folder, `${client.stem}+${upstream.stem}`],
    basis:
      sidesBy === null
        ? `${connections}; which side is which nothing tells: taken in the order of their names`
        : `${connections}; which side is which is told by ${sidesBy}`,
  }
}
