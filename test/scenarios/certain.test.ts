import { describe, expect, it } from 'vitest'
import { background, captures, play } from '../support/ladder.ts'
import { comparedFiles, type ScenarioOptions, verdict } from '../support/ladder-verdict.ts'
import { HALF_RESPONSE, OPEN } from './ladders.ts'

/** Ladders that look like a proof of somebody's RST, and are none. */
type Case = [name: string, ladder: string, expected: object, options?: ScenarioOptions]

const pingPong = (from: 'c' | 'u', seconds: number) => {
  const [a, b] = from === 'c' ? ['c>', 'u>'] : ['u>', 'c>']
  return `${a} PA 10 +1s\n${b} PA 10\n${a} A\n`.repeat(seconds)
}
const many = (line: string, count: number) => `${line}\n`.repeat(count)

const cases: Case[] = [
  [
    'a forged RST is not let go for later samples and answers',
    `${OPEN}
    ${pingPong('c', 170)}
    m>c RA
    ${many('u> PA 1000 +0.1ms', 60)}
    ${many('c> R +0.1ms', 60)}`,
    { by: 'between' },
  ],
  [
    'the RST that began it is kept at both taps, however many follow',
    `${OPEN}
    ${pingPong('u', 170)}
    u> RA
    ${many('c> PA 1000 +0.1ms', 40)}
    ${many('u> R +0.2ms', 40)}`,
    { by: 'upstream', confidence: 'certain', anatomy: 'active' },
  ],
  [
    "a forged RST is no copy of the host's own, sent a minute later",
    `${HALF_RESPONSE}
    m>c RA
    u> RA +60s nocap@client`,
    { by: 'between' },
  ],
  [
    'the same when both arrive',
    `${HALF_RESPONSE}
    m>c RA
    u> RA +60s`,
    { by: 'between' },
  ],
  [
    'an un-NATed answer is refused by the client',
    `
    c> S
    u> SA src@client=10.9.9.9:8080
    c> R dst=10.9.9.9:8080`,
    { by: 'client', confidence: 'certain', causedBy: 'between', benign: false },
    { nat: { upstream: '10.9.9.9:8080' } },
  ],
  [
    'a RST at the right edge of what was selectively acknowledged',
    `${HALF_RESPONSE}
    u> PA 100 lost
    u> PA 100
    c> A sack=146-246
    u> RA`,
    { acceptance: 'sack-edge', by: 'upstream', confidence: 'certain' },
  ],
  [
    'data lost on the way does not make the number of a RST wrong',
    `${HALF_RESPONSE}
    u> PA 500 lost
    u> RA nocap@upstream`,
    { by: 'upstream', confidence: 'probable' },
  ],
  [
    'a segment sent before the RST and overtaken by it is not talk after it',
    `${HALF_RESPONSE}
    u> A transit=0.3
    u> RA nocap@upstream`,
    { by: 'upstream', confidence: 'probable' },
  ],
  [
    'a capture without the direction of the RST cannot say that it did not leave',
    `
    c> S
    u> SA nocap@upstream
    c> A
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
    u> A nocap@upstream
    u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\nhalf" nocap@upstream
    c> A
    u> R nocap@upstream`,
    { by: 'undetermined' },
  ],
  [
    "a refusal with a TTL that the upstream's address has nowhere else",
    `
    c> S
    u> RA refuse ttl=64`,
    { by: 'upstream', confidence: 'probable' },
    { hopsToTap: { upstream: 1 } },
  ],
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
  it.each(cases)('%s', async (_, ladder, expected, options) => {
    expect(await verdict(ladder, options)).toMatchObject(expected)
  })

  it('a RST is not missing from a capture that had stopped', async () => {
    // Only the upstream's capture goes on.
    const later = play('c> A nocap@client\nu> A nocap@client', {
      at: 50,
      client: '10.1.0.2:50000',
      isn: { client: 0x90000000, upstream: 0xc0000000 },
    })
    const found = await verdict(
      `${HALF_RESPONSE}
      u> A seq-1 transit=0.02 nocap@client
      u> RA +1ms nocap@upstream
      c> R +25ms nocap@client`,
      { running: null, also: [later] },
    )
    expect(found.confidence).not.toBe('certain')
  })

  it('a RST out of line is not surely of the host whose tap it leaves', async () => {
    const found = await verdict(`${HALF_RESPONSE}\nu> RA seq+5000`)
    expect(found.confidence).not.toBe('certain')
  })

  it('files given the wrong way round prove nothing', async () => {
    const ladder = `${HALF_RESPONSE}\nm>c RA ttl=61\nu> PA 500 +1s\nc> R`
    const files = captures(play(ladder), background(0.5, 300))
    const all = await comparedFiles({ client: files.upstream, upstream: files.client })
    const found = all.find((v) => v.by !== null)
    expect(found).not.toMatchObject({ by: 'client', confidence: 'certain' })
  })

  it('one capture given twice is refused', async () => {
    const { client } = captures(play(HALF_RESPONSE), background(0.5, 300))
    await expect(comparedFiles({ client, upstream: client })).rejects.toThrow(/same capture/)
  })
})
