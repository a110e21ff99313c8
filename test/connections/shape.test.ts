import { describe, expect, it } from 'vitest'
import { CaptureConnections } from '../../src/connections/connection-set.ts'
import { trackCapture } from '../../src/workers/track-capture.ts'
import { ethernet, ipv4, tcp } from '../packets/packet-bytes.ts'
import { writePcap } from '../support/write-pcap.ts'

const CLIENT = { src: 0x0a000001, dst: 0x0a000002 }
const UPSTREAM = { src: 0x0a000002, dst: 0x0a000001 }
const SYN = { srcPort: 40000, dstPort: 80, seq: 1000, ack: 0, flags: 0x02 }
const REFUSAL = { srcPort: 80, dstPort: 40000, seq: 0, ack: 1001, flags: 0x14 }

/** A SYN and the RST that answers it. */
async function refused(payload: readonly number[]): Promise<CaptureConnections> {
  const records = [
    { time: 0n, bytes: ethernet(0x0800, ipv4(6, tcp(SYN), CLIENT)) },
    { time: 1_000_000n, bytes: ethernet(0x0800, ipv4(6, tcp({ ...REFUSAL, payload }), UPSTREAM)) },
  ].map(({ time, bytes }) => ({ time, bytes: Uint8Array.from(bytes) }))
  const { facts, data } = await trackCapture(writePcap(records), { hash: false })
  return new CaptureConnections('capture', facts, [data])
}

const moments = () => ({ count: 0, from: [], time: [], flags: [], length: [] })

describe('the shape of a refused connection', () => {
  it('tells its two segments, which need not be unpacked', async () => {
    const set = await refused([])
    expect(set.shape(0)).toBeGreaterThanOrEqual(0)
    const told = moments()
    set.readMoments(0, told)
    expect(told).toEqual({
      count: 2,
      from: [0, 1],
      time: [0, 1_000_000],
      flags: [0x02, 0x14],
      length: [0, 0],
    })
  })

  it('is none where the RST says why it was sent (RFC 9293 §3.5.3): its payload is no number of a shape', async () => {
    const set = await refused([...'no more'].map((letter) => letter.charCodeAt(0)))
    expect(set.shape(0)).toBe(-1)
  })
})
