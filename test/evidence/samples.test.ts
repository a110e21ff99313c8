import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { collectEvidence, compare, compareStream, type Report } from '../../src/index.ts'
import { sampleCases } from '../properties/sample-cases.ts'

const samples = sampleCases().filter(({ client }) => client.includes('/samples/'))

/**
 * Beside the samples around a proxy, whose two connections are linked by the requests that they carry: verdicts here rest
 * on what TLS and HTTP said.
 */
const NEED_PAYLOAD = [
  'plaintext-to-tls',
  'tls-client-cert-missing',
  'tls-reset-at-hello',
  'tls-server-silent',
  'tls-untrusted-ca',
]

async function evidenceOf(client: string, upstream: string, withPayload: boolean) {
  const stream = await compareStream({ client, upstream }, { jobs: 1 })
  const evidence = await collectEvidence(stream, { withPayload })
  const bytes = (capture: string) => new Uint8Array(Buffer.concat([...evidence.blocks(capture)]))
  return { stream, evidence, files: { client: bytes('client'), upstream: bytes('upstream') } }
}

/** Frames have other numbers in the evidence; texts name a few. */
const said = (items: Report['verdict']['because']) =>
  items.map(({ capture, at, text }) => [capture, at, text.replace(/(frame |#)\d+/g, '$1N')])

function core({ by, confidence, cause, because, against }: Report['verdict']) {
  const why = cause && { id: cause.id, confidence: cause.confidence }
  return { by, confidence, cause: why, because: said(because), against: said(against) }
}

describe('the evidence of a sample gives the verdict of the sample', () => {
  it.each(samples)('$name, whole packets', async ({ client, upstream }) => {
    const { stream, files } = await evidenceOf(client, upstream, true)
    const report = await compare(files, { jobs: 1 })
    expect(core(report.verdict)).toEqual(core(stream.head.verdict))
  })

  const bare = samples.filter(
    ({ name }) => !name.startsWith('envoy-') && !NEED_PAYLOAD.includes(name),
  )
  it.each(bare)('$name, headers only', async ({ client, upstream }) => {
    const { stream, files } = await evidenceOf(client, upstream, false)
    const report = await compare(files, { jobs: 1 })
    expect(core(report.verdict)).toEqual(core(stream.head.verdict))
  })

  it('the samples that need payload are there', () => {
    const names = samples.map(({ name }) => name)
    expect(NEED_PAYLOAD.filter((name) => !names.includes(name))).toEqual([])
    expect(bare.length).toBeGreaterThan(15)
  })

  it.each(NEED_PAYLOAD)('%s without payload still tells who reset', async (name) => {
    const { client, upstream } = samples.find((one) => one.name === name)!
    const { stream, files } = await evidenceOf(client, upstream, false)
    const report = await compare(files, { jobs: 1 })
    expect(report.verdict.by).toBe(stream.head.verdict.by)
  })
})

it('times are those of the captures, and no payload is left', async () => {
  const { client, upstream } = samples.find(({ name }) => name === 'upstream-kill')!
  const { files, evidence } = await evidenceOf(client, upstream, false)
  const { readCapture } = await import('../support/capture-file.ts')
  const { readFileSync } = await import('node:fs')
  for (const [side, path] of [
    ['client', client],
    ['upstream', upstream],
  ] as const) {
    const original = readCapture(readFileSync(path)).records
    const kept = readCapture(files[side]).records
    expect(kept.length).toBeGreaterThan(10)
    for (const record of kept) {
      const same = original.find(
        ({ time, data, originalLength }) =>
          time === record.time &&
          originalLength === record.originalLength &&
          Buffer.from(data.subarray(0, record.data.length)).equals(record.data),
      )
      expect(same, `${basename(path)} at ${record.time}`).toBeDefined()
      // The longest headers here: cooked or Ethernet (16), IP (20 or 40), TCP (60).
      expect(record.data.length).toBeLessThanOrEqual(116)
    }
  }
  expect(evidence.notes).toEqual([])
})
