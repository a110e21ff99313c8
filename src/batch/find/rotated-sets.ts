import { RstscopeError } from '../../errors.ts'
import type { FoundFile } from './discover.ts'
import { captureNameOf } from './file-names.ts'
import { compareCharacters, comparePlaces } from './natural-order.ts'
import { isUrl } from './places.ts'
import { type SeriesKind, type SeriesName, seriesName } from './series-names.ts'
import {
  inOrderOfTime,
  isLargeGap,
  latestOf,
  type Member,
  type PacketTimes,
  seamOf,
  wasWrittenBefore,
} from './series-times.ts'
import { singleUnit, type Unit } from './unit.ts'

export interface RotatedSets {
  /** All captures, in natural order; each file is in one of them. */
  units: Unit[]
  /** Files that look like a series and are none, and why. */
  notes: string[]
}

/** Files of one series are read for their first packet so many at a time. */
const AT_ONCE = 16
/** Packets of several queues are written a little out of order. */
const TOLERANCE_NS = 1_000_000_000n
const PROGRAMS: Record<SeriesKind, string> = {
  size: 'tcpdump -C',
  time: 'tcpdump -G',
  'ring-buffer': 'dumpcap -b',
}

/** Joins the files of rotated series, in order of time. Names suggest a series; its packets must not contradict. */
export async function joinRotated(
  files: readonly FoundFile[],
  times: PacketTimes,
): Promise<RotatedSets> {
  const units: Unit[] = []
  const notes: string[] = []
  for (const group of seriesOf(files)) {
    if (group.length === 1) units.push(singleUnit(group[0]!.file))
    else units.push(...(await joinSeries(group, times, notes)))
  }
  units.sort((a, b) => comparePlaces(a.files[0]!.place, b.files[0]!.place))
  return { units, notes }
}

/** Files by series, each in the order of its names. */
function seriesOf(files: readonly FoundFile[]): Member[][] {
  const groups = new Map<string, Member[]>()
  for (const file of files) {
    const name = seriesName(captureNameOf(file.place.at(-1) ?? ''))
    const key = JSON.stringify([file.place.slice(0, -1), name.kind, name.key])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [{ file, name, first: null }])
    else group.push({ file, name, first: null })
  }
  for (const group of groups.values()) group.sort(byName)
  return [...groups.values()]
}

function byName(a: Member, b: Member): number {
  return compareCharacters(a.name.time, b.name.time) || a.name.number - b.name.number
}

async function joinSeries(
  group: readonly Member[],
  times: PacketTimes,
  notes: string[],
): Promise<Unit[]> {
  const twice = group.find((member, i) => i > 0 && byName(group[i - 1]!, member) === 0)
  if (twice !== undefined) {
    notes.push(`${nameOf(twice)} has its place in a series twice: its files are read one by one`)
    return group.map(({ file }) => singleUnit(file))
  }
  if (isSideBySide(group)) {
    notes.push(
      `${nameOf(group[0]!)} and others: two captures at once, which their names do not part`,
    )
    return group.map(({ file }) => singleUnit(file))
  }
  const runs: Member[][] = []
  for (const whole of unbroken(group)) {
    const run = withoutEmpty(whole, notes)
    if (run.length > 1 && !run.some(({ file }) => isUrl(file.path))) {
      runs.push(...(await readable(run, times, notes)))
    } else {
      runs.push(run)
    }
  }
  if (runs.length > 1 && group[0]!.name.kind !== 'time') {
    const parts = runs.map((run) => nameOf(run[0]!)).slice(1, 4)
    notes.push(`${nameOf(group[0]!)}: files of its series are missing before ${parts.join(', ')}`)
  }
  const units: Unit[] = []
  for (const run of runs) {
    const set = run.length > 1 ? await joinRun(run, times) : null
    if (typeof set === 'string') notes.push(`${nameOf(run[0]!)} and ${run.length - 1} more: ${set}`)
    if (set === null || typeof set === 'string') units.push(...run.map((m) => singleUnit(m.file)))
    else units.push(set)
  }
  return units
}

/** Whether numbers of a ring buffer begin anew with another number than the first: one of two captures at once does. */
function isSideBySide(group: readonly Member[]): boolean {
  return group.some(({ name }, i) => {
    const before = group[i - 1]?.name.number ?? 0
    return name.kind === 'ring-buffer' && name.number <= before && name.number > 1
  })
}

/** Cuts a series where numbers are left out. */
function unbroken(group: readonly Member[]): Member[][] {
  const runs: Member[][] = []
  let before: Member | undefined
  for (const member of group) {
    const run = runs.at(-1)
    if (run !== undefined && before !== undefined && follows(before.name, member.name)) {
      run.push(member)
    } else {
      runs.push([member])
    }
    before = member
  }
  return runs
}

function follows(before: SeriesName, next: SeriesName): boolean {
  // What tcpdump -G begins has any time; with -C beside it, the same time numbers its files.
  if (next.kind === 'time') return before.time !== next.time || isNext(before.number, next.number)
  return isNext(before.number, next.number)
}

/** The first file of `tcpdump -C` has no number, the second has 1. */
function isNext(before: number, next: number): boolean {
  return next === Math.max(before, 0) + 1
}

/** A program that just began its next file has written nothing into it yet: it would make the whole set unreadable. */
function withoutEmpty(run: Member[], notes: string[]): Member[] {
  const written = run.filter(({ file }) => file.bytes !== 0)
  if (written.length === 0) return run
  for (const member of run) {
    if (member.file.bytes === 0)
      notes.push(`${nameOf(member)} is empty: it is left out of its series`)
  }
  return written
}

/** Asks for the first packet of each; what is no capture is taken out, and the series is cut there. */
async function readable(run: Member[], times: PacketTimes, notes: string[]): Promise<Member[][]> {
  const broken = new Set<Member>()
  for (let at = 0; at < run.length; at += AT_ONCE) {
    await Promise.all(
      run.slice(at, at + AT_ONCE).map(async (member) => {
        try {
          member.first = await times.first(member.file.path)
        } catch (error) {
          if (!(error instanceof RstscopeError) || error.code === 'RSTSCOPE_INTERRUPTED')
            throw error
          broken.add(member)
        }
      }),
    )
  }
  const parts: Member[][] = [[]]
  for (const member of run) {
    if (broken.has(member)) {
      notes.push(`${nameOf(member)} cannot be read: its series is cut there`)
      parts.push([member], [])
    } else {
      parts.at(-1)!.push(member)
    }
  }
  return parts.filter(({ length }) => length > 0)
}

/** The set that the files make; or why they are none. */
async function joinRun(run: readonly Member[], times: PacketTimes): Promise<Unit | string> {
  const { kind, stem } = run[0]!.name
  const program = PROGRAMS[kind]
  const set = (members: readonly Member[], basis: string): Unit => ({
    files: members.map(({ file }) => file),
    folder: run[0]!.file.place.slice(0, -1),
    name: nameOf(run[0]!),
    stem,
    basis,
  })
  if (run.some(({ file }) => isUrl(file.path))) {
    if (kind === 'time')
      return 'named by time, and URLs are not read to see whether a gap is between them'
    return set(run, `${run.length} files named as ${program} does, in the order of their names`)
  }
  const turned = inOrderOfTime(run)
  if (turned === null) {
    return `named like one capture (${program}), but their first packets are not in that order`
  }
  const oldest = nameOf(turned[0]!)
  const basis =
    turned[0] === run[0]
      ? `${run.length} files of one capture (${program})`
      : `${run.length} files of a ring (${program} -W), of which ${oldest} is the oldest`
  if (run.filter(({ first }) => first !== null).length < 2) return set(turned, basis)
  const seam = seamOf(turned)
  if (seam === null) {
    if (kind === 'time')
      return 'named by time, but too large to see whether each ends where the next begins'
    return set(turned, `${basis}; that they do not overlap was not looked at`)
  }
  if (kind === 'time' && wasWrittenBefore(seam)) {
    return 'named by time, but each was written to its end long before the next one begins'
  }
  const latest = await latestOf(seam, times)
  if (latest === undefined) return `${seam.file.path} cannot be read to its end`
  if (latest === null) return set(turned, basis)
  const gap = seam.nextFirst - latest
  if (gap < -TOLERANCE_NS) return `named like one capture (${program}), but they overlap in time`
  if (kind === 'time' && isLargeGap(gap, latest - seam.first)) {
    return `named by time, but ${seconds(gap)} s lie between one's end and the next one's beginning`
  }
  return set(turned, basis)
}

function nameOf({ file }: Member): string {
  return file.place.at(-1) ?? ''
}

function seconds(ns: bigint): string {
  return String(ns / 1_000_000_000n)
}
