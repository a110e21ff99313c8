import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compared, type ScenarioOptions, verdictOf } from '../support/ladder-verdict.ts'

type Truth = 'client' | 'upstream' | 'between'

interface Ending {
  truth: Truth
  lines: string[]
}

/** What may happen to one line: where it is lost, who misses it, how long it takes. */
const fate = fc.oneof(
  { weight: 12, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constant('lost') },
  { weight: 1, arbitrary: fc.constant('nocap@client') },
  { weight: 1, arbitrary: fc.constant('nocap@upstream') },
  { weight: 1, arbitrary: fc.constantFrom('dup@client', 'dup@upstream') },
  { weight: 1, arbitrary: fc.constantFrom('transit=0.03', 'transit=0.12') },
)
const side = fc.constantFrom('c>' as const, 'u>' as const)
const delay = fc.constantFrom('', '+0.3ms', '+2ms', '+40ms', '+300ms', '+5s')
const opposite = { 'c>': 'u>', 'u>': 'c>' } as const
const named = { 'c>': 'client', 'u>': 'upstream' } as const

const said = [
  'PA 100',
  'PA 1200',
  'PA 1200 mss@client=300',
  'PA 1200 mss@upstream=500',
  'A',
  'A seq-1',
]
const line = fc.record({ who: side, what: fc.constantFrom(...said), delay, fate }).map((l) => {
  const sent = `${l.who} ${l.what} ${l.delay} ${l.fate}`
  const isLost = l.fate === 'lost' && l.what.startsWith('PA')
  return isLost ? `${sent}\n${l.who} PA again +250ms` : sent
})

/** A host aborts; what is in flight towards it is answered by its kernel. */
const aborted: fc.Arbitrary<Ending> = fc
  .record({
    who: side,
    fates: fc.array(fate, { minLength: 3, maxLength: 3 }),
    inFlight: fc.boolean(),
  })
  .map(({ who, fates, inFlight }) => ({
    truth: named[who],
    lines: [
      `${who} RA +1s ${fates[0]}`,
      ...(inFlight
        ? [`${opposite[who]} PA 200 +1ms ${fates[1]}`, `${who} R +200ms ${fates[2]}`]
        : []),
    ],
  }))

/** Both hosts abort, the second before it can know of the first. */
const crossing: fc.Arbitrary<Ending> = fc
  .record({
    who: side,
    gap: fc.constantFrom('+0.1ms', '+1ms', '+4ms', '+30ms'),
    late: fc.constantFrom('', 'transit=0.04'),
    fates: fc.array(fate, { minLength: 2, maxLength: 2 }),
  })
  .map(({ who, gap, late, fates }) => ({
    truth: named[who],
    lines: [`${who} RA +1s ${late} ${fates[0]}`, `${opposite[who]} RA ${gap} ${late} ${fates[1]}`],
  }))

/** A host that was restarted answers the next data. */
const restarted: fc.Arbitrary<Ending> = fc
  .record({ who: side, fates: fc.array(fate, { minLength: 2, maxLength: 2 }) })
  .map(({ who, fates }) => ({
    truth: named[who],
    lines: [
      `${opposite[who]} PA 200 +1s ${fates[0]!.replace('lost', '')}`,
      `${who} R +200ms ${fates[1]}`,
    ],
  }))

/** Something between resets one end, and the other finds out when it writes. */
const forged: fc.Arbitrary<Ending> = fc
  .record({
    victim: side,
    shape: fc.constantFrom('RA', 'R', 'RA mimic', 'RA ttl=61', 'R ttl=61', 'RA ttl=40', 'R id=999'),
    both: fc.boolean(),
    writes: fc.boolean(),
    fates: fc.array(fate, { minLength: 2, maxLength: 2 }),
  })
  .map(({ victim, shape, both, writes, fates }) => ({
    truth: 'between' as const,
    lines: [
      `m>${victim[0]} ${shape} +1s`,
      ...(both ? [`m>${opposite[victim][0]} ${shape} +1ms`] : []),
      ...(writes && !both
        ? [`${opposite[victim]} PA 300 +1s ${fates[0]}`, `${victim} R +200ms ${fates[1]}`]
        : []),
    ],
  }))

/** Resets that both captures hold, of a shape that is not copied from the host's. */
const whole: fc.Arbitrary<Ending> = fc.constantFrom(
  { truth: 'upstream', lines: ['u> RA +1s'] },
  { truth: 'client', lines: ['c> RA +1s'] },
  { truth: 'upstream', lines: ['u> RA +1s lost'] },
  { truth: 'client', lines: ['u> PA 200 +1s', 'c> R'] },
  { truth: 'upstream', lines: ['c> PA 200 +1s', 'u> R'] },
  { truth: 'between', lines: ['m>c R ttl=61 +1s'] },
  { truth: 'between', lines: ['m>u RA +1s', 'c> PA 200 +1s', 'u> R'] },
  { truth: 'between', lines: ['m>c RA ttl=44 +1s', 'u> PA 200 +1s', 'c> R'] },
)

const options: fc.Arbitrary<ScenarioOptions> = fc
  .record({
    far: fc.nat(2),
    near: fc.nat(2),
    offset: fc.constantFrom(0, 3600, -0.05),
    nat: fc.boolean(),
    timestamps: fc.boolean(),
  })
  .map(({ far, near, offset, nat, timestamps }) => ({
    hopsToTap: { client: near, upstream: far },
    offset,
    timestamps,
    ...(nat ? { nat: { client: '10.2.0.1:33412' } } : {}),
  }))

const opening = ['c> S', 'u> SA', 'c> A']
/** Delayed acknowledgements of what arrived. */
const settled = ['c> A +250ms', 'u> A +1ms']

interface Missing {
  tap: string
  kind: string
  direction: string
  from: number
  lines: number
}

/** What a capture as a whole may lack. */
const gap = fc.record({
  tap: fc.constantFrom('client', 'upstream'),
  kind: fc.constantFrom('none', 'late start', 'early stop', 'one direction', 'a window'),
  direction: side,
  from: fc.nat(12),
  lines: fc.integer({ min: 1, max: 4 }),
})

function hide(lines: readonly string[], missing: Missing): string[] {
  const { tap, kind, direction, from } = missing
  const isHidden = (text: string, i: number) =>
    (kind === 'late start' && i < from) ||
    (kind === 'early stop' && i >= lines.length - missing.lines) ||
    (kind === 'one direction' && text.startsWith(direction)) ||
    (kind === 'a window' && i >= from && i < from + missing.lines)
  return lines.map((text, i) => (isHidden(text, i) ? `${text} nocap@${tap}` : text))
}

/** Without the RST that was first in any capture, only the next can be named. */
function isFirstSeen(ladder: string): boolean {
  const first = ladder.split('\n').find((text) => /^(m>.|.>) R/.test(text))!
  const misses = (tap: string) => first.includes(`nocap@${tap}`)
  if (first.startsWith('m>')) return !/^m>.*nocap/m.test(ladder)
  // Two RSTs, each missed where it left, look like two that something between sent.
  if (/^u> RA.*nocap@up/m.test(ladder) && /^c> RA.*nocap@cl/m.test(ladder)) return false
  const [home, far] = first.startsWith('c') ? ['client', 'upstream'] : ['upstream', 'client']
  return !misses(home!) || !(misses(far!) || first.includes('lost'))
}

const story = fc.record({
  talk: fc.array(line, { maxLength: 12 }),
  closing: fc.constantFrom('', '', '', 'c> FA +100ms', 'u> FA +100ms'),
  ending: fc.oneof(aborted, restarted, forged, crossing),
  missing: gap,
  running: fc.boolean(),
  options,
})

describe('certain is never wrong', () => {
  it('about who sent the first RST, whatever was lost, missed, doubled or late', async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ talk, closing, ending, missing, running, options }) => {
        const told = [...opening, ...talk, ...settled, closing, ...ending.lines].join('\n')
        const ladder = hide(told.split(/\n+/), missing).join('\n')
        fc.pre(isFirstSeen(ladder))
        const played = { ...options, running: running ? ([0.5, 300] as [number, number]) : null }
        for (const connection of await compared(ladder, played)) {
          const { by, confidence } = verdictOf(connection)
          if (confidence === 'certain') expect(by, ladder).toBe(ending.truth)
        }
      }),
      { numRuns: 500, seed: 20_261_121 },
    )
  })

  it('and is said wherever nothing was missed', async () => {
    const quiet = fc.record({ talk: fc.array(line, { maxLength: 8 }), ending: whole, options })
    await fc.assert(
      fc.asyncProperty(quiet, async ({ talk, ending, options }) => {
        const spoken = talk.map((text) => text.replaceAll(/nocap@\S+|lost|again/g, ''))
        const ladder = [...opening, ...spoken, ...settled, ...ending.lines].join('\n')
        const found = (await compared(ladder, options)).map(verdictOf)
        const expected =
          ending.truth === 'between'
            ? { by: 'between' }
            : { by: ending.truth, confidence: 'certain' }
        expect(found, ladder).toEqual([expect.objectContaining(expected)])
      }),
      { numRuns: 300, seed: 20_261_121 },
    )
  })
})
