import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { relateClocks } from '../../src/correlation/clock.ts'
import { type SampleCase, sampleCases } from '../properties/sample-cases.ts'
import { readCapture, type TestCapture } from '../support/capture-file.ts'
import { findFields } from '../support/packet-fields.ts'

interface View {
  client: string
}

interface Truth {
  clock_offset_s: number | null
  connections: { client_view: View | null; upstream_view: View | null; proxied_to?: string }[]
}

/** Segment identity → its time, for segments that a capture holds exactly once. */
function onlyCopies(
  capture: TestCapture,
  clients: Set<number>,
): Map<string, { time: bigint; fromClient: boolean }> {
  const found = new Map<string, { time: bigint; fromClient: boolean }>()
  const seenTwice = new Set<string>()
  for (const { data, linkType, time } of capture.records) {
    const { tcp, ip } = findFields(data, linkType)
    if (tcp < 0) continue
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    const flags = data[tcp + 13]!
    // Total length and identification of IPv4; of IPv6, which identifies nothing, the payload length.
    const ofIp = data[ip]! >> 4 === 4 ? view.getUint32(ip + 2) : view.getUint16(ip + 4)
    const key = `${view.getUint32(tcp + 4)} ${view.getUint32(tcp + 8)} ${flags} ${ofIp}`
    if (found.has(key)) seenTwice.add(key)
    found.set(key, { time, fromClient: clients.has(view.getUint16(tcp)) })
  }
  for (const key of seenTwice) found.delete(key)
  return found
}

function portsOfClients(sample: SampleCase, side: 'client_view' | 'upstream_view'): Set<number> {
  const { connections } = sample.truth as Truth
  return new Set(connections.map((c) => Number(c[side]?.client.split(':').at(-1) ?? -1)))
}

function clockOf(sample: SampleCase) {
  const client = readCapture(readFileSync(sample.client))
  const upstream = readCapture(readFileSync(sample.upstream))
  const clientBase = client.records[0]!.time
  const upstreamBase = upstream.records[0]!.time
  const here = onlyCopies(client, portsOfClients(sample, 'client_view'))
  const there = onlyCopies(upstream, portsOfClients(sample, 'upstream_view'))
  const rows = [...here].flatMap(([key, a]) => {
    const b = there.get(key)
    return b ? [{ a, b }] : []
  })
  return relateClocks({
    count: rows.length,
    clientTime: Float64Array.from(rows, (r) => Number(r.a.time - clientBase)),
    upstreamTime: Float64Array.from(rows, (r) => Number(r.b.time - upstreamBase)),
    direction: Uint8Array.from(rows, (r) => (r.a.fromClient ? 0 : 1)),
    baseDeltaNs: upstreamBase - clientBase,
  })
}

const cases = sampleCases().filter((sample) => {
  const truth = sample.truth as Truth
  return truth.connections.some((c) => c.client_view && c.upstream_view && !c.proxied_to)
})

describe.skipIf(cases.length === 0)('one clock from real captures', () => {
  for (const sample of cases) {
    const offset = (sample.truth as Truth).clock_offset_s
    it.skipIf(offset === null)(`contains the true offset of ${sample.name}`, () => {
      const relation = clockOf(sample)!
      expect(relation).toMatchObject({ consistent: true, steps: [], dropped: 0 })
      // The truth is the offset at the first packet of the incident, to about a millisecond.
      expect(relation.lowNs! / 1e9).toBeLessThan(offset! + 0.003)
      expect(relation.highNs! / 1e9).toBeGreaterThan(offset! - 0.003)
      expect(relation.highNs! - relation.lowNs!).toBeLessThan(100e6)
    })
  }
})
