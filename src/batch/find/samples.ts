import { RstscopeError } from '../../errors.ts'
import { firstPacketNs, latestPacketNs } from '../../first-packets.ts'
import { readHandshakes } from '../../handshakes.ts'
import type { Sample, SampleCaptures } from '../sample.ts'
import { Companions } from './companions.ts'
import { type DiscoverOptions, discover, type Found } from './discover.ts'
import { stopIfAborted } from './interrupted.ts'
import { readManifest } from './manifest.ts'
import { comparePlaces } from './natural-order.ts'
import { pairAuto } from './pair-auto.ts'
import { type Paired, pairByNames } from './pair-names.ts'
import { pairByPattern, readPairPattern } from './pair-pattern.ts'
import type { PassedOver } from './passed-over.ts'
import type { Place } from './places.ts'
import { joinRotated } from './rotated-sets.ts'
import { type IdWishes, makeIds } from './sample-id.ts'
import { bytesOf, type Unit, unitPaths } from './unit.ts'

export interface FindOptions extends DiscoverOptions {
  /** `names` (the default), `auto` (then by shared connections), `none`, or a pattern such as `{id}/{side}.pcap`. */
  pair?: string | undefined
  /** A file that lists the samples, instead of paths. */
  manifest?: string | undefined
}

export interface FoundSamples {
  /** In natural order of their ids; of a manifest, in its order. */
  samples: Sample[]
  passedOver: PassedOver[]
  /** What was not as it looked, one sentence each. They hold names of files as they are: escape them. */
  notes: string[]
}

/**
 * What was named to samples: finds the captures, joins rotated sets, pairs client with upstream sides and gives each its
 * logs and lists. Rejects with a `RstscopeError` for what is not there, a bad pattern or a bad manifest.
 */
export async function findSamples(
  paths: readonly string[],
  options: FindOptions = {},
): Promise<FoundSamples> {
  const { pair = 'names', manifest } = options
  const pairing = pairingOf(pair, options.signal)
  if (manifest !== undefined) {
    if (paths.length > 0) throw bothGiven()
    return { samples: await readManifest(manifest), passedOver: [], notes: [] }
  }
  const found = await discover(paths, options)
  const { signal } = options
  const { units, notes } = await joinRotated(found.captures, {
    first(path) {
      stopIfAborted(signal)
      return firstPacketNs(path)
    },
    latest: (path) => latestPacketNs(path, signal),
  })
  const samples = await samplesOf(await pairing(units, found.base, notes), found, notes)
  return { samples, passedOver: found.passedOver.all(), notes }
}

type Pairing = (units: readonly Unit[], base: Place, notes: string[]) => Paired | Promise<Paired>

function pairingOf(pair: string, signal: AbortSignal | undefined): Pairing {
  if (pair === 'names') return pairByNames
  if (pair === 'auto') {
    return (units, base, notes) => pairAuto(units, base, { read: readHandshakes, notes, signal })
  }
  if (pair === 'none') {
    return (units) => ({ pairs: [], alone: units.map((unit) => ({ unit, why: null })) })
  }
  const pattern = readPairPattern(pair)
  return (units, base) => pairByPattern(units, base, pattern)
}

/** A sample before it has its id. */
interface Draft extends IdWishes {
  units: Unit[]
  captures: SampleCaptures
  basis: string
}

async function samplesOf(
  { pairs, alone }: Paired,
  found: Found,
  notes: string[],
): Promise<Sample[]> {
  const drafts: Draft[] = [
    ...pairs.map(({ client, upstream, place, basis }): Draft => {
      const folder = relative(client, found.base)
      return {
        units: [client, upstream],
        captures: { client: unitPaths(client), upstream: unitPaths(upstream) },
        wishes: wishes(found.base, place, [...folder, `${client.stem}+${upstream.stem}`]),
        unique: JSON.stringify([...unitPaths(client), ...unitPaths(upstream)]),
        basis: [basis, setBasis('client', client), setBasis('upstream', upstream)]
          .filter(Boolean)
          .join('; '),
      }
    }),
    ...alone.map(({ unit, why }): Draft => {
      const folder = relative(unit, found.base)
      return {
        units: [unit],
        captures: { capture: unitPaths(unit) },
        wishes: wishes(found.base, [...folder, unit.stem], [...folder, unit.name]),
        unique: JSON.stringify(unitPaths(unit)),
        basis: [why === null ? 'alone' : `alone: ${why}`, unit.basis].filter(Boolean).join('; '),
      }
    }),
  ]
  // In the order of their places, not in that in which they were paired: ids do not depend on it.
  drafts.sort((a, b) => comparePlaces(a.units[0]!.files[0]!.place, b.units[0]!.files[0]!.place))
  const ids = makeIds(drafts)
  const companions = new Companions(found)
  const beside = await companions.beside(drafts.map(({ units }) => units))
  notes.push(...companions.notes)
  const samples: Sample[] = []
  for (const [i, { units, captures, basis }] of drafts.entries()) {
    const bytes = bytesOf(units.flatMap(({ files }) => files))
    samples.push({ id: ids[i]!, captures, ...beside[i]!, bytes, basis })
  }
  for (const path of companions.left()) found.passedOver.add('beside-no-capture', path)
  return samples.sort((a, b) => comparePlaces(a.id.split('/'), b.id.split('/')))
}

function setBasis(side: string, { basis }: Unit): string | null {
  return basis === null ? null : `${side}: ${basis}`
}

function relative({ folder }: Unit, base: Place): Place {
  return folder.slice(base.length)
}

/** The place, or where that is the folder that was named, the name of this folder; else what tells it from others. */
function wishes(base: Place, place: Place, longer: Place): Place[] {
  return [place.length > 0 ? place : [base.at(-1) ?? 'captures'], longer]
}

function bothGiven(): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_USAGE',
    'paths and --manifest are both given: a manifest names all captures itself',
    'leave out one of them',
  )
}
