import type { Side } from '../../model/connection.ts'
import { captureNameOf } from './file-names.ts'
import type { Place } from './places.ts'
import { seriesName } from './series-names.ts'
import { sidedName } from './side-words.ts'
import type { Unit } from './unit.ts'

/** Captures that belong together. */
export interface UnitPair {
  client: Unit
  upstream: Unit
  /** What they are told by, as names from the outermost folder on: what the id is made of. */
  place: Place
  basis: string
}

export interface Paired {
  pairs: UnitPair[]
  /** The others, with what there is to be said of it; null where nothing suggested a partner. */
  alone: { unit: Unit; why: string | null }[]
}

/** A capture whose side is told, by its own name or by a folder above it. */
interface Sided {
  unit: Unit
  side: Side
  isByFolder: boolean
  /** The words of its name but the one that tells the side; the same without a time. */
  rest: string
  timelessRest: string
  /** Its folder, and the same without the word that tells a side; null where there is none. */
  folder: Place
  folderRest: Place | null
}

/** A way in which a client and an upstream can agree; null where it cannot be asked of a capture. */
interface Agreement {
  place: (one: Sided) => Place | null
  basis: string
  /** Whether it holds only where nobody else is there, paired or not. */
  isOfOnlyOnes?: true
}

const ownFolder = ({ folder, isByFolder }: Sided): Place | null => (isByFolder ? null : folder)
const below = (folder: Place | null, rest: string): Place | null =>
  folder === null || rest === '' ? folder : [...folder, rest]

/** From the most telling to the least. */
const AGREEMENTS: readonly Agreement[] = [
  { place: (one) => below(ownFolder(one), one.rest), basis: 'client and upstream in their names' },
  {
    place: (one) => below(one.folderRest, one.rest),
    basis: 'client and upstream in their folders',
  },
  {
    place: (one) => below(ownFolder(one), one.timelessRest),
    basis: 'client and upstream in their names, which agree but for the time',
  },
  {
    place: (one) => below(one.folderRest, one.timelessRest),
    basis: 'client and upstream in their folders, and names that agree but for the time',
  },
  {
    place: ownFolder,
    basis: 'the only client and the only upstream capture of their folder',
    isOfOnlyOnes: true,
  },
  {
    place: ({ folderRest }) => folderRest,
    basis: 'the only captures of a client and an upstream folder',
    isOfOnlyOnes: true,
  },
]

/**
 * Pairs captures whose names, or folders below `base`, tell the sides and agree in the rest. What fits several is not
 * guessed: it stays alone, and that is told.
 */
export function pairByNames(units: readonly Unit[], base: Place): Paired {
  const sided = units.flatMap((unit) => sidedUnit(unit, base) ?? [])
  const pairs: UnitPair[] = []
  const decided = new Set<Unit>()
  const doubts = new Map<Unit, string>()
  for (const { place, basis, isOfOnlyOnes } of AGREEMENTS) {
    const open = sided.filter(({ unit }) => !decided.has(unit))
    const asked = isOfOnlyOnes ? sided : open
    for (const group of groupsOf(asked, place)) {
      const { clients, upstreams } = group
      const [client, upstream] = [clients[0], upstreams[0]]
      if (client === undefined || upstream === undefined) continue
      const isPair = clients.length === 1 && upstreams.length === 1
      if (isPair && !decided.has(client.unit) && !decided.has(upstream.unit)) {
        pairs.push({ client: client.unit, upstream: upstream.unit, place: place(client)!, basis })
        decided.add(client.unit).add(upstream.unit)
      } else if (!isPair && !isOfOnlyOnes) {
        const count = `${clients.length} client and ${upstreams.length} upstream captures`
        for (const { unit } of [...clients, ...upstreams]) {
          decided.add(unit)
          doubts.set(unit, `${count} fit one another equally by their names`)
        }
      }
    }
  }
  const paired = new Set(pairs.flatMap(({ client, upstream }) => [client, upstream]))
  const sides = new Map(sided.map(({ unit, side }) => [unit, side]))
  const alone = units
    .filter((unit) => !paired.has(unit))
    .map((unit) => ({ unit, why: doubts.get(unit) ?? withoutPartner(sides.get(unit)) }))
  return { pairs, alone }
}

function withoutPartner(side: Side | undefined): string | null {
  if (side === undefined) return null
  const other = side === 'client' ? 'upstream' : 'client'
  return `${side} by its name, with no ${other} capture that fits`
}

interface Group {
  clients: Sided[]
  upstreams: Sided[]
}

function groupsOf(sided: readonly Sided[], place: Agreement['place']): Iterable<Group> {
  const groups = new Map<string, Group>()
  for (const one of sided) {
    const at = place(one)
    if (at === null) continue
    const key = JSON.stringify(at).toLowerCase()
    let group = groups.get(key)
    if (group === undefined) {
      group = { clients: [], upstreams: [] }
      groups.set(key, group)
    }
    group[one.side === 'client' ? 'clients' : 'upstreams'].push(one)
  }
  return groups.values()
}

/** The side that a capture's name tells, or else a folder of it below `base`; null where neither does. */
export function sideOfUnit(unit: Unit, base: Place): Side | null {
  return sidedUnit(unit, base)?.side ?? null
}

function sidedUnit(unit: Unit, base: Place): Sided | null {
  const folder = unit.folder.slice(base.length)
  const byName = sidedName(unit.stem)
  const byFolder = sideOfFolder(folder)
  const side = byName?.side ?? byFolder?.side
  if (side === undefined) return null
  const timeless = seriesName({ ...captureNameOf(unit.name), stem: unit.stem }).stem
  return {
    unit,
    side,
    isByFolder: byName === null,
    rest: byName?.rest.join('-') ?? unit.stem,
    timelessRest: byName === null ? timeless : (sidedName(timeless)?.rest.join('-') ?? ''),
    folder,
    folderRest: byFolder !== null && byFolder.side === side ? byFolder.rest : null,
  }
}

/** The side that the innermost telling folder tells, and the folders without the word. */
function sideOfFolder(folder: Place): { side: Side; rest: Place } | null {
  for (let i = folder.length - 1; i >= 0; i--) {
    const told = sidedName(folder[i]!)
    if (told === null) continue
    const name = told.rest.length === 0 ? [] : [told.rest.join('-')]
    return { side: told.side, rest: [...folder.slice(0, i), ...name, ...folder.slice(i + 1)] }
  }
  return null
}
