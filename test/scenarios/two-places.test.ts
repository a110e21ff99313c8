import { Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { analyze, type Connection, type Report } from '../../src/index.ts'
import { type LadderOptions, play, type Tapped } from '../support/ladder.ts'
import { writePcapng } from '../support/write-pcapng.ts'
import { EXCHANGE, HALF_RESPONSE } from './ladders.ts'

vi.mock('../../src/version.ts', () => ({ VERSION: '0.0.0' }))

/** A node forwards between two interfaces: one hop, in a fraction of a millisecond. */
const NODE: LadderOptions = { transit: 0.0002, hops: 1 }

/** One file of what both taps of each ladder recorded, each on an interface of its own. */
function file(...played: (Tapped | [Tapped, 'client' | 'upstream'])[]): Uint8Array {
  const records = played.flatMap((one) => {
    const [tapped, only] = Array.isArray(one) ? one : [one, null]
    return [
      ...(only === 'upstream' ? [] : tapped.client.map((r) => ({ ...r, interface: 0 }))),
      ...(only === 'client' ? [] : tapped.upstream.map((r) => ({ ...r, interface: 1 }))),
    ]
  })
  records.sort((a, b) => a.moment - b.moment)
  const one = { linkType: 1, resolution: 9 }
  return writePcapng(records, {
    interfaces: [
      { ...one, name: 'veth1' },
      { ...one, name: 'veth2' },
    ],
  })
}

const numbered = (text: string, number: number, options: LadderOptions = {}) =>
  play(text, {
    ...NODE,
    client: `10.1.0.2:${40000 + number}`,
    isn: { client: 1000 + number * 77_777, upstream: 5_000_000 + number * 55_555 },
    at: 1 + number,
    ...options,
  })
const from = (report: Report, port: number): Connection =>
  report.connections.find(({ client }) => client.port === port)!
const limits = (report: Report) => report.limits.map(({ code }) => code)

describe('two interfaces in one file, one hop apart', () => {
  it('are compared like two captures, on one clock', async () => {
    const report = await analyze(
      file(numbered(EXCHANGE, 0), numbered(`${HALF_RESPONSE}\nu> RA`, 1)),
    )
    expect(report.command).toBe('analyze')
    expect(report.captures.map(({ id }) => id)).toEqual(['client', 'upstream'])
    expect(limits(report)).toContain('two-places')
    expect(report.connections).toHaveLength(2)
    const reset = from(report, 40001)
    expect(Object.values(reset.views).every((view) => view !== null)).toBe(true)
    // Frames are those of the file: odd and even ones are not renumbered by interface.
    expect(reset.views.client!.firstFrame).not.toBe(reset.views.upstream!.firstFrame)
    // Nobody said that the interfaces are the hosts' own.
    expect(reset.firstReset).toMatchObject({ by: 'upstream', confidence: 'probable' })
  })

  it('show a RST that was made between them', async () => {
    const report = await analyze(
      file(
        numbered(EXCHANGE, 0),
        numbered(`${HALF_RESPONSE}\nm>c RA ttl=64\nu> PA 500 +1s\nc> R`, 1),
      ),
    )
    expect(from(report, 40001).firstReset).toMatchObject({ by: 'between', confidence: 'certain' })
  })

  it('also where addresses are translated between them', async () => {
    const nat = { nat: { upstream: '10.96.0.10:80' } }
    const report = await analyze(
      file(numbered(EXCHANGE, 0, nat), numbered(EXCHANGE, 2, nat), numbered(EXCHANGE, 3, nat)),
    )
    expect(limits(report)).toContain('two-places')
    expect(report.connections.map(({ nat: found }) => found?.upstream)).toEqual(
      new Array(3).fill('10.2.0.3:8080 → 10.96.0.10:80'),
    )
  })

  it('also where the second place is the inside of a tunnel', async () => {
    const inside = { wrapping: { upstream: { vxlan: true } } }
    const all = [0, 1].map((number) => numbered(EXCHANGE, number, inside))
    const records = all.flatMap(({ client, upstream }) => [...client, ...upstream])
    records.sort((a, b) => a.moment - b.moment)
    const report = await analyze(writePcapng(records, { interfaces: [{ resolution: 9 }] }))
    expect(limits(report)).toContain('two-places')
    expect(report.connections.map(({ views }) => views.upstream?.tunnel)).toEqual(
      new Array(2).fill('vxlan 42'),
    )
  })

  it('do not miss what ends in the host itself', async () => {
    const own = numbered('c> S\nu> RA refuse', 5, { upstream: '10.1.0.1:22' })
    const report = await analyze(file(numbered(EXCHANGE, 0), [own, 'client']))
    expect(limits(report)).toContain('two-places')
    expect(from(report, 40005)).toMatchObject({
      detail: 'refused',
      firstReset: { by: 'upstream', confidence: 'probable' },
    })
  })
})

describe('what stays one capture', () => {
  const stays = async (input: Parameters<typeof analyze>[0]) => {
    const report = await analyze(input)
    expect(report.captures.map(({ id }) => id)).toEqual(['capture'])
    expect(limits(report)).not.toContain('two-places')
    return report
  }

  it('a bridge and its port: the same TTL at both', async () => {
    const bridged = { hops: 0 }
    const report = await stays(
      file(numbered(EXCHANGE, 0, bridged), numbered(`${HALF_RESPONSE}\nu> RA`, 1, bridged)),
    )
    expect(report.connections).toHaveLength(2)
  })

  it('a bridge for one connection and a router for another', async () => {
    await stays(file(numbered(EXCHANGE, 0), numbered(EXCHANGE, 1, { hops: 0 })))
  })

  it('connections that pass both interfaces in both orders', async () => {
    const back = numbered(EXCHANGE, 1)
    await stays(file(numbered(EXCHANGE, 0), { client: back.upstream, upstream: back.client }))
  })

  it('two interfaces of which each has connections of its own', async () => {
    await stays(file([numbered(EXCHANGE, 0), 'client'], [numbered(EXCHANGE, 1), 'upstream']))
  })

  it('what can be read only once', async () => {
    await stays(Readable.from([file(numbered(EXCHANGE, 0), numbered(EXCHANGE, 1))]))
  })
})
