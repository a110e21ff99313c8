import { describe, expect, it } from 'vitest'
import { type ScenarioOptions, verdict } from '../support/ladder-verdict.ts'
import { EXCHANGE, HALF_RESPONSE, OPEN, REQUEST } from './ladders.ts'

type Case = [detail: string, ladder: string, expected?: object, options?: ScenarioOptions]
const brief: ScenarioOptions = { running: [0.5, 1.5] }

function ends(termination: string, cases: readonly Case[]): void {
  describe(termination, () => {
    it.each(cases)('%s', async (name, ladder, expected = {}, options = {}) => {
      const detail = name.split(':')[0]
      expect(await verdict(ladder, options)).toMatchObject({ termination, detail, ...expected })
    })
  })
}

const quiet = { by: null, confidence: null, causedBy: null, ignored: 0 }

ends('handshake-never-completed', [
  ['no-answer', 'c> S lost\nc> S again +1s lost\nc> S again +2s lost', { benign: false, ...quiet }],
  ['no-answer: that reached the upstream', 'c> S\nc> S again +1s\nc> S again +2s', quiet],
  [
    'refused',
    'c> S\nu> RA refuse',
    { by: 'upstream', confidence: 'certain', anatomy: 'refusal', firstClose: 'upstream rst' },
  ],
  ['icmp-unreachable', 'c> S\nm>c icmp type=3 code=1', quiet],
  ['icmp-unreachable: by a firewall', 'c> S\nm>c icmp type=3 code=13', quiet],
  ['no-final-ack', 'c> S\nu> SA lost\nu> SA again +1s lost\nu> SA again +2s lost', quiet],
  [
    'reset-by-client: a half-open scan',
    'c> S\nu> SA\nc> R',
    { by: 'client', confidence: 'certain', benign: true },
  ],
  [
    'reset-after-syn-ack',
    'c> S\nu> SA\nu> RA +1ms',
    { by: 'upstream', confidence: 'certain', firstClose: 'upstream rst' },
  ],
])

ends('rst-without-fin', [
  ['lone-reset', 'c> RA seq+100 ack+200', { firstClose: 'client rst' }],
  ['mid-response', `${HALF_RESPONSE}\nu> RA`, { benign: false }],
  ['mid-response: no byte of it', `${REQUEST}\nu> RA +2s`, { benign: false }],
  [
    'mid-request',
    `${OPEN}
    c> PA "POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 900\\r\\n\\r\\nsome"
    u> A
    u> RA`,
    { by: 'upstream', confidence: 'certain', benign: false },
  ],
  ['after-complete-response', `${EXCHANGE}\nu> RA +1s`, { benign: true, by: 'upstream' }],
  ['no-data: a health probe', `${OPEN}\nc> RA`, { benign: true, by: 'client' }],
  ['no-data: refused after the handshake', `${OPEN}\nu> RA`, { benign: false, by: 'upstream' }],
  [
    'idle',
    `${OPEN}\nc> PA $binary\nu> PA $binary\nc> A\nu> RA +300s`,
    { by: 'upstream' },
    binary(),
  ],
  [
    'mid-stream',
    `${OPEN}\nc> PA $binary\nu> PA $binary\nc> A\nu> RA`,
    { by: 'upstream' },
    binary(),
  ],
])

ends('rst-after-fin', [
  [
    'keep-alive-race',
    `${EXCHANGE}
    u> FA +75s
    c> PA "GET /2 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +1ms
    u> R`,
    { causedBy: 'undetermined', acceptance: 'after-fin' },
  ],
  [
    'data-after-close',
    `${HALF_RESPONSE}
    c> FA
    u> PA 969 +6ms
    c> R`,
    { by: 'client', causedBy: 'upstream' },
  ],
  ['mid-response', `${HALF_RESPONSE}\nc> FA\nu> RA +8ms`, { by: 'upstream', benign: false }],
  [
    'after-complete-response',
    `${EXCHANGE}\nc> FA\nu> A\nu> RA`,
    { by: 'upstream', benign: true, firstClose: 'client fin' },
  ],
  [
    'half-closed-reset',
    `${OPEN}\nc> PA $binary\nu> PA $binary\nc> A\nc> FA\nu> A\nu> RA +100ms`,
    { by: 'upstream', firstClose: 'client fin' },
    binary(),
  ],
])

ends('fin-close', [
  [
    'by-client',
    `${EXCHANGE}\nc> FA\nu> FA\nc> A`,
    { ...quiet, benign: true, firstClose: 'client fin' },
  ],
  ['by-upstream', `${EXCHANGE}\nu> FA\nc> FA\nu> A`, { ...quiet, firstClose: 'upstream fin' }],
  ['simultaneous', `${EXCHANGE}\nu> FA\nc> FA +1ms\nu> A +9ms\nc> A`, { ...quiet, benign: true }],
  [
    'truncated-response',
    `${HALF_RESPONSE}\nu> FA\nc> FA\nu> A`,
    { ...quiet, benign: false, firstClose: 'upstream fin' },
  ],
  [
    'late-rst',
    `${EXCHANGE}\nc> FA\nu> FA\nc> A\nu> RA +1s`,
    { by: null, benign: true, ignored: 1, firstClose: 'client fin' },
  ],
  [
    'by-client: with the last ACK lost and a FIN sent again',
    `${EXCHANGE}\nc> FA\nu> FA\nc> A lost\nu> FA again +200ms\nc> A`,
    { ...quiet, benign: true },
  ],
])

ends('open', [
  [
    'silent-loss',
    `${REQUEST}
    u> PA 100 lost
    u> PA again +200ms lost
    u> PA again +400ms lost
    u> PA again +800ms lost
    u> PA again +1600ms lost
    u> PA again +3200ms lost`,
    { benign: false },
  ],
  [
    'stalled',
    `${HALF_RESPONSE}
    c> A win=0
    u> A seq-1 +1s
    c> A win=0
    u> A seq-1 +2s
    c> A win=0`,
    { benign: false, by: null },
    brief,
  ],
  ['half-closed', `${EXCHANGE}\nc> FA\nu> A`, { by: null, firstClose: 'client fin' }, brief],
  ['idle', EXCHANGE, { benign: true, by: null, firstClose: null }],
  ['idle: with keep-alives answered', `${EXCHANGE}\nu> A seq-1 +15s\nc> A`, { by: null }],
  ['active', EXCHANGE, { benign: true, by: null, firstClose: null }, brief],
  ['active: a SYN that may still be answered', 'c> S', { by: null }, brief],
])

function binary(): ScenarioOptions {
  return { payloads: { binary: [0, 1, 2, 3, 250, 251, 252, 253, 1, 1, 1, 1] } }
}

describe('silence', () => {
  it.each<Case>([
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
