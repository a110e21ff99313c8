import { createHash } from 'node:crypto'
import type { Place } from './places.ts'

/** Fits a file name of 255 bytes with the endings of reports, and of evidence, behind it. */
const MOST_BYTES = 160
const DIGEST_DIGITS = 8

/** What file systems, shells and URLs take everywhere; letters and digits of any script. */
const UNSAFE = /[^\p{L}\p{M}\p{N}._+=@,~#() -]/gu
/** Device names of Windows, with whatever ending. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i

/** A name that can be a folder or a file anywhere, equal to the one given wherever that already is one. */
export function safeSegment(name: string): string {
  let safe = name
    .normalize('NFC')
    .replace(UNSAFE, '_')
    .replace(/^[. ]+/, (dots) => '_'.repeat(dots.length))
  if (/[. ]$/.test(safe)) safe = `${safe.slice(0, -1)}_`
  if (RESERVED.test(safe)) safe = `_${safe}`
  if (Buffer.byteLength(safe) > MOST_BYTES) safe = `${cut(safe)}~${digest(name)}`
  return safe === '' ? '_' : safe
}

/** Whether a text can be an id as it is. */
export function isSafeId(id: string): boolean {
  return id.split('/').every((segment) => segment === safeSegment(segment))
}

/** The same for ids that a file system may hold for one: it may not tell case. */
export function idKey(id: string): string {
  return id.normalize('NFC').toLowerCase()
}

function cut(text: string): string {
  const most = MOST_BYTES - DIGEST_DIGITS - 1
  let bytes = 0
  let end = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > most) break
    end += character.length
  }
  return text.slice(0, end).replace(/[. ]+$/, '')
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, DIGEST_DIGITS)
}

/** What an id is made of: the first that no other sample has is taken. */
export interface IdWishes {
  /** From the shortest to the most explicit one. */
  wishes: readonly Place[]
  /** Of what is different for each sample: the paths of its captures. */
  unique: string
}

/**
 * Ids that differ from one another, in the order given. Samples that wish for the same id all get their longer one, so
 * that an id never comes to mean another sample because one was added.
 */
export function makeIds(samples: readonly IdWishes[]): string[] {
  const ids = samples.map(() => '')
  let open = samples.map((_, index) => index)
  const taken = new Set<string>()
  const longest = Math.max(0, ...new Set(samples.map(({ wishes }) => wishes.length)))
  for (let round = 0; round < longest && open.length > 0; round++) {
    const wished = new Map<string, number[]>()
    for (const index of open) {
      const { wishes } = samples[index]!
      ids[index] = wishes[Math.min(round, wishes.length - 1)]!.map(safeSegment).join('/')
      const key = idKey(ids[index]!)
      const alike = wished.get(key)
      if (alike === undefined) wished.set(key, [index])
      else alike.push(index)
    }
    open = []
    for (const [key, indexes] of wished) {
      if (indexes.length === 1 && !taken.has(key)) taken.add(key)
      else open.push(...indexes)
    }
  }
  for (const index of open) ids[index] = `${ids[index]}~${digest(samples[index]!.unique)}`
  return ids
}
