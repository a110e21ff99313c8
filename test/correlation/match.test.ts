import { describe, expect, it } from 'vitest'
import { type LadderOptions, play, type Tapped } from '../support/ladder.ts'
import { compared } from '../support/ladder-verdict.ts'

const TALK = `
  c> S
  u> SA
  c> A
  c> PA "GET /health HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
  u> PA "HTTP/1.1 204 No Content\\r\\n\\r\\n"
  c> A
  c> FA
  u> FA
  c> A`
const LATE = TALK.split('\n').map((line, i) => (i > 0 && i < 4 ? `${line} nocap@upstream` : line))

/** The nth connection of a pool: its own port and numbers, the same talk at nearly the same time. */
function nth(n: number, options: LadderOptions = {}): LadderOptions {
  return {
    client: `10.1.0.2:${41000 + n}`,
    nat: { client: `10.2.0.1:${20000 + ((n * 7919) % 30000)}` },
    isn: {
      client: Math.imul(n + 1, 0x9e3779b1) >>> 0,
      upstream: Math.imul(n + 1, 0x85ebca6b) >>> 0,
    },
    at: 1 + n * 0.0001,
    ...options,
  }
}

/** Which NATed port each client port was joined with, and how. */
async function pairs(played: readonly Tapped[], first: string, options: LadderOptions) {
  const found = await compared(first, { ...options, also: [...played], running: null })
  return found.map((c) => [
    c.views.client?.client.port ?? null,
    c.views.upstream?.client.port ?? null,
    c.match?.method ?? null,
  ])
}

const expectedPairs = (count: number, method: string) =>
  Array.from({ length: count }, (_, n) => [41000 + n, 20000 + ((n * 7919) % 30000), method])

describe('a pool of like connections behind NAT', () => {
  const rest = (text: string, options?: LadderOptions) =>
    Array.from({ length: 39 }, (_, i) => play(text, nth(i + 1, options)))

  it('by initial sequence numbers', async () => {
    const found = await pairs(rest(TALK), TALK, nth(0))
    expect(found).toEqual(expectedPairs(40, 'isn'))
  })

  it('by sequence numbers where one capture began later', async () => {
    const late = LATE.join('\n')
    const found = await pairs(rest(late), late, nth(0))
    expect(found).toEqual(expectedPairs(40, 'sequence'))
  })

  it('by timestamps where the numbers were rewritten', async () => {
    const rewrite = { rewrite: { client: 0x12345678, upstream: 0x7abcdef0 } }
    const found = await pairs(rest(TALK, rewrite), TALK, nth(0, rewrite))
    expect(found).toEqual(expectedPairs(40, 'timestamps'))
  })

  it('never by the 4-tuple', async () => {
    const other = { nat: {}, isn: { client: 0x01010101, upstream: 0x02020202 }, timestamps: false }
    const unlike = { nat: {}, isn: { client: 0x0a0a0a0a, upstream: 0x0b0b0b0b }, timestamps: false }
    const client = play(TALK, nth(0, { ...other, at: 1 })).client
    const upstream = play(TALK.replaceAll('health', 'ready'), nth(0, { ...unlike, at: 1 })).upstream
    const found = await pairs([{ client, upstream }], '', {})
    expect(found.map(([, , method]) => method)).toEqual([null, null])
  })
})

describe('initial sequence numbers that connections share', () => {
  /** The nth host of a scan: a second after the one before it, from the same port with the same number. */
  const alike = (n: number, options: LadderOptions = {}): LadderOptions => ({
    client: `10.1.${n >> 8}.${n & 255}:40000`,
    isn: { client: 0x0badcafe, upstream: Math.imul(n + 1, 0x85ebca6b) >>> 0 },
    at: 1 + n,
    ...options,
  })
  const methods = async (text: string, count: number) => {
    const rest = Array.from({ length: count - 1 }, (_, n) => play(text, alike(n + 2)))
    const found = await compared(text, { ...alike(1), also: rest, running: null })
    return found.map((c) => {
      const { client, upstream } = c.views
      const same = client?.client.address === upstream?.client.address
      return c.match === null ? null : `${c.match.method}${same ? '' : ' of another host'}`
    })
  }

  it.each([2, 3, 4, 5])('prove nothing where %i unanswered SYNs fit equally', async (count) => {
    expect(await methods('c> S', count)).toEqual(new Array(2 * count).fill(null))
  })

  it('nor where very many do', async () => {
    expect(await methods('c> S', 300)).toEqual(new Array(600).fill(null))
  })

  it('are told apart by the answer, however many there are', async () => {
    expect(await methods(TALK, 100)).toEqual(new Array(100).fill('isn'))
  })
})
