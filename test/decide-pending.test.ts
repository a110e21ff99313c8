import { describe, expect, it } from 'vitest'
// @ts-expect-error The generator is plain JavaScript.
import { captureChunks } from '../bench/capture/capture.mjs'
import type { Cases } from '../src/compare-cases.ts'
import { pairedCases, singleCases } from '../src/compare-cases.ts'
import { CaptureConnections } from '../src/connections/connection-set.ts'
import { Pairing, singleLoss } from '../src/correlation/pairing.ts'
import { newSegmentNumbers } from '../src/correlation/segment-rows.ts'
import { singlePosition } from '../src/correlation/tap-position.ts'
import { whyOf } from '../src/diagnosis/why.ts'
import { surveyCases } from '../src/survey-cases.ts'
import { trackCapture } from '../src/workers/track-capture.ts'
import { sampleCases } from './properties/sample-cases.ts'

type Input = string | Uint8Array

async function connections(id: string, input: Input) {
  const { facts, data } = await trackCapture(input, { hash: false, thin: false })
  return new CaptureConnections(id, facts, [data])
}

async function single(input: Input): Promise<Cases> {
  const set = await connections('capture', input)
  return singleCases(set, singlePosition(set), singleLoss(set))
}

async function paired(client: Input, upstream: Input): Promise<Cases> {
  const near = await connections('client', client)
  return pairedCases(new Pairing(near, await connections('upstream', upstream), null, null))
}

function generated(kind: string, tap: string): Uint8Array {
  const scale = { big: 0.02, small: 0.004, syn: 0.002 }[kind]
  const chunks: Buffer[] = []
  for (const chunk of captureChunks(kind, { scale, tap, seed: 5 })) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** Every connection is counted with the cause that its own report names first. */
function checkCauses(cases: Cases): void {
  const { counter, kinds, surroundings } = surveyCases(cases, () => true)
  const counted = [...kinds].map((kind) => counter.endings[kind]!.cause)
  const told = counted.map((_, i) => whyOf(cases.at(i), surroundings)[0] ?? null)
  expect(counted).toEqual(told.map((one) => one && { id: one.id, confidence: one.confidence }))
}

/** Of connections with a shape, the moments of segments are those of the segments. */
function checkMoments(cases: Cases): void {
  const all = newSegmentNumbers()
  const some = newSegmentNumbers()
  const wrong: number[] = []
  for (const set of cases.sets) {
    for (let index = 0; index < set.count; index++) {
      if (set.shape(index) < 0) continue
      set.readSegments(index, all)
      set.readMoments(index, some)
      const moments = (rows: typeof all) =>
        Array.from({ length: rows.count }, (_, n) =>
          [rows.from[n], rows.time[n], rows.flags[n], rows.length[n]].join(' '),
        )
      if (moments(some).join() !== moments(all).join()) wrong.push(index)
    }
  }
  expect(wrong).toEqual([])
}

describe('a cause that was found without looking again is the one that looking finds', () => {
  it('in every sample, one capture or both', async () => {
    for (const { client, upstream } of sampleCases()) {
      const both = await paired(client, upstream)
      checkCauses(await single(client))
      checkCauses(both)
      checkMoments(both)
    }
  })

  it.each(['big', 'small', 'syn'])('in a generated capture of many (%s)', async (kind) => {
    const both = await paired(generated(kind, 'client'), generated(kind, 'upstream'))
    checkCauses(await single(generated(kind, 'client')))
    checkCauses(both)
    checkMoments(both)
  })
})
