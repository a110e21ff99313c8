import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ReportStream } from '../src/index.ts'
import { writeJson } from '../src/reports/json.ts'
import { builtLibrary } from './support/built.ts'
import { captureOf, leg } from './support/legs.ts'

const { analyze, analyzeStream, compareStream } = await builtLibrary()

const folder = mkdtempSync(join(tmpdir(), 'rstscope-links-'))
afterAll(() => rmSync(folder, { recursive: true }))

const EXCHANGES = 3
const PAIRS = 24

/** Pairs of legs around a gateway, several at a time, some with ids and some without. */
const pairs = Array.from({ length: PAIRS }, (_, i) => {
  const id = i % 3 === 0 ? '' : `x-request-id: id-${i}\\r\\n`
  const text = (delay: number) => `
    c> S
    u> SA
    c> A
    ${Array.from(
      { length: EXCHANGES },
      (_, n) => `
    c> PA "GET /${i % 5} HTTP/1.1\\r\\nHost: a\\r\\n${id.replace('id-', `id-${n}-`)}\\r\\n"
    u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok" +${delay}ms
    c> A +${delay === 20 ? 1 : 21}ms`,
    ).join('')}
    ${i % 4 === 0 ? 'u> RA +5ms' : 'c> FA +5ms\n u> FA\n c> A'}`
  const at = 1 + Math.floor(i / 3) * 0.1 + (i % 3) * 0.002
  return {
    near: leg(text(20), {
      client: `10.1.0.${i + 2}:40000`,
      upstream: '10.42.1.5:8080',
      at,
      number: i,
    }),
    far: leg(text(1), {
      client: `10.42.1.5:${50000 + i}`,
      upstream: '10.42.3.8:8080',
      at: at + 0.006,
      number: 1000 + i,
    }),
  }
})

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

const gateway = file(
  'gateway.pcap',
  captureOf(
    ...pairs.flatMap(
      ({ near, far }): Parameters<typeof captureOf> => [
        [near, 'upstream'],
        [far, 'client'],
      ],
    ),
  ),
)
const client = file(
  'client.pcap',
  captureOf(...pairs.map(({ near }): Parameters<typeof captureOf>[0] => [near, 'client'])),
)
const upstream = file(
  'upstream.pcap',
  captureOf(...pairs.map(({ far }): Parameters<typeof captureOf>[0] => [far, 'upstream'])),
)

const json = (stream: ReportStream) => [...writeJson(stream)].join('')

describe('links of proxied connections', () => {
  it('are there', async () => {
    const report = await analyze(gateway, { jobs: 1 })
    const linked = report.connections.filter(({ links }) => links.length > 0)
    expect(report.connections).toHaveLength(2 * PAIRS)
    expect(linked.length).toBeGreaterThanOrEqual(PAIRS)
    const certain = linked.filter(({ links }) => links[0]!.confidence === 'certain')
    expect(certain.length).toBeGreaterThanOrEqual((2 * PAIRS * 2) / 3)
  })

  it('are the same for any --jobs, in one capture, in two, and along a path', async () => {
    const alone = json(await analyzeStream(gateway, { jobs: 1 }))
    const both = json(await compareStream({ client, upstream }, { jobs: 1 }))
    const path = { client, via: [gateway], upstream }
    const along = json(await compareStream(path, { jobs: 1 }))
    for (const jobs of [2, 3]) {
      expect(json(await compareStream(path, { jobs }))).toBe(along)
      expect(json(await analyzeStream(gateway, { jobs }))).toBe(alone)
      expect(json(await compareStream({ client, upstream }, { jobs }))).toBe(both)
    }
  })
})
