import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { captureChunks, flows, KINDS } from '../../bench/capture/capture.mjs'
import { DecodedPacket, PACKET_TCP } from '../../native-free-decoders/decoded-packet.ts'
import { analyze } from '../../src/analyze.ts'
import { openCapture } from '../../src/capture/open-capture.ts'
import { compare } from '../../src/compare.ts'
import type { Connection, Report } from '../../src/model/report.ts'
import { PacketDecoder } from '../../src/packets/decode-packet.ts'

type Kind = keyof typeof KINDS

/** Some hundred connections of each kind. */
const SCALES: Record<Kind, number> = { big: 0.006, small: 0.0006, syn: 0.0003 }
const KIND_NAMES = Object.keys(SCALES) as Kind[]

interface Options {
  tap?: 'client' | 'upstream'
  seed?: number
  exchanges?: number
}

function capture(kind: Kind, options: Options = {}): Uint8Array {
  const chunks: Buffer[] = []
  for (const chunk of captureChunks(kind, { scale: SCALES[kind], ...options })) {
    chunks.push(Buffer.from(chunk))
  }
  return new Uint8Array(Buffer.concat(chunks))
}

const taps = Object.fromEntries(
  KIND_NAMES.map((kind) => [
    kind,
    { client: capture(kind), upstream: capture(kind, { tap: 'upstream' }) },
  ]),
) as Record<Kind, Record<'client' | 'upstream', Uint8Array>>

const story = Object.fromEntries(
  KIND_NAMES.map((kind) => [kind, [...flows(kind, { scale: SCALES[kind] })]]),
) as Record<Kind, ReturnType<typeof flows> extends Generator<infer F> ? F[] : never>

/** How a port pair is told in a report and in the generator; the address of the client makes it unique. */
const nameOf = (address: string, port: number) => `${address}:${port}`

function clientName({ client, v6, clientPort }: (typeof story)['big'][number]): string {
  const high = (client >>> 16).toString(16)
  const low = (client & 0xffff).toString(16)
  const v4 = [24, 16, 8, 0].map((bits) => (client >>> bits) & 255).join('.')
  return nameOf(v6 ? `fd00::${high}:${low}` : v4, clientPort)
}

function byClient(report: Report): Map<string, Connection> {
  return new Map(report.connections.map((c) => [nameOf(c.client.address, c.client.port), c]))
}

test('the same seed makes the same bytes, another seed others', () => {
  const differs = (options: Options) => Buffer.compare(capture('small', options), taps.small.client)
  expect(differs({})).toBe(0)
  expect(differs({ seed: 2 })).not.toBe(0)
})

test('the endings are all there, and the usual ones prevail', () => {
  const count = (kind: Kind) => {
    const counts: Record<string, number> = {}
    for (const { ending } of story[kind]) {
      const name = `${ending.termination} ${ending.firstReset}`
      counts[name] = (counts[name] ?? 0) + 1 / story[kind].length
    }
    return counts
  }
  // Too few connections of big for every rare ending to be there.
  expect(count('big')['fin-close null']).toBeCloseTo(0.945, 1)
  expect(count('small')).toEqual({
    'fin-close null': expect.closeTo(0.945, 1),
    'rst-without-fin client': expect.closeTo(0.02, 1),
    'rst-without-fin upstream': expect.closeTo(0.025, 1),
    'open null': expect.closeTo(0.01, 1),
  })
  expect(count('syn')).toEqual({
    'fin-close null': expect.closeTo(0.05, 1),
    'handshake-never-completed null': expect.closeTo(0.41, 1),
    'handshake-never-completed upstream': expect.closeTo(0.5, 1),
    'handshake-never-completed client': expect.closeTo(0.025, 1),
    'rst-without-fin upstream': expect.closeTo(0.015, 1),
  })
})

test('more exchanges make the same connections longer', () => {
  const packets = (exchanges: number) => {
    let count = 0
    for (const flow of flows('small', { scale: SCALES.small, exchanges })) {
      count += flow.packets.length
    }
    return count
  }
  const ratio = packets(66) / packets(2)
  expect(ratio).toBeGreaterThan(13)
  expect(ratio).toBeLessThan(19)
})

describe.each(KIND_NAMES)('%s', (kind) => {
  test('at full size it has the connections, packets and bytes that the benchmark promises', () => {
    const promised = {
      big: { connections: 20_000, packets: [0.8e6, 1.6e6], bytes: [0.9e9, 1.3e9] },
      small: { connections: 500_000, packets: [9e6, 13e6], bytes: [0.9e9, 1.3e9] },
      syn: { connections: 2_000_000, packets: [4e6, 5e6], bytes: [0.4e9, 0.6e9] },
    }[kind]
    expect(KINDS[kind].connections).toBe(promised.connections)
    const packets = countRecords(taps[kind].client) / SCALES[kind]
    const bytes = taps[kind].client.length / SCALES[kind]
    expect(packets).toBeGreaterThan(promised.packets[0]!)
    expect(packets).toBeLessThan(promised.packets[1]!)
    expect(bytes).toBeGreaterThan(promised.bytes[0]!)
    expect(bytes).toBeLessThan(promised.bytes[1]!)
  })

  test.each(['client', 'upstream'] as const)(
    'the capture at the %s is whole: no warning, times in order, and nothing malformed',
    async (tap) => {
      const reader = await openCapture(taps[kind][tap], { hash: false })
      const decoder = new PacketDecoder()
      const packet = new DecodedPacket()
      let tcp = 0
      let backwards = 0
      let before = 0
      for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
        for (let i = 0; i < batch.count; i++) {
          const [at, held] = [batch.offsets[i]!, batch.capturedLengths[i]!]
          const [length, time] = [batch.originalLengths[i]!, batch.times[i]!]
          decoder.decode(batch.view, batch.bytes, at, held, length, 1, time, packet)
          if (packet.kind === PACKET_TCP) tcp++
          if (time < before) backwards++
          before = time
        }
      }
      await reader.close()
      expect(reader.facts.warnings).toEqual([])
      expect(backwards).toBe(0)
      expect(decoder.counters).toMatchObject({
        tcpMalformed: 0,
        longerThanRecord: 0,
        malformed: 0,
        snapped: 0,
        unsupported: 0,
      })
      expect(tcp + decoder.counters.icmpQuotingTcp).toBe(reader.facts.packets)
    },
  )

  test('the upstream capture holds every connection of which a packet arrived, and no other', async () => {
    const arrived = story[kind].filter(({ packets }) =>
      packets.some((p) => !p.isIcmp && (p.from === 1 || p.reaches)),
    )
    const report = await analyze(taps[kind].upstream)
    expect([...byClient(report).keys()].sort()).toEqual(arrived.map(clientName).sort())
  })

  test('each connection ended as the story has it, by the client’s capture alone', async () => {
    const report = await analyze(taps[kind].client)
    const found = byClient(report)
    const wrong = story[kind].filter((flow) => {
      const got = found.get(clientName(flow))?.termination
      return !expectedClasses(flow, lastTime(story[kind])).includes(got ?? 'none')
    })
    expect(found.size).toBe(story[kind].length)
    expect(wrong.map(clientName)).toEqual([])
  })

  test('both captures together name the sender of each first reset', async () => {
    const found = byClient(await compare(taps[kind]))
    const wrong = story[kind].filter((flow) => {
      const by = found.get(clientName(flow))?.firstReset?.by ?? null
      return by !== flow.ending.firstReset
    })
    expect(wrong.map(clientName)).toEqual([])
  })
})

/** A SYN that is younger than three seconds when the capture ends may still be answered: docs/reading-a-verdict.md. */
function expectedClasses(
  { ending, packets, start }: (typeof story)['big'][number],
  end: number,
): string[] {
  const isYoung = packets.filter((p) => !p.isIcmp).length === 1 && end - start < 3e9
  const isUnanswered =
    ending.termination === 'handshake-never-completed' && ending.firstReset === null
  return isYoung && isUnanswered ? ['open', ending.termination] : [ending.termination]
}

function lastTime(all: (typeof story)['big']): number {
  return all.reduce((last, { packets }) => packets.reduce((t, p) => Math.max(t, p.time), last), 0)
}

function countRecords(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer)
  let count = 0
  for (let at = 24; at < bytes.length; at += 16 + view.getUint32(at + 8, true)) count++
  return count
}

const hasTshark = spawnSync('tshark', ['--version']).status === 0

test.skipIf(!hasTshark)(
  'tshark finds no hole that reordering does not explain, and nothing malformed',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'rstscope-bench-'))
    try {
      const path = join(folder, 'big.pcap')
      const expert = (bytes: Uint8Array) => {
        writeFileSync(path, bytes)
        const flags = ['-n', '-o', 'tcp.reassemble_out_of_order:TRUE', '-q', '-z', 'expert']
        const { stdout } = spawnSync('tshark', [...flags, '-r', path], { encoding: 'utf8' })
        const count = (words: string) =>
          Number(stdout.match(new RegExp(`^ *(\\d+) .*${words}`, 'm'))?.[1] ?? 0)
        return {
          closes: count('initiates the connection closing'),
          holes: count('Previous segment') - count('out-of-order segment'),
          unseen: count("wasn't captured"),
          malformed: count('Malformed'),
          unknown: count('Ignored Unknown Record'),
        }
      }
      const clean = { holes: 0, unseen: 0, malformed: 0, unknown: 0 }
      for (const bytes of Object.values(taps.big)) {
        const { closes, ...faults } = expert(bytes)
        expect(closes).toBe(story.big.filter((f) => f.ending.termination === 'fin-close').length)
        expect(faults).toEqual(clean)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)
