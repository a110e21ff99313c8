import { describe, expect, it } from 'vitest'
import { type ScenarioOptions, verdict } from '../support/ladder-verdict.ts'
import { EXCHANGE, HALF_RESPONSE, REQUEST } from './ladders.ts'

type Case = [name: string, ladder: string, expected: object, options?: ScenarioOptions]

/** Ends as they come up in the field. */
const cases: Case[] = [
  [
    'a RST behind the window, that nobody minds',
    `${HALF_RESPONSE}
    m>c R seq-40 ttl=61
    u> PA 955 +1s
    c> A
    c> FA
    u> FA
    c> A`,
    { by: null, ignored: 1, termination: 'fin-close' },
  ],
  [
    'a forged RST that is ignored, and an abort later',
    `${HALF_RESPONSE}
    m>c R seq+90000 ttl=61
    c> A
    u> PA 100 +1s
    c> A
    u> RA +1s`,
    { by: 'upstream', confidence: 'certain', ignored: 1 },
  ],
  [
    'the upstream is gone and the client gives up, unheard',
    `${REQUEST}
    c> PA 10 lost +1s
    c> PA again lost +200ms
    c> PA again lost +400ms
    c> PA again lost +800ms
    c> RA +30s lost`,
    { by: 'client', confidence: 'certain', acceptance: 'not-delivered' },
  ],
  [
    "the client's RST is lost, and it says so again when asked",
    `${HALF_RESPONSE}
    c> RA lost
    u> PA 100 +1s
    c> R`,
    { by: 'client', confidence: 'certain', anatomy: 'active', crossed: false },
  ],
  [
    'a restarted upstream knows nothing of the connection',
    `${EXCHANGE}
    c> PA "GET /2 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +100s
    u> R`,
    {
      by: 'upstream',
      confidence: 'certain',
      anatomy: 'passive',
      causedBy: 'upstream',
      benign: false,
    },
  ],
  [
    'a RST forged at the upstream, whose answer is lost',
    `${EXCHANGE}
    m>u RA ttl=61 +1s
    c> PA 40 +1s
    u> R lost`,
    { by: 'between', confidence: 'certain' },
  ],
  [
    'a reset while the second request waits',
    `${EXCHANGE}
    c> PA "GET /2 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +1s
    u> RA +1ms`,
    { by: 'upstream', benign: false },
  ],
  [
    'a FIN on the way when the RST leaves',
    `${EXCHANGE}
    u> FA +5s
    c> RA +1ms`,
    { termination: 'rst-without-fin', by: 'client', crossed: true },
  ],
  [
    'a lost FIN, and a request to a closed socket',
    `${EXCHANGE}
    u> FA +5s lost
    c> PA "GET /2 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +5s
    u> R`,
    {
      termination: 'rst-after-fin',
      by: 'upstream',
      causedBy: 'undetermined',
      detail: 'keep-alive-race',
    },
  ],
  [
    'a half-open scan with RST+ACK',
    'c> S\nu> SA\nc> RA',
    { benign: true, by: 'client', detail: 'reset-by-client' },
  ],
  [
    'a health probe that connects and resets',
    'c> S\nu> SA\nc> A\nc> RA +0.1ms',
    { benign: true, by: 'client', detail: 'no-data' },
  ],
  [
    'a health probe that connects and closes',
    'c> S\nu> SA\nc> A\nc> FA\nu> FA\nc> A',
    { benign: true, termination: 'fin-close' },
  ],
  [
    'a SYN refused at both ends by something between',
    'c> S\nm>c RA seq-1908713938 ttl=63\nm>u RA ttl=61',
    { by: 'between' },
  ],
  [
    'a refusal whose SYN the upstream capture missed',
    'c> S nocap@upstream\nu> RA refuse',
    { by: 'upstream' },
  ],
  [
    'both close, and one resets before the last ACK',
    `${EXCHANGE}\nu> FA\nc> FA +1ms\nc> R +10ms`,
    { termination: 'rst-after-fin' },
  ],
  [
    'a closed window, then a reset in the middle of the response',
    `${HALF_RESPONSE}
    c> A win=0
    u> A seq-1 +1s
    c> A win=0
    u> RA +60s`,
    { by: 'upstream', detail: 'mid-response' },
  ],
  [
    'everything arrives and nothing is answered',
    `${REQUEST}
    u> PA 100
    u> PA again +200ms
    u> PA again +400ms
    u> PA again +800ms
    u> PA again +1600ms
    u> PA again +3200ms`,
    { detail: 'silent-loss', firstClose: 'client silence' },
  ],
  [
    'data in the SYN',
    `c> S 10\nu> SA\nc> A\nu> PA 10\nc> A\nu> RA`,
    { by: 'upstream', confidence: 'certain' },
  ],
  [
    'a firewall that rejects with a RST',
    `${HALF_RESPONSE}
    c> PA 40 nocap@upstream lost +1s
    m>c R ttl=62
    c> A +1s lost
    u> PA 955 +1s
    c> R`,
    { by: 'between' },
  ],
  [
    'a forged RST after a real one',
    `${HALF_RESPONSE}
    u> RA
    m>c R +10ms ttl=61`,
    { by: 'upstream', confidence: 'certain' },
  ],
  [
    'an un-NATed FIN',
    `${EXCHANGE}
    u> FA +5s src@client=10.9.9.9:8080 ignored
    c> R dst=10.9.9.9:8080`,
    { causedBy: 'between' },
    { nat: { upstream: '10.9.9.9:8080' } },
  ],
  [
    'a client reset while data is in flight from an upstream far behind its tap',
    `
    c> S
    u> SA +45ms
    c> A
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 9\\r\\n\\r\\n"
    u> PA 100 +45ms
    c> A
    u> PA 100
    c> RA +0.1ms
    u> PA 100 +15ms
    u> PA 100 +10ms
    c> R
    c> R`,
    { by: 'client', confidence: 'certain', anatomy: 'active' },
    { hopsToTap: { upstream: 4 } },
  ],
]

describe('in the field', () => {
  it.each(cases)('%s', async (_, ladder, expected, options) => {
    expect(await verdict(ladder, options)).toMatchObject(expected)
  })
})
