import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { scoreReport } from '../../bench/score-report.mjs'
import { type CaptureInput, compare, type Report } from '../../src/index.ts'
import { readCapture, type TestCapture, writeCapture } from '../support/capture-file.ts'
import { ETHERNET, findFields } from '../support/packet-fields.ts'
import {
  addToSequenceNumbers,
  driftClock,
  dropFraction,
  duplicateRecords,
  macOf,
  reorderNeighbours,
  rewriteAddresses,
  shiftClock,
  splitIntoChunks,
  toFormat,
  toSll2,
} from '../support/transform-capture.ts'
import { hasLaboratory, type SampleCase, sampleCases } from './sample-cases.ts'

// The pairs are made here, from what the incident shows; nothing in this file knows what the tool should say.
const cases = sampleCases()

interface Pair {
  client: TestCapture
  upstream: TestCapture
}

const load = (sample: SampleCase): Pair => ({
  client: readCapture(readFileSync(sample.client)),
  upstream: readCapture(readFileSync(sample.upstream)),
})

const both = (pair: Pair, change: (capture: TestCapture) => TestCapture): Pair => ({
  client: change(pair.client),
  upstream: change(pair.upstream),
})

const compareBytes = (client: CaptureInput, upstream: CaptureInput): Promise<Report> =>
  compare({ client, upstream }, { jobs: 1 })

const comparePair = (pair: Pair) =>
  compareBytes(writeCapture(pair.client), writeCapture(pair.upstream))

/** What must not change, in an order that no clock or address decides. */
function verdicts(report: Report): string[] {
  return report.connections
    .map((c) => {
      const reset = c.firstReset ? `${c.firstReset.by} ${c.firstReset.confidence}` : 'no reset'
      const causes = c.causes.map((x) => `${x.id} ${x.confidence}`).join(', ')
      return `${c.client.port}>${c.upstream.port} ${c.termination}/${c.detail} | ${reset} | ${causes}`
    })
    .sort()
}

const REORDERED = 'neighbours within 50 µs change places'

const transformations: Record<string, (pair: Pair) => Pair> = {
  'the upstream clock is 5 hours ahead': (p) => ({
    ...p,
    upstream: shiftClock(p.upstream, 18_000),
  }),
  'the client clock is 40 minutes ahead': (p) => ({ ...p, client: shiftClock(p.client, 2400.25) }),
  'the upstream clock drifts by 200 ppm': (p) => ({ ...p, upstream: driftClock(p.upstream, 200) }),
  'the client clock drifts by -200 ppm': (p) => ({ ...p, client: driftClock(p.client, -200) }),
  'both files are pcapng': (p) => both(p, (c) => toFormat(c, { container: 'pcapng' })),
  'both files have nanoseconds': (p) => both(p, (c) => toFormat(c, { resolution: 'nanosecond' })),
  'both files are big-endian': (p) => both(p, (c) => toFormat(c, { byteOrder: 'big' })),
  'both files are big-endian pcapng': (p) =>
    both(p, (c) => toFormat(c, { container: 'pcapng', byteOrder: 'big' })),
  'every record is there twice': (p) => both(p, (c) => duplicateRecords(c, 4)),
  'every record of one file is there twice': (p) => ({
    ...p,
    client: duplicateRecords(p.client, 9),
  }),
  [REORDERED]: (p) => ({
    client: reorderNeighbours(p.client, 1),
    upstream: reorderNeighbours(p.upstream, 2),
  }),
  'all addresses are others': (p) =>
    both(p, (c) =>
      rewriteAddresses(c, (a) => {
        // Loopback and the mesh proxies' own addresses mean something.
        if (a[0] === 127) return
        if (a.length === 4) a[2]! ^= 0x2a
        else a[7]! ^= 0x2a
      }),
    ),
}

/** Initial numbers of the hosts' SYNs and SYN-ACKs. */
function initialNumbers(capture: TestCapture): number[] {
  const found = new Set<number>()
  for (const { data, linkType } of capture.records) {
    const { tcp } = findFields(data, linkType)
    if (tcp < 0 || (data[tcp + 13]! & 2) === 0) continue
    found.add(new DataView(data.buffer, data.byteOffset).getUint32(tcp + 4))
  }
  return [...found]
}

function isUntaggedEthernet(capture: TestCapture): boolean {
  return capture.records.every(
    (r) => r.linkType === ETHERNET && r.data[12] !== 0x81 && r.data[12] !== 0x88,
  )
}

/** The MAC of the host that sends SYNs (client side) or answers them (upstream side). */
function hostMac(capture: TestCapture, flags: number): string | null {
  const record = capture.records.find(({ data, linkType }) => {
    const { tcp } = findFields(data, linkType)
    return tcp >= 0 && (data[tcp + 13]! & 0x12) === flags
  })
  return record ? macOf(record) : null
}

it.skipIf(!hasLaboratory)('the captures of ../shared are among the cases', () => {
  expect(cases.some(({ client }) => client.includes('lab-captures'))).toBe(true)
})

/** Taken on the loopback of a pod: the kernel hands each packet on within microseconds, and never in another order. */
const ON_LOOPBACK = ['envoy-egress-blocked', 'envoy-sidecars-crash']

describe.skipIf(cases.length === 0)('verdicts do not change when', () => {
  for (const [name, transform] of Object.entries(transformations)) {
    it(name, async () => {
      for (const sample of cases) {
        if (name === REORDERED && ON_LOOPBACK.includes(sample.name)) continue
        const pair = load(sample)
        const expected = verdicts(await comparePair(pair))
        expect(expected.length, sample.name).toBeGreaterThan(0)
        expect(verdicts(await comparePair(transform(pair))), sample.name).toEqual(expected)
      }
    })
  }

  it('sequence numbers wrap around', async () => {
    for (const sample of cases) {
      const pair = load(sample)
      const expected = verdicts(await comparePair(pair))
      const numbers = initialNumbers(pair.client)
      const chosen = [numbers[0], numbers.at(-1), numbers[numbers.length >> 1]]
      for (const number of new Set(chosen)) {
        if (number === undefined) continue
        // The SYN itself, then a few bytes, then some more before 2³².
        for (const before of [1, 40, 700]) {
          const add = (2 ** 32 - before - number) >>> 0
          const moved = both(pair, (c) => addToSequenceNumbers(c, add))
          expect(verdicts(await comparePair(moved)), `${sample.name} by ${add}`).toEqual(expected)
        }
      }
    }
  })

  it('the files come in chunks from a pipe', async () => {
    for (const [i, sample] of cases.entries()) {
      const pair = load(sample)
      const client = writeCapture(pair.client)
      const upstream = writeCapture(pair.upstream)
      const stream = (file: Uint8Array, seed: number) =>
        Readable.from(splitIntoChunks(file, 700, seed).map((c) => Buffer.from(c)))
      const expected = verdicts(await compareBytes(client, upstream))
      const got = verdicts(await compareBytes(stream(client, i), stream(upstream, i + 100)))
      expect(got, sample.name).toEqual(expected)
    }
  })

  it('Ethernet captures become Linux cooked ones, but for confidence', async () => {
    // Cooked headers say who sent what, so an answer may become surer, never another.
    const answers = (report: Report) =>
      verdicts(report).map((v) => v.replaceAll(/ (certain|probable|unclear)/g, ''))
    for (const sample of cases) {
      const pair = load(sample)
      const clientMac = hostMac(pair.client, 0x02)
      const upstreamMac = hostMac(pair.upstream, 0x12)
      if (!clientMac || !upstreamMac) continue
      if (!isUntaggedEthernet(pair.client) || !isUntaggedEthernet(pair.upstream)) continue
      const cooked = {
        client: toSll2(pair.client, clientMac),
        upstream: toSll2(pair.upstream, upstreamMac),
      }
      const expected = answers(await comparePair(pair))
      expect(answers(await comparePair(cooked)), sample.name).toEqual(expected)
    }
  })
})

describe.skipIf(cases.length === 0)('random loss of records', () => {
  for (const fraction of [0.02, 0.1, 0.3]) {
    it(`of ${fraction * 100} % makes no right answer wrong and certain`, async () => {
      const wrong: string[] = []
      for (const sample of cases) {
        const pair = load(sample)
        for (let seed = 1; seed <= 4; seed++) {
          const lossy = {
            client: seed === 2 ? pair.client : dropFraction(pair.client, fraction, seed),
            upstream: seed === 3 ? pair.upstream : dropFraction(pair.upstream, fraction, seed + 50),
          }
          for (const row of scoreReport(await comparePair(lossy), sample.truth)) {
            if (!row.found || !row.certain || row.who !== 'wrong') continue
            wrong.push(`${sample.name} ${row.id} seed ${seed}: ${row.gotWho}, not ${row.wantedWho}`)
          }
        }
      }
      expect(wrong).toEqual([])
    })
  }
})
