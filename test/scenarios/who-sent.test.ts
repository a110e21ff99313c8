import { describe, expect, it } from 'vitest'
import { play } from '../support/ladder.ts'
import { compared, type ScenarioOptions, verdict, verdictOf } from '../support/ladder-verdict.ts'
import { EXCHANGE, HALF_RESPONSE, OPEN, REQUEST } from './ladders.ts'

type Case = [name: string, ladder: string, expected: object, options?: ScenarioOptions]

/** The table of VERDICTS §5, one row after the other, and its mirror. */
const table: Case[] = [
  [
    "the upstream's RST is seen at both taps",
    `${HALF_RESPONSE}
    u> RA`,
    {
      termination: 'rst-without-fin',
      detail: 'mid-response',
      benign: false,
      by: 'upstream',
      confidence: 'certain',
      causedBy: 'upstream',
      anatomy: 'active',
      acceptance: 'exact',
      firstClose: 'upstream rst',
      crossed: false,
      ignored: 0,
    },
  ],
  [
    "the client's RST is seen at both taps",
    `${HALF_RESPONSE}
    c> RA`,
    {
      termination: 'rst-without-fin',
      by: 'client',
      confidence: 'certain',
      causedBy: 'client',
      anatomy: 'active',
      acceptance: 'exact',
      firstClose: 'client rst',
    },
  ],
  [
    'a RST leaves the upstream and is lost',
    `${HALF_RESPONSE}
    u> RA lost`,
    { by: 'upstream', confidence: 'certain', acceptance: 'not-delivered' },
  ],
  [
    'a RST leaves the client and is lost',
    `${HALF_RESPONSE}
    c> RA lost`,
    { by: 'client', confidence: 'certain', acceptance: 'not-delivered' },
  ],
  [
    'a RST arrives at the client that never left the upstream',
    `${HALF_RESPONSE}
    m>c RA ttl=61`,
    { by: 'between', confidence: 'probable', causedBy: 'between', firstClose: 'between rst' },
  ],
  [
    'the same, and the upstream goes on talking',
    `${HALF_RESPONSE}
    m>c RA ttl=61
    u> PA 500 +1s
    c> R`,
    { by: 'between', confidence: 'certain', anatomy: 'inconsistent' },
  ],
  [
    'the same with a TTL that the upstream never had there',
    `${HALF_RESPONSE}
    m>c RA ttl=250`,
    { by: 'between', confidence: 'certain', anatomy: 'inconsistent' },
  ],
  [
    'a RST arrives at the upstream that never left the client',
    `${HALF_RESPONSE}
    m>u RA ttl=61`,
    { by: 'between', confidence: 'probable', causedBy: 'between' },
  ],
  [
    'the same, and the client goes on talking',
    `${HALF_RESPONSE}
    m>u RA ttl=61
    c> PA 20 +1s
    u> R`,
    { by: 'between', confidence: 'certain' },
  ],
  [
    "not seen leaving, but it goes on from the upstream's IP ID and timestamps",
    `${HALF_RESPONSE}
    u> RA nocap@upstream`,
    { by: 'upstream', confidence: 'probable', anatomy: 'active' },
  ],
  [
    "not seen leaving, but it goes on from the client's IP ID and timestamps",
    `${HALF_RESPONSE}
    c> RA nocap@client`,
    { by: 'client', confidence: 'probable', anatomy: 'active' },
  ],
  [
    'a capture with holes: the anatomy is the sender’s',
    `${REQUEST}
    u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\nhalf" nocap@upstream
    c> A
    u> PA 100
    c> A
    u> RA nocap@upstream`,
    { by: 'upstream', confidence: 'probable' },
  ],
  [
    'a capture with holes: the anatomy says nothing',
    `${REQUEST}
    u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\nhalf" nocap@upstream
    c> A
    u> PA 100
    c> A
    u> R nocap@upstream`,
    { by: 'undetermined', confidence: 'unclear', causedBy: 'undetermined' },
  ],
  [
    'a capture with holes: a contradiction is needed, and here it is',
    `${REQUEST}
    u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\nhalf" nocap@upstream
    c> A
    u> PA 100
    c> A
    m>c RA ttl=61
    u> PA 100 +1s
    c> R`,
    { by: 'between', confidence: 'probable' },
  ],
  [
    'RSTs arrive at both ends and leave neither',
    `${HALF_RESPONSE}
    m>c RA ttl=61
    m>u RA ttl=61 +1ms`,
    { by: 'between', confidence: 'certain', causedBy: 'between', firstClose: 'between rst' },
  ],
  [
    'both forged after idleness, to the client first',
    `${EXCHANGE}
    m>c RA ttl=61 +240s
    m>u RA ttl=61 +3ms`,
    { by: 'between', confidence: 'certain', benign: false },
  ],
]

describe('who sent the first RST', () => {
  it.each(table)('%s', async (_, ladder, expected, options) => {
    expect(await verdict(ladder, options)).toMatchObject(expected)
  })

  it('says so in evidence that names the frames of both captures', async () => {
    const [connection] = await compared(`${HALF_RESPONSE}
      u> RA`)
    const frames = connection!.firstReset!.evidence.map((e) => [e.capture, e.frame])
    // The background connection has five frames before its pause.
    expect(frames).toContainEqual(['upstream', 14])
    expect(frames).toContainEqual(['client', 14])
  })

  it('tells what would settle what is not certain', async () => {
    const [connection] = await compared(`${HALF_RESPONSE}
      m>c RA ttl=61`)
    expect(connection!.firstReset!.settles.length).toBeGreaterThan(0)
  })
})

/** Upstream capture without this connection, but with others at the time. */
const hidden = (ladder: string) =>
  ladder.replaceAll(/^(\s*[cum]>[cu]?\s.*)$/gm, '$1 nocap@upstream')
const gone = `
  c> S
  u> SA
  c> A
  c> PA 100
  u> PA 100
  c> A`

describe('a connection that the other capture does not show', () => {
  it.each<Case>([
    ['a TTL as usual: another replica may have sent it', `${gone}\nu> RA`, { by: 'undetermined' }],
    [
      'a TTL never seen from that address',
      `${gone}\nm>c RA ttl=40`,
      { by: 'between', confidence: 'probable' },
    ],
    [
      'a TTL never seen and fresh from its maker, on a routed path',
      `${gone}\nm>c RA ttl=64`,
      { by: 'between', confidence: 'certain' },
    ],
  ])('%s', async (_, ladder, expected) => {
    expect(await verdict(hidden(ladder))).toMatchObject({ ...expected, match: null })
  })
})

describe('a capture that was not running at the time', () => {
  const stopped: ScenarioOptions = { running: null }
  const early = [play(OPEN, { client: '10.1.0.2:50000', at: 0.5, isn: { client: 77 } })]
  it('leaves the anatomy, at most probable', async () => {
    const ladder = `${gone}\nc> A +60s nocap@upstream\nu> RA nocap@upstream`
    expect(await verdict(ladder, { ...stopped, also: early })).toMatchObject({
      by: 'upstream',
      confidence: 'probable',
      anatomy: 'active',
    })
  })

  it('leaves a passive RST open', async () => {
    const ladder = `${gone}\nc> PA 10 +60s nocap@upstream\nu> R nocap@upstream`
    expect(await verdict(ladder, { ...stopped, also: early })).toMatchObject({
      by: 'undetermined',
      confidence: 'unclear',
    })
  })

  it('is found out in spite of a clock that is two hours off', async () => {
    const ladder = `${gone}\nc> A +60s nocap@upstream\nu> RA nocap@upstream`
    const found = await compared(ladder, { ...stopped, offset: -7200 })
    expect(verdictOf(found[0]!)).toMatchObject({ by: 'upstream', confidence: 'probable' })
  })
})

describe('a tap is not a host', () => {
  it('in front of it, certain only with its TTL and its anatomy', async () => {
    const before: ScenarioOptions = { hopsToTap: { upstream: 2, client: 2 } }
    expect(await verdict(`${HALF_RESPONSE}\nu> RA`, before)).toMatchObject({
      by: 'upstream',
      confidence: 'certain',
    })
    // Bare, in sequence, and no segment of the client's has that number as its ACK.
    expect(await verdict(`${REQUEST}\nu> PA 100 lost\nu> R seq+100`, before)).toMatchObject({
      by: 'upstream',
      confidence: 'probable',
    })
    expect(await verdict(`${HALF_RESPONSE}\nu> RA ttl=63`, before)).toMatchObject({
      by: 'upstream',
      confidence: 'probable',
    })
  })
})
