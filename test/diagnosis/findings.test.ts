import { describe, expect, it } from 'vitest'
import { EXCHANGE, HALF_RESPONSE, OPEN } from '../scenarios/ladders.ts'
import { type Part, reportOf } from '../support/ladder-causes.ts'

const ABORT = `${HALF_RESPONSE}
  u> RA`
const ORDERLY = `${EXCHANGE}
  c> FA
  u> FA
  c> A`

/** Without the one about the other traffic, which falls silent for long and then closes. */
async function foundIn(parts: Part[]) {
  const report = await reportOf(parts)
  return { ...report, findings: report.findings.filter(({ title }) => !title.includes(':9999')) }
}

async function findings(...parts: Part[]) {
  const report = await foundIn(parts)
  return report.findings.map(({ code, severity, count, connections, title }) => ({
    code,
    severity,
    count,
    listed: connections.length,
    title,
  }))
}

describe('findings', () => {
  it('gather connections with one cause at one endpoint, with the time of the first and the last', async () => {
    const [first, second, ...rest] = await findings(
      [10, ABORT],
      [20, ABORT],
      [31, ABORT],
      [40, ABORT, { upstream: '10.2.0.9:443' }],
    )
    expect(first).toMatchObject({ code: 'RS262', severity: 'error', count: 3, listed: 3 })
    // The ladders' clock begins at 2025-06-15T15:06:40Z.
    expect(first!.title).toMatch(/: 3 connections of 10\.2\.0\.3:8080, 15:06:50Z to 15:07:11Z$/)
    expect(second).toMatchObject({ code: 'RS262', count: 1 })
    expect(second!.title).toContain('10.2.0.9:443')
    expect(rest).toEqual([])
  })

  it('are none where everything ended well', async () => {
    expect(await findings([10, ORDERLY], [11, ORDERLY])).toEqual([])
  })

  it('of ordinary resets are worth an "info", and are no causes', async () => {
    const hard = `${EXCHANGE}
      c> RA +0.1s`
    const scan = `
      c> S
      u> SA
      c> R`
    const probe = `${OPEN}
      c> RA`
    for (const [code, ladder] of [
      ['RS269', hard],
      ['RS284', scan],
      ['RS285', probe],
    ] as const) {
      const report = await foundIn([[10, ladder]])
      expect(report.findings.map((f) => [f.code, f.severity])).toEqual([[code, 'info']])
      const played = report.connections.find(({ client }) => client.port === 41001)
      expect(played!.causes).toEqual([])
    }
  })

  it('are in order of how bad they are, then how many', async () => {
    const order = await findings(
      [10, `${EXCHANGE}\n c> RA +0.1s`],
      [20, ABORT],
      [21, '\n c> S\n u> RA', { upstream: '10.2.0.9:443' }],
      [22, '\n c> S\n u> RA', { upstream: '10.2.0.9:443' }],
    )
    expect(order.map(({ code }) => code)).toEqual(['RS201', 'RS262', 'RS269'])
  })

  it('cite frames of their first connection, and say what to do and where more is written', async () => {
    const { findings } = await foundIn([[10, ABORT]])
    const [finding] = findings
    expect(finding!.evidence.every(({ capture, frame }) => capture !== '' && frame !== null)).toBe(
      true,
    )
    expect(finding!.next.at(-1)).toBe('rstscope explain RS262')
  })
})
