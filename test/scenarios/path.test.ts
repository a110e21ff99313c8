import { describe, expect, it } from 'vitest'
import { compareStream, type Report } from '../../src/index.ts'
import { renderText } from '../../src/reports/terminal.ts'
import { captureOf, comparedPath, from, leg, linksOf } from '../support/legs.ts'

const OPEN = `
  c> S
  u> SA
  c> A`
const get = (path: string) => JSON.stringify(`GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`)
const answer = (status: number) =>
  JSON.stringify(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`)
const answered = (status: number, after: string, path: string) => `${OPEN}
  c> PA ${get(path)}
  u> A
  u> PA ${answer(status)} ${after}
  c> A`

const CLIENT = '10.1.0.2:40000'
const GATEWAY = '10.42.1.5:8080'
const APP = '10.42.3.8:8080'
const OTHER = '10.42.3.9:8080'
/** Clocks of the gateway and of the upstream, ahead of the client's. */
const AHEAD = { gateway: -7.5, upstream: 2.25 }

/** The client's tap keeps the true time; `offset` moves a ladder's upstream tap. */
const downstream = (text: string, at: number, number: number, options = {}) =>
  leg(text, {
    client: `10.1.0.2:${40000 + number}`,
    upstream: GATEWAY,
    at,
    number,
    offset: AHEAD.gateway,
    ...options,
  })

/** Played on the gateway's clock: what its own tap records, and, moved, what the upstream's does. */
const upstream = (text: string, at: number, number: number, options = {}) =>
  leg(text, {
    client: `10.42.1.5:${50000 + number}`,
    upstream: APP,
    at: at + AHEAD.gateway,
    number: 100 + number,
    offset: AHEAD.upstream - AHEAD.gateway,
    ...options,
  })

type Seen = Parameters<typeof captureOf>

async function textOf(inputs: Parameters<typeof compareStream>[0]): Promise<string> {
  const stream = await compareStream(inputs, { jobs: 1 })
  const style = { color: false, ascii: false, width: 140, all: false, time: 'utc' as const }
  return [...renderText(stream, style)].join('')
}

const seenBy = (report: Report, port: number) =>
  Object.entries(from(report, port).views)
    .filter(([, view]) => view !== null)
    .map(([capture]) => capture)

describe('client, gateway and upstream', () => {
  const good = {
    near: downstream(answered(200, '+30ms', '/a'), 20, 1),
    far: upstream(answered(200, '+5ms', '/a'), 20.006, 1),
  }
  const bad = {
    near: downstream(answered(503, '+30ms', '/b'), 21, 2),
    far: upstream(`${OPEN}\nc> PA ${get('/b')}\nu> A\nu> RA +5ms`, 21.006, 2),
  }
  const inputs = {
    client: captureOf([good.near, 'client'], [bad.near, 'client']),
    via: [
      captureOf(
        [good.near, 'upstream'],
        [bad.near, 'upstream'],
        [good.far, 'client'],
        [bad.far, 'client'],
      ),
    ],
    upstream: captureOf([good.far, 'upstream'], [bad.far, 'upstream']),
  }

  it('each TCP connection is one row, with a view for every capture that saw it', async () => {
    const report = await comparedPath(inputs)
    expect(report.captures.map(({ id, role }) => [id, role])).toEqual([
      ['client', 'client'],
      ['hop1', 'hop'],
      ['upstream', 'upstream'],
    ])
    expect(report.connections).toHaveLength(4)
    for (const port of [40001, 40002]) expect(seenBy(report, port)).toEqual(['client', 'hop1'])
    for (const port of [50001, 50002]) expect(seenBy(report, port)).toEqual(['hop1', 'upstream'])
    expect(report.summary).toMatchObject({ connections: 4, matched: 4 })
    expect(linksOf(report)).toHaveLength(2)
  })

  it('one verdict tells both legs, and every clock is found', async () => {
    const report = await comparedPath(inputs)
    const [down, up] = [from(report, 40002), from(report, 50002)]
    expect(report.verdict).toMatchObject({ by: 'upstream', confidence: 'certain' })
    expect(report.verdict.headline).toContain(
      `this is the upstream leg of a proxy; the proxy answered 503 on #${down.id} and kept it open`,
    )
    expect(report.verdict.headline).toContain('the proxy got it')
    expect(down.causes[0]?.why).toContain(
      `the upstream leg (#${up.id}) was reset first by ${APP}; the proxy answered 503 on #${down.id} and kept it open`,
    )
    for (const [i, ahead] of [0, AHEAD.gateway, AHEAD.upstream].entries()) {
      const { lowSeconds, highSeconds } = report.captures[i]!.clock!
      expect(lowSeconds).toBeLessThanOrEqual(ahead + 1e-6)
      expect(highSeconds).toBeGreaterThanOrEqual(ahead - 1e-6)
      expect(highSeconds! - lowSeconds!).toBeLessThan(0.01)
    }
    // All times of the report are the client's.
    expect(Date.parse(up.startedAt) - Date.parse(down.startedAt)).toBeGreaterThanOrEqual(5)
    expect(Date.parse(up.startedAt) - Date.parse(down.startedAt)).toBeLessThan(10)
  })

  it('is drawn as a strip of what was seen where', async () => {
    const text = await textOf(inputs)
    const report = await comparedPath(inputs)
    const [down, up] = [from(report, 40002), from(report, 50002)]
    expect(text).toContain(`path       client ──#${down.id}── [hop1] ──#${up.id}── upstream`)
    expect(text).toContain(`#${up.id} 10.42.1.5:50002 to ${APP}: seen at hop1, seen at upstream`)
    expect(text).not.toContain('next tap')
    // The ladder is between the two taps of the leg that it shows.
    expect(text).toMatch(/time ms {3}hop1 10\.42\.1\.5 +upstream 10\.42\.3\.8/)
  })

  it('without the gateway it says where to capture next', async () => {
    const { client, upstream } = inputs
    const text = await textOf({ client, upstream })
    expect(text).toMatch(/path {7}client ──#\d── \[proxy\] ──#\d── upstream/)
    expect(text).toContain('seen at client, not captured at the proxy')
    expect(text).toContain('next tap   in the pod of the proxy, both legs in one file')
  })

  it('a capture that belongs to another path is told', async () => {
    const stranger = downstream(answered(200, '+5ms', '/z'), 20, 9, { client: '10.9.0.9:1' })
    const report = await comparedPath({ ...inputs, via: [captureOf([stranger, 'upstream'])] })
    expect(report.limits.map(({ code }) => code)).toContain('captures-apart')
  })
})

describe('replicas', () => {
  const legs = [APP, OTHER, '10.42.3.10:8080'].map((app, i) => ({
    near: downstream(answered(i === 1 ? 503 : 200, '+30ms', `/${i}`), 20 + i, i),
    far: upstream(
      i === 1 ? `${OPEN}\nc> PA ${get(`/${i}`)}\nu> A\nu> RA +5ms` : answered(200, '+5ms', `/${i}`),
      20.006 + i,
      i,
      { upstream: app },
    ),
  }))
  const all = (tap: 'near' | 'far', side: 'client' | 'upstream'): Seen =>
    legs.map((one): Seen[0] => [one[tap], side])
  const inputs = {
    client: captureOf(...all('near', 'client')),
    via: [captureOf(...all('near', 'upstream'), ...all('far', 'client'))],
    upstream: captureOf([legs[0]!.far, 'upstream']),
    replicas: [captureOf([legs[1]!.far, 'upstream'])],
  }

  it('the one that took part is found for each connection', async () => {
    const report = await comparedPath(inputs)
    expect(report.captures.map(({ id, role }) => `${id} ${role}`)).toEqual([
      'client client',
      'hop1 hop',
      'upstream upstream',
      'upstream2 upstream',
    ])
    expect(seenBy(report, 50000)).toEqual(['hop1', 'upstream'])
    expect(seenBy(report, 50001)).toEqual(['hop1', 'upstream2'])
    const reset = from(report, 50001).firstReset!
    expect(reset).toMatchObject({ by: 'upstream', confidence: 'certain' })
    expect(reset.evidence.map(({ capture }) => capture)).toEqual(['upstream2', 'hop1'])
  })

  it('one that was not captured is not on the path, and is the next tap', async () => {
    const report = await comparedPath(inputs)
    const there = from(report, 50002)
    expect(there.unmatchedReason).toBe('not-on-path')
    expect(there.firstReset).toBeNull()
  })
})

describe('what gets lost on the way', () => {
  it('a SYN that left the gateway and never reached the upstream', async () => {
    const near = downstream(answered(503, '+2500ms', '/b'), 21, 2)
    const good = upstream(answered(200, '+5ms', '/a'), 20.006, 1)
    const lost = upstream('c> S lost\nc> S again lost +1s', 21.006, 2)
    const running = upstream(answered(200, '+1s', '/c'), 26, 3)
    const report = await comparedPath({
      client: captureOf([near, 'client']),
      via: [captureOf([near, 'upstream'], [good, 'client'], [lost, 'client'], [running, 'client'])],
      upstream: captureOf([good, 'upstream'], [running, 'upstream']),
    })
    const attempt = from(report, 50002)
    expect(attempt).toMatchObject({ detail: 'no-answer', unmatchedReason: 'dropped-before-tap' })
    expect(attempt.causes[0]?.id).toBe('syn-dropped')
    expect(linksOf(report)).toEqual(['40002 → 50002 tried while the request waited (probable)'])
  })

  it('a RST from between two of three taps on one connection is placed between those two', async () => {
    // Times are told for every line, so that a tap further on may be played with a longer way.
    const life = (reset: string) => `
      c> S
      u> SA +20ms
      c> A +20ms
      c> PA ${get('/a')} +20ms
      u> A +20ms
      u> PA 500 +20ms
      c> A +20ms
      ${reset}`
    const same = { client: CLIENT, upstream: APP, number: 1, at: 20, hops: 4 }
    // The client and the far end; and the hop as the tap of a shorter way.
    const ends = leg(life('m>c R +20ms ttl=60\nu> PA 500 +1s\nc> R +20ms'), {
      ...same,
      transit: 0.01,
    })
    const hop = leg(life('u> R +20ms ttl=62 ignored\nu> PA 500 +1s\nc> R +20ms'), {
      ...same,
      transit: 0.004,
      hopsToTap: { upstream: 2 },
      hops: 2,
    })
    const report = await comparedPath({
      client: captureOf([ends, 'client']),
      via: [captureOf([hop, 'upstream'])],
      upstream: captureOf([ends, 'upstream']),
    })
    const connection = from(report, 40000)
    expect(seenBy(report, 40000)).toEqual(['client', 'hop1', 'upstream'])
    expect(connection.firstReset).toMatchObject({ by: 'between', confidence: 'certain' })
    expect(connection.firstReset!.where!.text).toContain('between the captures hop1 and upstream')
    expect(report.verdict.headline).toContain('between the captures hop1 and upstream')
  })
})
