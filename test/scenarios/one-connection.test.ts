import { describe, expect, it } from 'vitest'
import { play } from '../support/ladder.ts'
import { compared, type ScenarioOptions, verdict, verdictOf } from '../support/ladder-verdict.ts'
import { EXCHANGE, HALF_RESPONSE, OPEN, REQUEST } from './ladders.ts'

type Case = [name: string, ladder: string, expected: object, options?: ScenarioOptions]

const aborted = { by: 'upstream', confidence: 'certain', anatomy: 'active', detail: 'mid-response' }
const wrapping = { isn: { client: 0xfffffff0, upstream: 0xffffffe0 } }

/** Whatever lies between the taps or in a capture, it is one connection and one verdict. */
const same: Case[] = [
  ['sequence numbers that wrap around', `${HALF_RESPONSE}\nu> RA`, aborted, wrapping],
  [
    'a client behind source NAT',
    `${HALF_RESPONSE}\nu> RA`,
    { ...aborted, match: 'isn' },
    { nat: { client: '10.2.0.1:33412' } },
  ],
  [
    'both addresses rewritten',
    `${HALF_RESPONSE}\nu> RA`,
    { ...aborted, match: 'isn' },
    { nat: { client: '10.2.0.1:33412', upstream: '10.244.1.7:80' } },
  ],
  [
    'encapsulated on the upstream side only',
    `${HALF_RESPONSE}\nu> RA`,
    { ...aborted, match: 'isn' },
    { wrapping: { upstream: { vxlan: true } } },
  ],
  [
    'tagged on the client side only',
    `${HALF_RESPONSE}\nu> RA`,
    { ...aborted, match: 'isn' },
    { wrapping: { client: { vlan: 12 } } },
  ],
  [
    'a middlebox that rewrites sequence numbers, told by timestamps',
    `${HALF_RESPONSE}\nu> RA`,
    { ...aborted, match: 'timestamps' },
    { rewrite: { client: 123456789, upstream: -55555555 } },
  ],
  ['no timestamps', `${HALF_RESPONSE}\nu> RA`, { ...aborted, match: 'isn' }, { timestamps: false }],
  ['clocks an hour apart', `${HALF_RESPONSE}\nu> RA`, aborted, { offset: 3600.25 }],
  [
    'large segments cut up by the card',
    `${OPEN}
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
    u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 90000\\r\\n\\r\\n"
    u> PA 14480 mss@client=1448
    c> A
    u> PA 14480 mss@client=1448
    c> A
    u> RA`,
    aborted,
  ],
  [
    'large segments merged by the card, and a forged RST',
    `${OPEN}
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
    u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 90000\\r\\n\\r\\n"
    u> PA 14480 mss@upstream=1448
    c> A
    m>c RA ttl=61
    u> PA 14480 mss@upstream=1448 +1s
    c> R`,
    { by: 'between', confidence: 'certain' },
  ],
  [
    'every packet twice, as `-i any` shows them',
    `
    c> S dup@client dup@upstream
    u> SA dup@client dup@upstream
    c> A dup@client dup@upstream
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" dup@client dup@upstream
    u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 90000\\r\\n\\r\\n" dup@client dup@upstream
    c> A dup@client dup@upstream
    u> RA dup@client dup@upstream`,
    aborted,
  ],
  [
    'a SYN sent again after its first copy was lost',
    `c> S lost
    c> S again +1s
    u> SA
    c> A
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
    u> A
    u> RA`,
    aborted,
  ],
  [
    'a SYN-ACK sent again',
    `c> S
    u> SA lost
    u> SA again +1s
    c> A
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
    u> A
    u> RA`,
    aborted,
  ],
  [
    'an upstream capture that begins in the middle',
    `c> S nocap@upstream
    u> SA nocap@upstream
    c> A nocap@upstream
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" nocap@upstream
    u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\nhalf"
    c> A
    u> RA`,
    { ...aborted, match: 'sequence' },
  ],
  [
    'both captures begin in the middle',
    `c> S nocap@upstream nocap@client
    u> SA nocap@upstream nocap@client
    c> A nocap@upstream nocap@client
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
    u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\nhalf"
    c> A
    u> RA`,
    { ...aborted, match: 'sequence' },
    { nat: { client: '10.2.0.1:33412' } },
  ],
  [
    'data lost and sent again',
    `${REQUEST}
    u> PA 500 lost
    u> PA again +200ms
    c> A
    u> RA`,
    { by: 'upstream', confidence: 'certain', anatomy: 'active' },
  ],
  [
    'simultaneous open',
    `c> S
    u> S +1ms
    c> SA +6ms
    u> SA +1ms
    c> PA 100 +10ms
    u> A
    u> RA`,
    { by: 'upstream', confidence: 'certain', termination: 'rst-without-fin' },
  ],
  [
    'keep-alives before an idle end',
    `${EXCHANGE}
    u> A seq-1 +15s
    c> A
    u> A seq-1 +15s
    c> A
    u> RA +15s`,
    { by: 'upstream', confidence: 'certain', detail: 'after-complete-response', benign: true },
  ],
]

describe('one connection, one verdict', () => {
  it.each(same)('%s', async (_, ladder, expected, options) => {
    expect(await verdict(ladder, options)).toMatchObject(expected)
  })

  it('counts idle time without keep-alives', async () => {
    const [connection] = await compared(`${EXCHANGE}
      u> A seq-1 +15s
      c> A
      u> RA +45s`)
    expect(connection!.firstReset!.idleSeconds).toBeCloseTo(60, 1)
  })

  it('reports NAT', async () => {
    const [connection] = await compared(`${HALF_RESPONSE}\nu> RA`, {
      nat: { client: '10.2.0.1:33412', upstream: '10.244.1.7:80' },
    })
    expect(connection!.nat).toEqual({
      client: '10.1.0.2:40000 → 10.2.0.1:33412',
      upstream: '10.2.0.3:8080 → 10.244.1.7:80',
    })
  })

  it('shows a connection before and after NAT in one file once', async () => {
    const ladder = `${HALF_RESPONSE}\nu> RA`
    const inside = play(ladder, { upstream: '10.244.1.7:80' })
    // The node's capture has both address pairs, 30 µs apart.
    const later = inside.client.map((r) => ({
      ...r,
      moment: r.moment + 3e-5,
      time: r.time + 30_000n,
    }))
    const found = await compared(ladder, {
      nat: { upstream: '10.244.1.7:80' },
      also: [{ client: later, upstream: [] }],
    })
    expect(found.map(verdictOf)).toEqual([expect.objectContaining(aborted)])
    expect(found[0]!.views.client!.alsoSeenAs).toHaveLength(1)
  })
})

describe('a 4-tuple that is used again', () => {
  const first = play(`${EXCHANGE}\nc> FA\nu> FA\nc> A`)
  const again: ScenarioOptions = { at: 20, isn: { client: 0x5e000000, upstream: 0x11000000 } }

  it('is two connections', async () => {
    const found = await compared(`${HALF_RESPONSE}\nu> RA`, { ...again, also: [first] })
    expect(found.map((c) => c.termination)).toEqual(['fin-close', 'rst-without-fin'])
    expect(verdictOf(found[1]!)).toMatchObject(aborted)
  })

  it('is two connections where the first never ended', async () => {
    const open = play(EXCHANGE)
    const found = await compared(`${HALF_RESPONSE}\nu> RA`, { ...again, also: [open] })
    expect(found.map((c) => c.termination)).toEqual(['open', 'rst-without-fin'])
  })

  it('gets its own late RST', async () => {
    const late = play(`${EXCHANGE}\nc> FA\nu> FA\nc> A\nu> RA +1s`)
    const found = await compared(`${EXCHANGE}\nc> FA\nu> FA\nc> A`, { ...again, also: [late] })
    expect(found.map((c) => c.detail)).toEqual(['late-rst', 'by-client'])
  })
})

describe('a one-way leg under other addresses', () => {
  it('belongs to its connection', async () => {
    // The sidecar's REDIRECT: what the client sends is seen with the proxy's address and port.
    const to = 'dst@client=127.0.0.1:15001'
    const found = await compared(`
      c> S ${to}
      u> SA
      c> A ${to}
      c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" ${to}
      u> A
      u> RA`)
    expect(found.map(verdictOf)).toEqual([
      expect.objectContaining({ by: 'upstream', detail: 'mid-response', match: 'isn' }),
    ])
  })
})

describe('a port that is used again while the upstream still has the old connection', () => {
  // Linux: numbers of one 4-tuple grow by some 250,000 a second (RFC 6528), so that old and new lie near each other.
  const step = 500_000
  const isn = { client: 0x1c3a5e70, upstream: 0x71c4a9d2 }
  const again = { client: isn.client + step, upstream: isn.upstream + step }

  it('keeps the challenge ACK and its RST with the old connection', async () => {
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
