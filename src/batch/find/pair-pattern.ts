import { RstscopeError } from '../../errors.ts'
import type { Side } from '../../model/connection.ts'
import type { Paired, UnitPair } from './pair-names.ts'
import type { Place } from './places.ts'
import { SIDE_WORDS } from './side-words.ts'
import type { Unit } from './unit.ts'

type Part =
  | { kind: 'text'; text: string }
  /** Any characters of one name: at least one for a named part, none or more for `*`, one for `?`. */
  | { kind: 'any'; least: number; most: number; name: string | null }
  | { kind: 'side' }

/** What `--pair` says: names from the outermost folder on, each a list of parts. */
export interface PairPattern {
  text: string
  names: readonly (readonly Part[])[]
  /** Words that `{side}` stands for. */
  words: Record<Side, readonly string[]>
}

/** A pattern is written by hand; more named parts than this are a mistake. */
const MOST_PARTS = 8
const PART = /\{([^{}]*)\}|\*+|\?|[^{}*?]+|[{}]/g
const NAMED_PART = /^[A-Za-z][A-Za-z0-9_]{0,31}$/
const SIDE_OF_TWO = /^side:([^|{}]+)\|([^|{}]+)$/

/** Reads `{id}/{side}.pcap` and the like. Throws a `RstscopeError` that says what is wrong with it. */
export function readPairPattern(text: string): PairPattern {
  let words = SIDE_WORDS
  let sides = 0
  const named = new Set<string>()
  const names = text
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .map((name) =>
      [...name.matchAll(PART)].map(([token, inside]): Part => {
        if (token === '**') throw nonsense(text, '** is not needed: any folders may come before')
        if (token.startsWith('*')) return { kind: 'any', least: 0, most: Infinity, name: null }
        if (token === '?') return { kind: 'any', least: 1, most: 1, name: null }
        if (token === '{' || token === '}') throw nonsense(text, `a ${token} stands alone`)
        if (inside === undefined) return { kind: 'text', text: token }
        const two = SIDE_OF_TWO.exec(inside)
        if (inside === 'side' || two !== null) {
          sides++
          if (two !== null) words = { client: [two[1]!], upstream: [two[2]!] }
          return { kind: 'side' }
        }
        if (!NAMED_PART.test(inside)) throw nonsense(text, `{${inside}} is no name`)
        if (named.has(inside)) throw nonsense(text, `{${inside}} is in it twice`)
        named.add(inside)
        return { kind: 'any', least: 1, most: Infinity, name: inside }
      }),
    )
  if (names.length === 0) throw nonsense(text, 'it is empty')
  if (sides !== 1) {
    throw nonsense(text, sides === 0 ? '{side} is missing' : '{side} is in it more than once')
  }
  if (named.size > MOST_PARTS) throw nonsense(text, `at most ${MOST_PARTS} named parts`)
  if (names.some((parts) => parts.some((part, i) => isOpen(part) && isOpen(parts[i + 1])))) {
    throw nonsense(text, 'two parts of any length stand next to one another')
  }
  return { text, names, words }
}

function isOpen(part: Part | undefined): boolean {
  return part?.kind === 'any' && part.most > 1
}

function nonsense(text: string, why: string): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_USAGE',
    `--pair ${text}: ${why}`,
    "for example --pair '{id}/{side}.pcap', or names | auto | none",
  )
}

/** What a pattern made of a path. */
interface Matched {
  side: Side
  /** Folders before what the pattern describes, then the named parts in their order. */
  place: string[]
}

/** Holds a pattern against the end of a path; null where it does not match. */
export function matchPair({ names, words }: PairPattern, path: Place): Matched | null {
  if (path.length < names.length) return null
  const at = path.length - names.length
  const matched: Matched = { side: 'client', place: path.slice(0, at) }
  for (const [i, parts] of names.entries()) {
    const ends = matchName(parts, path[at + i]!, words)
    if (ends === null) return null
    let start = 0
    for (const [k, part] of parts.entries()) {
      const text = path[at + i]!.slice(start, ends[k]!)
      start = ends[k]!
      if (part.kind === 'any' && part.name !== null) matched.place.push(text)
      if (part.kind === 'side') {
        matched.side = words.client.some((word) => isSame(word, text)) ? 'client' : 'upstream'
      }
    }
  }
  return matched
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/**
 * Where each part ends in a name; null without a match. Open parts take as little as they can. What failed once is
 * not tried again, so that no name makes it slow.
 */
function matchName(
  parts: readonly Part[],
  name: string,
  words: PairPattern['words'],
): number[] | null {
  const failed = new Set<number>()
  const sides = [...words.client, ...words.upstream].sort((a, b) => b.length - a.length)
  const ends: number[] = []
  const from = (part: number, start: number): boolean => {
    if (part === parts.length) return start === name.length
    const key = part * (name.length + 1) + start
    if (failed.has(key)) return false
    for (const length of lengths(parts[part]!, name, start, sides)) {
      ends[part] = start + length
      if (from(part + 1, start + length)) return true
    }
    failed.add(key)
    return false
  }
  return from(0, 0) ? ends : null
}

function* lengths(
  part: Part,
  name: string,
  start: number,
  sides: readonly string[],
): Iterable<number> {
  if (part.kind === 'text') {
    if (name.startsWith(part.text, start)) yield part.text.length
  } else if (part.kind === 'side') {
    for (const word of sides) {
      if (isSame(name.slice(start, start + word.length), word)) yield word.length
    }
  } else {
    const most = Math.min(part.most, name.length - start)
    for (let length = part.least; length <= most; length++) yield length
  }
}

/** Pairs captures as a pattern says. What fits several, and what it does not match, stays alone. */
export function pairByPattern(units: readonly Unit[], base: Place, pattern: PairPattern): Paired {
  const groups = new Map<string, { place: Place; client: Unit[]; upstream: Unit[] }>()
  const pairs: UnitPair[] = []
  const alone: Paired['alone'] = []
  for (const unit of units) {
    const found = matchPair(pattern, [...unit.folder.slice(base.length), unit.name])
    if (found === null) {
      alone.push({ unit, why: `not as --pair ${pattern.text} describes` })
      continue
    }
    const { place, side } = found
    const key = JSON.stringify(place)
    const group = groups.get(key) ?? { place, client: [], upstream: [] }
    group[side].push(unit)
    groups.set(key, group)
  }
  for (const { place, client, upstream } of groups.values()) {
    if (client.length === 1 && upstream.length === 1) {
      const basis = `named as --pair ${pattern.text} describes`
      pairs.push({ client: client[0]!, upstream: upstream[0]!, place, basis })
      continue
    }
    const other = client.length === 0 ? 'client' : 'upstream'
    const why =
      client.length === 0 || upstream.length === 0
        ? `no ${other} capture fits it by --pair ${pattern.text}`
        : `${client.length} client and ${upstream.length} upstream captures fit --pair ${pattern.text} equally`
    for (const unit of [...client, ...upstream]) alone.push({ unit, why })
  }
  return { pairs, alone }
}
