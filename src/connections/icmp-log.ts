import type { DecodedPacket } from '../../native-free-decoders/decoded-packet.ts'
import type { IcmpRecord } from '../model/connection-data.ts'

/** Errors kept in all; more are counted. */
const MOST_ERRORS = 20_000

/** ICMP errors that quote TCP segments: evidence for a connection, never packets of it. */
export class IcmpLog {
  readonly records: IcmpRecord[] = []
  /** Errors that the bound left out. */
  dropped = 0

  add(p: DecodedPacket, frame: number, time: number): void {
    if (this.records.length >= MOST_ERRORS) {
      this.dropped++
      return
    }
    this.records.push({
      frame,
      time,
      version: p.ipVersion === 6 ? 6 : 4,
      type: p.icmpType,
      code: p.icmpCode,
      mtu: p.icmpMtu,
      from: [p.icmpFrom0, p.icmpFrom1, p.icmpFrom2, p.icmpFrom3],
      source: [p.src0, p.src1, p.src2, p.src3],
      target: [p.dst0, p.dst1, p.dst2, p.dst3],
      sourcePort: p.srcPort,
      targetPort: p.dstPort,
      seq: p.seq,
    })
  }
}
