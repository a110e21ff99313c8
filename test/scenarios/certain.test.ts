import { describe, expect, it } from 'vitest'
import { type ScenarioOptions, verdict } from '../support/ladder-verdict.ts'
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
]

describe('certain means certain', () => {
  it.each(cases)('%s', async (_, ladder, expected, options) => {
    expect(await verdict(ladder, options)).toMatchObject(expected)
  })
})
