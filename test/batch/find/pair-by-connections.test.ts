import { createHash } from 'node:crypto'
import { copyFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pairByConnections } from '../../../src/batch/find/pair-by-connections.ts'
import { findSamples } from '../../../src/batch/find/samples.ts'
import { type Handshakes, readHandshakes } from '../../../src/handshakes.ts'
import { root } from '../../source-files.ts'
import { flagBits, frameOf, readAddress } from '../../support/ladder-bytes.ts'
import { type WrittenRecord, writePcap } from '../../support/write-pcap.ts'
import { captureAt, folderTree } from './folder-tree.ts'

interface Tap {
  /** Hops from the client's host, and from the upstream's. */
  hops: [fromClient: number, fromUpstream: number]
  /** Its clock, in seconds. */
  clock?: number
  /** The client's address, as this tap sees it. */
  source?: string
  /** SYNs only. */
  unanswered?: boolean
  stamps?: boolean
}

/** What a tap captures of these connections: a SYN and a SYN-ACK of each. */
function handshakes(connections: readonly number[], tap: Tap): Uint8Array {
  const { hops, clock = 0, source = '10.0.0.1', unanswered = false, stamps = true } = tap
  const upstream = readAddress('10.8.1.15:8443')
  const records = connections.flatMap((n): WrittenRecord[] => {
    const client = readAddress(`${source}:${1024 + (n % 60_000)}`)
    const at = BigInt(Math.round((1_795_255_200 + n + clock) * 1e6)) * 1000n
    const isn = Math.imul(n + 1, 0x9e3779b1) >>> 0
    const answer = Math.imul(n + 7, 0x85ebca6b) >>> 0
    const common = { window: 65535, id: n & 0xffff, sack: [], payload: new Uint8Array(0) }
    const syn = {
      ...{ src: client, dst: upstream, seq: isn, ack: 0, flags: flagBits('S') },
      ...{ ...common, ttl: 64 - hops[0], stamps: stamps ? ([n + 1, 0] as [number, number]) : null },
    }
    const synAck = {
      ...{ src: upstream, dst: client, seq: answer, ack: isn + 1, flags: flagBits('SA') },
      ...{ ...common, ttl: 64 - hops[1], stamps: null },
    }
    return [
      { time: at, bytes: frameOf(syn) },
      ...(unanswered ? [] : [{ time: at + 300_000n, bytes: frameOf(synAck) }]),
    ]
  })
  return writePcap(records)
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const atClient: Tap = { hops: [1, 3], clock: 0.4 }
const between: Tap = { hops: [2, 2], clock: 0.2 }
const atUpstream: Tap = { hops: [3, 1], source: '172.16.0.9' }

async function auto(files: Record<string, Uint8Array>) {
  const { samples } = await findSamples([folderTree(files)], { pair: 'auto' })
  return samples.map(({ captures, basis }) => ({
    ...Object.fromEntries(
      Object.entries(captures).map(([side, paths]) => [
        side,
        (paths as string[]).map((path) => basename(path)),
      ]),
    ),
    basis,
  }))
}

describe('--pair auto', () => {
  test('finds what belongs together through address translation, and the sides by TTL', async () => {
    expect(
      await auto({
        'a.pcap': handshakes(numbers(0, 50), atUpstream),
        'b.pcap': handshakes(numbers(100, 130), atClient),
        'c.pcap': handshakes(numbers(10, 60), atClient),
        'd.pcap': handshakes(numbers(100, 120), atUpstream),
        'e.pcap': handshakes(numbers(500, 510), atClient),
      }),
    ).toEqual([
      {
        client: ['b.pcap'],
        upstream: ['d.pcap'],
        basis: '20 shared connections; which side is which is told by the TTLs of SYN and SYN-ACK',
      },
      {
        client: ['c.pcap'],
        upstream: ['a.pcap'],
        basis: '40 shared connections; which side is which is told by the TTLs of SYN and SYN-ACK',
      },
      { capture: ['e.pcap'], basis: 'alone: no other capture shares a connection with it' },
    ])
  })

  test('names come first', async () => {
    const files = {
      'x-client.pcap': handshakes(numbers(0, 5), atClient),
      'x-upstream.pcap': captureAt(0),
      'y.pcap': handshakes(numbers(0, 5), atUpstream),
    }
    const [pair, alone] = await auto(files)
    expect(pair).toMatchObject({ client: ['x-client.pcap'], upstream: ['x-upstream.pcap'] })
    expect(alone).toMatchObject({ capture: ['y.pcap'] })
  })

  test('where nothing tells the sides, names do, and else their order: that is said', async () => {
    const here = { hops: [1, 1] as [number, number] }
    const files = (a: string, b: string) => ({
      [a]: handshakes(numbers(0, 5), here),
      [b]: handshakes(numbers(0, 5), { ...here, clock: 1 }),
    })
    expect(await auto(files('a/z-server.pcap', 'b/q.pcap'))).toMatchObject([
      {
        client: ['q.pcap'],
        upstream: ['z-server.pcap'],
        basis: expect.stringContaining('their names'),
      },
    ])
    expect(await auto(files('p.pcap', 'q.pcap'))).toMatchObject([
      { client: ['p.pcap'], upstream: ['q.pcap'], basis: expect.stringContaining('nothing tells') },
    ])
  })

  test('unanswered SYNs are known by number and timestamp', async () => {
    const files = {
      'a.pcap': handshakes(numbers(0, 5), { ...atClient, unanswered: true }),
      'b.pcap': handshakes(numbers(0, 5), atUpstream),
    }
    expect(await auto(files)).toMatchObject([{ client: ['a.pcap'], upstream: ['b.pcap'] }])
    const without = {
      'a.pcap': handshakes(numbers(0, 5), { ...atClient, unanswered: true, stamps: false }),
      'b.pcap': handshakes(numbers(0, 5), { ...atUpstream, unanswered: true, stamps: false }),
    }
    expect(await auto(without)).toMatchObject([{ capture: ['a.pcap'] }, { capture: ['b.pcap'] }])
  })

  test('of three taps on one path the outermost are the pair', async () => {
    const files = {
      'a.pcap': handshakes(numbers(0, 9), between),
      'b.pcap': handshakes(numbers(0, 9), atUpstream),
      'c.pcap': handshakes(numbers(0, 9), atClient),
    }
    const found = await auto(files)
    expect(found).toHaveLength(2)
    expect(found).toContainEqual({
      client: ['c.pcap'],
      upstream: ['b.pcap'],
      basis: expect.stringContaining('9 shared connections'),
    })
    expect(found).toContainEqual({
      capture: ['a.pcap'],
      basis: 'alone: several captures share as many connections with it',
    })
  })

  test('what fits several is not guessed', async () => {
    const files = {
      'a.pcap': handshakes(numbers(0, 9), atClient),
      'b.pcap': handshakes(numbers(0, 9), atUpstream),
      'c.pcap': handshakes(numbers(0, 9), { ...atUpstream, clock: 3 }),
    }
    const found = await auto(files)
    expect(found).toHaveLength(3)
    expect(found[0]!.basis).toContain('several captures share as many connections')
  })

  test('a copy of a capture is no other side of it', async () => {
    const capture = handshakes(numbers(0, 9), atClient)
    const found = await auto({ 'a.pcap': capture, 'b.pcap': capture })
    expect(found).toHaveLength(2)
    expect(found[0]!.basis).toContain('the same packets at the same times')
  })

  test('a capture that cannot be read fails alone, later', async () => {
    const files = {
      'a.pcap': handshakes(numbers(0, 9), atClient),
      'b.pcap': handshakes(numbers(0, 9), atUpstream),
      'bad.pcap': new TextEncoder().encode('no capture'),
    }
    expect((await auto(files)).map((one) => Object.keys(one))).toEqual([
      ['client', 'upstream', 'basis'],
      ['capture', 'basis'],
    ])
  })

  test('the shipped samples under names that say nothing are the same pairs, with the same sides', async () => {
    const folder = folderTree({})
    const origin = new Map<string, [sample: string, name: string]>()
    for (const { name: sample } of folders()) {
      for (const name of readdirSync(`${root}samples/${sample}`)) {
        if (!/\.pcap/.test(name)) continue
        const hidden = createHash('sha256')
          .update(sample + name)
          .digest('hex')
          .slice(0, 12)
        copyFileSync(
          `${root}samples/${sample}/${name}`,
          join(folder, `${hidden}${name.slice(name.indexOf('.'))}`),
        )
        origin.set(hidden, [sample, name.split('.')[0]!])
      }
    }
    const { samples } = await findSamples([folder], { pair: 'auto' })
    const of = (paths: string[]) => origin.get(basename(paths[0]!).split('.')[0]!)!
    const pairs = samples.flatMap(({ captures }) =>
      'client' in captures
        ? [{ client: of(captures.client), upstream: of(captures.upstream) }]
        : [],
    )
    const order = ['client', 'gateway', 'upstream']
    for (const { client, upstream } of pairs) {
      expect(client[0]).toBe(upstream[0])
      expect(order.indexOf(client[1]), client.join()).toBeLessThan(order.indexOf(upstream[1]))
    }
    // A proxy makes connections of its own: its capture shares some with each side, and may go with either.
    const plain = folders().filter(
      ({ name }) => !readdirSync(`${root}samples/${name}`).includes('gateway.pcap'),
    )
    const found = new Set(pairs.map(({ client }) => client[0]))
    expect(plain.map(({ name }) => name).filter((name) => !found.has(name))).toEqual([])
  })
})

function folders() {
  return readdirSync(`${root}samples`, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== 'lab',
  )
}

describe('handshakes of a capture', () => {
  const bounds = { mostPackets: 1e6, mostKept: 1000 }

  test('beyond the bound, captures keep the same ones', async () => {
    const folder = folderTree({
      'a.pcap': handshakes(numbers(0, 3000), atClient),
      'b.pcap': handshakes(numbers(500, 3000), atUpstream),
    })
    const options = { mostPackets: 1e6, mostKept: 100 }
    const a = await readHandshakes([join(folder, 'a.pcap')], options)
    const b = await readHandshakes([join(folder, 'b.pcap')], options)
    expect([a.answered.size, b.answered.size, a.isComplete]).toEqual([100, 100, false])
    const shared = [...a.answered.keys()].filter((key) => b.answered.has(key))
    // 2500 of 3000 are in both, so that some 83 of 100 are expected; two draws of 100 would share 3.
    expect(shared.length).toBeGreaterThan(65)
  })

  test('no more packets are read than is said', async () => {
    const folder = folderTree({ 'a.pcap': handshakes(numbers(0, 20_000), atClient) })
    const whole = await readHandshakes([join(folder, 'a.pcap')], { ...bounds, mostKept: 1e6 })
    expect([whole.answered.size, whole.isComplete]).toEqual([20_000, true])
    const part = await readHandshakes([join(folder, 'a.pcap')], {
      mostPackets: 1000,
      mostKept: 1e6,
    })
    expect(part.isComplete).toBe(false)
    expect(part.answered.size).toBeLessThan(20_000)
  })

  test('a rotated set is read as one', async () => {
    const folder = folderTree({
      'x.pcap': handshakes(numbers(0, 5), atClient),
      'x.pcap1': handshakes(numbers(5, 9), atClient),
    })
    const paths = [join(folder, 'x.pcap'), join(folder, 'x.pcap1')]
    expect((await readHandshakes(paths, bounds)).answered.size).toBe(9)
  })
})

describe('the index', () => {
  const seen = (keys: number[], ttl: number, timeUs: number): Handshakes => ({
    answered: new Map(keys.map((key) => [key, { ttl, timeUs: timeUs + key, hint: null }])),
    asked: new Map(),
    isComplete: true,
  })

  test('a handshake that many captures saw names no pair', () => {
    const captures = numbers(0, 12).map((i) => seen([7], 64 - i, i))
    expect(pairByConnections(captures).pairs).toEqual([])
  })

  test('four thousand captures are paired at once', () => {
    const captures = numbers(0, 4000).map((i) => {
      const first = (i >> 1) * 100
      return seen(numbers(first, first + 100), i % 2 === 0 ? 60 : 63, i * 1e6)
    })
    const started = performance.now()
    const { pairs } = pairByConnections(captures)
    expect(pairs).toHaveLength(2000)
    expect(pairs[0]).toEqual({
      client: 0,
      upstream: 1,
      shared: 100,
      sidesBy: expect.stringContaining('TTL'),
    })
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
