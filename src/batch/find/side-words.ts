import type { Side } from '../../model/connection.ts'

/** Words that say which side a capture is of, whatever else stands in the name. */
const PLAIN: Record<Side, readonly string[]> = {
  client: ['client', 'clients', 'downstream', 'c2s'],
  upstream: ['upstream', 'upstreams', 'server', 'servers', 's2c'],
}

/** Words that are also names of services and hosts: they count where none of the others is there. */
const LOOSE: Record<Side, readonly string[]> = {
  client: [
    'cli',
    'clt',
    'source',
    'src',
    'frontend',
    'front',
    'local',
    'caller',
    'consumer',
    'requester',
    'initiator',
  ],
  upstream: [
    'srv',
    'svr',
    'destination',
    'dest',
    'dst',
    'backend',
    'back',
    'remote',
    'callee',
    'provider',
    'responder',
    'target',
  ],
}

/** Every word, for `{side}` of a pattern. */
export const SIDE_WORDS: Record<Side, readonly string[]> = {
  client: [...PLAIN.client, ...LOOSE.client],
  upstream: [...PLAIN.upstream, ...LOOSE.upstream],
}

const SIDES: ReadonlyMap<string, { side: Side; isPlain: boolean }> = new Map(
  [
    { words: LOOSE, isPlain: false },
    { words: PLAIN, isPlain: true },
  ].flatMap(({ words, isPlain }) =>
    (['client', 'upstream'] as const).flatMap((side) =>
      words[side].map((word): [string, { side: Side; isPlain: boolean }] => [
        word,
        { side, isPlain },
      ]),
    ),
  ),
)

export interface SidedName {
  side: Side
  /** The word that says so, as it is written. */
  word: string
  /** The other words of the name: `cart`, `2`. */
  rest: readonly string[]
}

/** Longer names are no names that somebody gave; also bounds what is looked at. */
const MOST_WORDS = 64

/**
 * The side that a name tells as a whole word of it; null where no word does, or words of both sides do.
 * A number may be joined to the word: `client2` is `client` and `2`.
 */
export function sidedName(name: string): SidedName | null {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? []
  if (words.length > MOST_WORDS) return null
  // c2s and s2c are words of their own, though there is a number in them.
  const parts = words.flatMap((word) =>
    SIDES.has(word.toLowerCase()) ? [word] : splitNumber(word),
  )
  const told = parts.flatMap((word, at) => {
    const found = SIDES.get(word.toLowerCase())
    return found === undefined ? [] : [{ ...found, word, at }]
  })
  const plain = told.filter(({ isPlain }) => isPlain)
  const deciding = plain.length > 0 ? plain : told
  const [first] = deciding
  if (first === undefined || deciding.some(({ side }) => side !== first.side)) return null
  return { side: first.side, word: first.word, rest: parts.filter((_, at) => at !== first.at) }
}

/** `client2` → `client`, `2`; other words stay whole, `x86` and `7d9f` too. */
function splitNumber(word: string): string[] {
  const found = /^(\p{L}+)(\p{N}+)$/u.exec(word)
  return found !== null && SIDES.has(found[1]!.toLowerCase()) ? [found[1]!, found[2]!] : [word]
}
