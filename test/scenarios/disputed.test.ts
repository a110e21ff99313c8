import { describe, expect, it } from 'vitest'
import { background, captures, play } from '../support/ladder.ts'
import {
  compared,
  comparedFiles,
  type ScenarioOptions,
  verdict,
} from '../support/ladder-verdict.ts'
import { EXCHANGE, HALF_RESPONSE, REQUEST } from './ladders.ts'

/** Cases in which the code is known to say something else than the definition of its words allows. */
type Case = [name: string, ladder: string, expected: object, options?: ScenarioOptions]

const cases: Case[] = [
  [
    'a SYN is refused between, and the SYN-ACK comes too late',
    'c> S\nm>c RA seq-1908713938 ttl=63\nu> SA +2s\nc> R',
    { termination: 'handshake-never-completed', detail: 'refused', by: 'between' },
  ],
  [
    'packets missing up to the end are loss too',
    `${HALF_RESPONSE}
    u> PA 500 nocap@upstream
    u> FA nocap@upstream
    c> PA 10 +1ms ack-501
    u> R nocap@upstream`,
    { by: 'undetermined' },
  ],
  [
    'what was in flight behind a tap far from the client does not show that it ignored the RST',
    `
    c> S
    u> SA
    c> A +45ms
    c> PA 100 +10ms
    u> A
    m>c R ttl=60
    c> PA 100 +10ms
    c> PA 100 +10ms
    u> A +6ms
    u> PA 500 +1s
    c> R +45ms`,
    { by: 'between', confidence: 'certain' },
    { hopsToTap: { client: 4 } },
  ],
]

describe('certain means certain', () => {
  it.fails.each(cases)('%s', async (_, ladder, expected, options) => {
    expect(await verdict(ladder, options)).toMatchObject(expected)
  })

  it.fails('a RST is not missing from a capture that had stopped', async () => {
    // Only the upstream's capture goes on.
    const later = play('c> A nocap@client\nu> A nocap@client', { at: 50, client: '10.1.0.2:50000' })
    const found = await verdict(
      `${HALF_RESPONSE}
      u> A seq-1 transit=0.02 nocap@client
      u> RA +1ms nocap@upstream
      c> R +25ms nocap@client`,
      { running: null, also: [later] },
    )
    expect(found.confidence).not.toBe('certain')
  })

  it.fails('a RST out of line is not surely of the host whose tap it leaves', async () => {
    const found = await verdict(`${HALF_RESPONSE}\nu> RA seq+5000`)
    expect(found.confidence).not.toBe('certain')
  })

  it.fails('files given the wrong way round prove nothing', async () => {
    const ladder = `${HALF_RESPONSE}\nm>c RA ttl=61\nu> PA 500 +1s\nc> R`
    const files = captures(play(ladder), background(0.5, 300))
    const all = await comparedFiles({ client: files.upstream, upstream: files.client })
    const found = all.find((v) => v.by !== null)
    expect(found).not.toMatchObject({ by: 'client', confidence: 'certain' })
  })

  it.fails('one capture given twice proves nothing of the other side', async () => {
    const { client } = captures(play(`${HALF_RESPONSE}\nm>c RA mimic`), background(0.5, 300))
    const all = await comparedFiles({ client, upstream: client })
    const found = all.find((v) => v.by !== null)
    expect(found).not.toMatchObject({ confidence: 'certain' })
  })
})

describe('silence', () => {
  it.fails.each<Case>([
    [
      'of a client that never got what the upstream sends again and again',
      `${REQUEST}
      u> PA 100 lost
      u> PA again +200ms lost
      u> PA again +400ms lost
      u> PA again +800ms lost
      u> PA again +1600ms lost
      u> PA again +3200ms lost`,
      { detail: 'silent-loss', firstClose: 'undetermined silence' },
    ],
    [
      'after a FIN that is sent again and again',
      `${EXCHANGE}
      c> FA lost
      c> FA again +200ms lost
      c> FA again +400ms lost
      c> FA again +800ms lost
      c> FA again +1600ms lost`,
      { termination: 'open', detail: 'silent-loss' },
    ],
  ])('%s', async (_, ladder, expected) => {
    expect(await verdict(ladder)).toMatchObject(expected)
  })
})

describe('a port that is used again while the upstream still has the old connection', () => {
  // Linux: numbers of one 4-tuple grow by some 250,000 a second (RFC 6528), so that old and new lie near each other.
  const step = 500_000
  const isn = { client: 0x1c3a5e70, upstream: 0x71c4a9d2 }
  const again = { client: isn.client + step, upstream: isn.upstream + step }

  it.fails('keeps the challenge ACK and its RST with the old connection', async () => {
    const sent = { client: 28, upstream: 43 }
    const ladder = `
      c> S
      u> A seq-${step - sent.upstream} ack-${step + 1 - sent.client}
      c> R
      c> S again +1s
      u> SA
      c> A
      c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
      u> PA "HTTP/1.1 204 No Content\\r\\n\\r\\n"
      c> FA
      u> FA
      c> A`
    const options = { at: 30, isn: again, also: [play(EXCHANGE, { isn })] }
    const found = await compared(ladder, options)
    expect(found.map((c) => c.termination)).toEqual(['rst-without-fin', 'fin-close'])
  })
})
