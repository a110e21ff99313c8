import { describe, expect, it } from 'vitest'
import { compare } from '../src/index.ts'
import { sampleCases } from './properties/sample-cases.ts'

/** Codes and counts of findings of a sample, with its access log. */
async function findingsOf(name: string) {
  const sample = sampleCases().find((one) => one.name === name)!
  const accessLogs = sample.logs.map((input) => ({ input }))
  const { client, upstream } = sample
  const { findings } = await compare({ client, upstream }, { jobs: 1, accessLogs })
  return findings.map(({ code, count, severity }) => [code, count, severity])
}

describe('a proxy without a source port left', () => {
  it('is told by its log alone: there is no packet (the sample limits its ports to one)', async () => {
    expect(await findingsOf('envoy-without-upstream')).toContainEqual(['RS212', 1, 'error'])
  })

  it('is not one whose upstream refused', async () => {
    const codes = (await findingsOf('envoy-refused')).map(([code]) => code)
    expect(codes).toContain('RS201')
    expect(codes).not.toContain('RS212')
  })
})
