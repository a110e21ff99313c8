import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { collect } from '../src/analyze.ts'
import type { Cases } from '../src/compare-cases.ts'
import { pairedCases, singleCases } from '../src/compare-cases.ts'
import { CaptureConnections } from '../src/connections/connection-set.ts'
import { Pairing, singleLoss } from '../src/correlation/pairing.ts'
import { singlePosition } from '../src/correlation/tap-position.ts'
import { aliveUntil, closeTime } from '../src/diagnosis/standing.ts'
import { analyzeStream, compareStream } from '../src/index.ts'
import type { Case } from '../src/model/case.ts'
import type { ReportStream } from '../src/model/report.ts'
import { writeJson, writeNdjson } from '../src/reports/json.ts'
import { streamOf } from '../src/reports/stream-of.ts'
import { renderText } from '../src/reports/terminal.ts'
import { surveyCases } from '../src/survey-cases.ts'
import { trackCaptures } from '../src/workers/track-captures.ts'
import { sampleCases } from './properties/sample-cases.ts'
import { readCapture, type TestCapture, writeCapture } from './support/capture-file.ts'
import { captures, play } from './support/ladder.ts'
import { addToSequenceNumbers, rewriteAddresses, shiftClock } from './support/transform-capture.ts'

const samples = sampleCases()
/** Without those around a proxy: linked connections are looked at one by one. */
const plain = samples.filter(({ name }) => !name.startsWith('envoy-'))

type Input = string | Uint8Array[]

async function connectionsOf(capture: string, input: Input) {
  const [tracked] = await trackCaptures([{ id: capture, input }], { jobs: 1 })
  return new CaptureConnections(capture, tracked!.facts, tracked!.parts)
}

async function single(input: Input): Promise<Cases> {
  const set = await connectionsOf('capture', input)
  return singleCases(set, singlePosition(set), singleLoss(set))
}

async function paired(client: string, upstream: string): Promise<Cases> {
  const near = await connectionsOf('client', client)
  const far = await connectionsOf('upstream', upstream)
  return pairedCases(new Pairing(near, far, null, null))
}

/** Cases that say of each connection as little as may be said, read off the case itself. */
function withBriefs(cases: Cases): { cases: Cases; made: () => number } {
  const shapes = new Map<string, number>()
  const briefs = Array.from({ length: cases.count }, (_, i) => briefOf(cases.at(i), shapes))
  let made = 0
  const brief: Cases['brief'] = (index, out) => {
    const own = briefs[index]!
    if (own !== null) Object.assign(out, own)
    return own !== null
  }
  const at: Cases['at'] = (index) => {
    made++
    return cases.at(index)
  }
  const closedAt = (index: number) => briefs[index]!.closed
  return { cases: { ...cases, at, brief, closedAt }, made: () => made }
}

function briefOf(c: Case, shapes: Map<string, number>) {
  // The other leg of a link asks for a whole outcome.
  if (c.links.length > 0) return null
  const key = shapeText(c)
  const shape = shapes.get(key) ?? shapes.size
  shapes.set(key, shape)
  return { shape, closed: closeTime(c), aliveUntil: aliveUntil(c) }
}

/** What is a connection's own, so that no shape may tell it. */
const OWN = ['frame', 'time', 'answered', 'seq', 'ack', 'ipId', 'tsVal', 'tsEcr', 'digest', 'text']
const OWN_NUMBERS = new Set([...OWN, 'senderNext', 'otherAck', 'sackRight', 'gapNs'])

function shapeText(c: Case): string {
  // Idle times are no connection's own: causes ask for them.
  const gaps = c.sighting.taps.map(({ view }) =>
    view?.segments.map(({ time }, i, all) => Math.round((time - (all[i - 1]?.time ?? time)) / 1e7)),
  )
  const parts = [c.outcome, c.sighting.segments, c.match, c.unmatchedReason, gaps]
  return JSON.stringify(parts, (key, value) => {
    if (key === 'idleNs') return Math.round(value / 1e7)
    return OWN_NUMBERS.has(key) ? undefined : value
  })
}

function survey(cases: Cases) {
  const { counter, kinds, matched } = surveyCases(cases, (index) => index % 7 !== 3)
  const leader = counter.leader()
  return {
    endings: [...kinds].map((kind) => counter.endings[kind] ?? null),
    rows: [...counter.rows()].map((row) => ({ ...row, peer: cases.endpointText(row.peer) })),
    summary: JSON.stringify(counter.summary(matched)),
    leader: leader === null ? null : [leader.group, leader.others],
  }
}

describe('connections of which the least is said are surveyed as if each were looked at', () => {
  it('in every sample, one capture or both', async () => {
    for (const { client, upstream } of samples) {
      for (const cases of [
        await single(client),
        await single(upstream),
        await paired(client, upstream),
      ]) {
        expect(survey(withBriefs(cases).cases), client).toEqual(survey(cases))
      }
    }
  })

  it('where some of one shape end together and others alone', async () => {
    const cut = (number: number, at: number) =>
      play(CUT, { client: `10.1.0.${number}:50000`, isn: { client: 5000 * number }, at })
    // Five at once, as when a process dies, and then one at a time.
    const played = [1, 2, 3, 4, 5].map((number) => cut(number, 1 + number / 1000))
    for (const number of [6, 7, 8]) played.push(cut(number, number))
    const cases = await single([captures(...played).client])
    const brief = withBriefs(cases)
    const expected = survey(cases)
    expect(survey(brief.cases)).toEqual(expected)
    const causes = expected.endings.flatMap((ending) => ending?.cause?.id ?? [])
    expect(new Set(causes)).toEqual(new Set(['upstream-crash', 'upstream-abort']))
  })

  it('in many captures after each other, making a case for few of them', async () => {
    const captures = plain.slice(0, 20).map(({ client }) => readCapture(readFileSync(client)))
    const rounds = Array.from({ length: 8 }, (_, round) =>
      captures.map((capture) => writeCapture(elsewhere(capture, round))),
    )
    const cases = await single(rounds.flat())
    const brief = withBriefs(cases)
    expect(survey(brief.cases)).toEqual(survey(cases))
    expect(cases.count).toBeGreaterThan(8 * 20)
    expect(brief.made()).toBeLessThan(cases.count / 3)
  })
})

/** The upstream aborts in the middle of its response. */
const CUT = `
  c> S
  u> SA
  c> A
  c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
  u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 900\\r\\n\\r\\nsome of it"
  c> A
  u> RA`

/** The same once more: other hosts, other numbers, later. */
function elsewhere(capture: TestCapture, round: number): TestCapture {
  const moved = rewriteAddresses(capture, (address) => {
    address[2]! ^= round * 16
  })
  return shiftClock(addToSequenceNumbers(moved, round * 100_003), round * 1000)
}

/** Every format, as one text. */
function rendered(stream: ReportStream): string {
  const style = { color: false, ascii: false, width: 100, time: 'utc' as const }
  return [
    writeJson(stream),
    writeNdjson(stream),
    renderText(stream, { ...style, all: true }),
    renderText(stream, { ...style, all: false }),
  ]
    .map((pieces) => [...pieces].join(''))
    .join('\n')
}

describe('a report that stands in memory as a whole', () => {
  it('is rendered as the stream that it was collected from', async () => {
    for (const { client, upstream } of samples) {
      for (const stream of [
        await compareStream({ client, upstream }, { jobs: 1 }),
        await analyzeStream(client, { jobs: 1 }),
      ]) {
        const whole = streamOf(JSON.parse(JSON.stringify(collect(stream))))
        expect(rendered(whole), client).toBe(rendered(stream))
      }
    }
  })

  it('names who talks to whom where two captures share nothing, as its stream does', async () => {
    const [{ client }, { upstream }] = samples as [(typeof samples)[0], (typeof samples)[0]]
    const stream = await compareStream({ client, upstream }, { jobs: 1 })
    expect(stream.head.limits.map(({ code }) => code)).toContain('no-shared-connection')
    expect(rendered(streamOf(collect(stream)))).toBe(rendered(stream))
  })
})
