import { describe, expect, it } from 'vitest'
import { EXCHANGE, HALF_RESPONSE, OPEN, REQUEST } from '../scenarios/ladders.ts'
import { causesOfParts, type Part, reportOf } from '../support/ladder-causes.ts'

const REFUSED = `
  c> S
  u> RA`
/** A response of 1000 bytes that the upstream's FIN cuts after `seconds`. */
const cutByFin = (seconds: number) => `${HALF_RESPONSE}
  u> FA +${seconds}s
  c> A
  c> FA +0.1s
  u> A`
const cutByRst = (seconds: number) => `${HALF_RESPONSE}
  u> RA +${seconds}s`
/** The request has no answer when the upstream closes. */
const unanswered = (seconds: number, end = 'u> FA') => `${REQUEST}
  ${end} +${seconds}s
  c> A
  c> FA
  u> A`
const busy = (seconds: number, times: number) => `${EXCHANGE}
  ${`c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +${seconds}s
  u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
  c> A
  `.repeat(times)}`

async function causes(...parts: Part[]): Promise<string[][]> {
  return causesOfParts(parts)
}

describe('an upstream that dies', () => {
  const burst = (): Part[] => [
    [10, cutByFin(5)],
    [10.001, cutByRst(5)],
    [10.002, cutByRst(5)],
  ]

  it('cuts several connections at once', async () => {
    const [first] = await causes(...burst(), [15.5, REFUSED])
    expect(first![0]).toBe('upstream-crash probable')
  })

  it('cuts two, or one, and nobody listens any more', async () => {
    const two: Part[] = [
      [10, cutByFin(5)],
      [10.001, cutByRst(5)],
    ]
    expect((await causes(...two, [16, REFUSED]))[0]![0]).toBe('upstream-crash probable')
    expect((await causes([10, cutByRst(5)], [16, REFUSED]))[0]![0]).toBe('upstream-crash unclear')
    expect((await causes(...two))[0]!.join()).not.toContain('upstream-crash')
    expect((await causes([10, cutByRst(5)], [60, REFUSED]))[0]!.join()).not.toContain('crash')
  })

  it('is doubted where another connection went on', async () => {
    const parts: Part[] = [...burst(), [9, busy(1, 20)]]
    const report = await reportOf(parts)
    const [cause] = report.connections.find(({ client }) => client.port === 41001)!.causes
    expect(cause!.id).not.toBe('graceful-shutdown')
    const crash = report.connections
      .find(({ client }) => client.port === 41002)!
      .causes.find(({ id }) => id === 'upstream-crash')!
    expect(crash.confidence).toBe('unclear')
    expect(crash.against.map(({ text }) => text).join()).toContain('went on for')
  })

  it('closed its listener first: a shutdown whose grace ended', async () => {
    const [first] = await causes([10, cutByFin(30)], [11, REFUSED], [20, REFUSED])
    expect(first![0]).toBe('graceful-shutdown probable')
  })

  it('is no shutdown where the refusals came with the end, before the connection, or from another port', async () => {
    const shut = async (...parts: Part[]) => (await causes(...parts))[0]!.join()
    expect(await shut([10, cutByFin(5)], [15.1, REFUSED])).not.toContain('graceful-shutdown')
    expect(await shut([10, cutByFin(5)], [5, REFUSED])).not.toContain('graceful-shutdown')
    expect(
      await shut([10, cutByFin(5)], [11, REFUSED, { upstream: '10.2.0.3:9090' }]),
    ).not.toContain('graceful-shutdown')
  })

  it('is hardly one where a single refusal was long ago', async () => {
    const [first] = await causes([10, cutByFin(100)], [11, REFUSED])
    expect(first!.join()).toContain('graceful-shutdown unclear')
  })

  it('is no shutdown where somebody listened again in between', async () => {
    const [first] = await causes([10, cutByFin(30)], [11, REFUSED], [12, EXCHANGE])
    expect(first!.join()).not.toContain('graceful-shutdown')
  })

  it('recycles a worker: two ends by FIN, others go on, new ones are accepted', async () => {
    const parts: Part[] = [
      [10, cutByFin(5)],
      [10.001, cutByFin(5)],
      [9, busy(1, 20)],
      [16, EXCHANGE],
    ]
    const [first] = await causes(...parts)
    expect(first![0]).toBe('worker-recycled unclear')
    const [aborted] = await causes([10, cutByRst(5)], [10.001, cutByRst(5)], ...parts.slice(2))
    expect(aborted!.join()).not.toContain('worker-recycled')
  })
})

describe('a request without an answer', () => {
  it('is a timeout of the application where three end after the same time', async () => {
    const [first] = await causes(
      [10, unanswered(7.3)],
      [20, unanswered(7.31)],
      [33, unanswered(7.32)],
    )
    expect(first![0]).toBe('application-timeout probable')
  })

  it('is perhaps one after a round time, and a single odd time is none', async () => {
    expect((await causes([10, unanswered(30)]))[0]!.join()).toContain('application-timeout unclear')
    const aborted = (seconds: number) => `${REQUEST}\n u> RA +${seconds}s`
    expect((await causes([10, aborted(7.3)]))[0]!.join()).not.toContain('application-timeout')
    expect((await causes([10, unanswered(0.5)]))[0]!.join()).toBe('premature-close probable')
  })

  it('is closed in an orderly way: a timeout perhaps, else a worker that ended where others went on', async () => {
    expect((await causes([10, unanswered(7.3)]))[0]).toEqual([
      'application-timeout unclear',
      'premature-close probable',
    ])
    expect((await causes([10, unanswered(0.5)], [9, busy(1, 20)]))[0]).toEqual([
      'worker-recycled unclear',
      'premature-close probable',
    ])
  })

  it('was answered 408: it had not arrived in time', async () => {
    const late = `${OPEN}
      c> PA "POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 100\\r\\n\\r\\nhalf"
      u> PA "HTTP/1.1 408 Request Timeout\\r\\nConnection: close\\r\\n\\r\\n" +2s
      u> FA
      c> A
      c> FA
      u> A`
    expect((await causes([10, late]))[0]![0]).toBe('application-timeout probable')
  })

  it('hangs where the client gives up on what the upstream had acknowledged', async () => {
    const gaveUp = unanswered(10, 'c> FA')
    expect((await causes([10, gaveUp]))[0]!.join()).toContain('application-hang')
    const lost = `${OPEN}
      c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" lost
      c> FA +10s lost`
    expect((await causes([10, lost]))[0]!.join()).not.toContain('application-hang')
  })
})

describe('a greatest age of connections', () => {
  it('is not what three have in common that began and ended together', async () => {
    const [first] = await causes([10, aged(8)], [10.001, aged(8)], [10.002, aged(8)])
    expect(first!.join()).not.toContain('connection-age-limit')
  })

  const aged = (times: number) => `${busy(1, times)}
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +0.5s
    u> FA
    c> A
    c> FA
    u> A`

  it('shows in three busy connections of the same age', async () => {
    const [first] = await causes([10, aged(8)], [20, aged(8)], [30, aged(8)])
    expect(first!.join()).toContain('connection-age-limit probable')
  })

  it('does not show in connections of different ages', async () => {
    const [first] = await causes([10, aged(6)], [20, aged(8)], [30, aged(11)])
    expect(first!.join()).not.toContain('connection-age-limit')
  })
})
