import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
// @ts-expect-error The generator is plain JavaScript.
import { captureChunks } from '../bench/capture/capture.mjs'
import type { Cases } from '../src/compare-cases.ts'
import { pairedCases, singleCases } from '../src/compare-cases.ts'
import { CaptureConnections } from '../src/connections/connection-set.ts'
import { Pairing, singleLoss } from '../src/correlation/pairing.ts'
import { singlePosition } from '../src/correlation/tap-position.ts'
import { surveyCases } from '../src/survey-cases.ts'
import { trackCapture } from '../src/workers/track-capture.ts'
import { sampleCases } from './properties/sample-cases.ts'

type Input = string | Uint8Array

async function connections(id: string, input: Input, thin: boolean) {
  const { facts, data } = await trackCapture(input, { hash: false, thin })
  return new CaptureConnections(id, facts, [data])
}

async function single(input: Input, thin: boolean): Promise<Cases> {
  const set = await connections('capture', input, thin)
  return singleCases(set, singlePosition(set), singleLoss(set))
}

async function paired(client: Input, upstream: Input): Promise<Cases> {
  const near = await connections('client', client, false)
  const far = await connections('upstream', upstream, false)
  return pairedCases(new Pairing(near, far, null, null))
}

/** How every connection ended, and what they are together. */
function survey(cases: Cases) {
  const { counter, kinds, matched } = surveyCases(cases, () => true)
  return {
    endings: [...kinds].map((kind) => counter.endings[kind]),
    summary: JSON.stringify(counter.summary(matched)),
    leader: JSON.stringify(counter.leader()?.group ?? null),
  }
}

/** The same with every connection looked at, segment by segment; tells how many have a shape. */
function checkShapes(cases: Cases): number {
  const { brief, ...whole } = cases
  expect(survey(cases)).toEqual(survey(whole))
  let shaped = 0
  const out = {
    shape: 0,
    finTime: { client: 0, upstream: 0 },
    resetTime: { client: 0, upstream: 0 },
    aliveUntil: 0,
  }
  for (let i = 0; i < cases.count; i++) if (brief!(i, out)) shaped++
  return shaped / cases.count
}

function generated(kind: string, tap: string): Uint8Array {
  const scale = { big: 0.02, small: 0.004, syn: 0.002 }[kind]
  const chunks: Buffer[] = []
  // A chunk is valid until the next one is asked for.
  for (const chunk of captureChunks(kind, { scale, tap, seed: 5 })) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** Every fortieth RST|ACK of IPv4 passes this tap so many microseconds later, in the same place of the file. */
function delayResets(capture: Uint8Array, microseconds: number): Uint8Array {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.byteLength)
  let resets = 0
  for (let at = 24; at < capture.length; at += 16 + view.getUint32(at + 8, true)) {
    const isPlainIpv4 = view.getUint16(at + 16 + 12) === 0x0800 && capture[at + 16 + 23] === 6
    if (!isPlainIpv4 || capture[at + 16 + 47] !== 0x14 || ++resets % 40 !== 0) continue
    const later = view.getUint32(at + 4, true) + microseconds
    view.setUint32(at, view.getUint32(at, true) + Math.floor(later / 1e6), true)
    view.setUint32(at + 4, later % 1e6, true)
  }
  expect(resets).toBeGreaterThan(400)
  return capture
}

describe('connections of one shape ended alike', () => {
  it('in every sample, one capture or both', async () => {
    for (const { client, upstream } of sampleCases()) {
      for (const path of [client, upstream]) {
        checkShapes(await single(path, false))
        const thinned = survey(await single(path, true))
        expect(thinned).toEqual(survey(await single(path, false)))
      }
      checkShapes(await paired(client, upstream))
    }
  })

  it.each(['big', 'small', 'syn'])(
    'in a generated capture, %s, and most have one',
    async (kind) => {
      const client = generated(kind, 'client')
      expect(checkShapes(await single(client, false))).toBeGreaterThan(0.7)
      expect(survey(await single(client, true))).toEqual(survey(await single(client, false)))
      const upstream = generated(kind, 'upstream')
      expect(checkShapes(await paired(client, upstream))).toBeGreaterThan(
        kind === 'syn' ? 0.9 : 0.1,
      )
    },
  )

  it('not where a RST leaves long after its like has arrived', async () => {
    const upstream = delayResets(generated('syn', 'upstream'), 200_000)
    const cases = await paired(generated('syn', 'client'), upstream)
    checkShapes(cases)
    const { summary } = survey(cases)
    expect(JSON.parse(summary).byFirstReset.between).toBeGreaterThan(10)
  })

  const lab = new URL('../../shared/lab-captures/', import.meta.url).pathname
  it.skipIf(!existsSync(lab))('in the laboratory’s captures', async () => {
    let seen = 0
    for (const entry of readdirSync(lab, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue
      const names = readdirSync(`${lab}${entry.name}`)
      const pathOf = (side: string) => {
        const name = names.find((file) => file.startsWith(`${side}.pcap`))
        return name === undefined ? null : `${lab}${entry.name}/${name}`
      }
      const [client, upstream] = [pathOf('client'), pathOf('upstream')]
      if (client === null || upstream === null) continue
      for (const path of [client, upstream]) checkShapes(await single(path, false))
      checkShapes(await paired(client, upstream))
      seen++
    }
    expect(seen).toBeGreaterThan(20)
  })
})
