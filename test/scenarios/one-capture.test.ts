import { describe, expect, it } from 'vitest'
import { type ScenarioOptions, verdictAlone } from '../support/ladder-verdict.ts'
import { EXCHANGE, HALF_RESPONSE } from './ladders.ts'

const told = (at: 'client' | 'upstream'): ScenarioOptions => ({ engine: { at } })
type Case = [
  name: string,
  ladder: string,
  tap: 'client' | 'upstream',
  expected: object,
  options?: ScenarioOptions,
]

/** What VERDICTS §9 allows to be said from one side. */
const cases: Case[] = [
  [
    'a RST that leaves the host that --at names',
    `${HALF_RESPONSE}\nu> RA`,
    'upstream',
    { by: 'upstream', confidence: 'certain', anatomy: 'active' },
    told('upstream'),
  ],
  [
    'a RST that leaves a host inferred from its TTL',
    `${HALF_RESPONSE}\nu> RA`,
    'upstream',
    { by: 'upstream', confidence: 'probable' },
  ],
  [
    'a RST that arrives',
    `${HALF_RESPONSE}\nu> RA`,
    'client',
    { by: 'upstream', confidence: 'probable' },
  ],
  [
    'a RST that arrives at the host that --at names',
    `${HALF_RESPONSE}\nu> RA`,
    'client',
    { by: 'upstream', confidence: 'probable' },
    told('client'),
  ],
  [
    'a RST that arrives although its sender goes on',
    `${HALF_RESPONSE}\nm>c RA ttl=61\nu> PA 500 +1s\nc> R`,
    'client',
    { by: 'between', confidence: 'probable', anatomy: 'inconsistent' },
  ],
  [
    'a RST that arrives with a TTL of its own',
    `${HALF_RESPONSE}\nm>c RA ttl=44`,
    'client',
    { by: 'between', confidence: 'probable', anatomy: 'inconsistent' },
  ],
  [
    'a TTL that another path explains',
    `${HALF_RESPONSE}\nu> RA ttl=60`,
    'client',
    { by: 'undetermined', confidence: 'unclear' },
  ],
  [
    'a capture that stands between',
    `${HALF_RESPONSE}\nu> RA`,
    'upstream',
    { by: 'upstream', confidence: 'probable' },
    { hopsToTap: { upstream: 2, client: 2 } },
  ],
  [
    'a keep-alive race',
    `${EXCHANGE}
    u> FA +60s
    c> PA "GET /2 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +1ms
    u> R`,
    'upstream',
    { by: 'upstream', confidence: 'certain', detail: 'keep-alive-race', causedBy: 'undetermined' },
    told('upstream'),
  ],
]

describe('one capture alone', () => {
  it.each(cases)('%s', async (_, ladder, tap, expected, options) => {
    expect(await verdictAlone(ladder, tap, options)).toMatchObject(expected)
  })

  it('is never certain of what arrives, whatever it looks like', async () => {
    for (const rst of ['u> RA', 'u> R', 'm>c RA ttl=61', 'm>c R ttl=44', 'm>c RA mimic']) {
      const found = await verdictAlone(`${HALF_RESPONSE}\n${rst}`, 'client', told('client'))
      expect(found.confidence, rst).not.toBe('certain')
    }
  })
})
