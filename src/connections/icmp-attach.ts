import { ipv4Text, ipv6Text } from '../../native-free-decoders/network/address-text.ts'
import { delta } from '../../native-free-decoders/transport/sequence.ts'
import type { IcmpError, Side } from '../model/connection.ts'
import type { IcmpRecord } from '../model/connection-data.ts'
import type { CaptureRecords } from './capture-records.ts'
import { EndpointIds } from './endpoint-ids.ts'
import * as L from './layout.ts'

export interface IcmpAttachment {
  /** Errors that quote a segment of this record. */
  of(record: number): IcmpError[]
  has(record: number): boolean
  /** Errors about no connection of the capture. */
  orphans: number
}

/** How near the quoted sequence number must lie to what the sender used. */
const NEAR = 1 << 25

/** Joins ICMP errors with the connections whose segments they quote. */
export function attachIcmp(set: CaptureRecords, total: number): IcmpAttachment {
  const byRecord = new Map<number, IcmpError[]>()
  // Shards share the file: each error was taken by exactly one of them.
  const errors = set.parts.flatMap((part) => part.icmp).sort((a, b) => a.frame - b.frame)
  const best = new Map<IcmpRecord, { record: number; side: Side; distance: number }>()
  if (errors.length > 0) {
    const quoted = new QuotedTuples(errors)
    for (let record = 0; record < total; record++) {
      if (!quoted.hasPorts(set.word(record, L.PORTS))) continue
      const client = set.endpointIdOf(record, 'client', quoted.ids, false)
      if (client < 0) continue
      const upstream = set.endpointIdOf(record, 'upstream', quoted.ids, false)
      if (upstream < 0) continue
      offer(set, record, 'client', quoted.between(client, upstream), best)
      offer(set, record, 'upstream', quoted.between(upstream, client), best)
    }
  }
  let orphans = 0
  for (const error of errors) {
    const found = best.get(error)
    if (found === undefined) {
      orphans++
      continue
    }
    const list = byRecord.get(found.record) ?? []
    list.push({
      frame: error.frame,
      time: error.time,
      version: error.version,
      type: error.type,
      code: error.code,
      mtu: error.mtu,
      from: text(error.version, error.from),
      about: found.side,
      quotedSeq: error.seq,
    })
    byRecord.set(found.record, list)
  }
  const attached = new Uint8Array(total)
  for (const record of byRecord.keys()) attached[record] = 1
  return {
    of: (record) => byRecord.get(record) ?? [],
    has: (record) => attached[record] === 1,
    orphans,
  }
}

/** Errors by the endpoints of the segment that they quote. */
class QuotedTuples {
  readonly ids = new EndpointIds()
  private readonly ports = new Uint8Array(1 << 16)
  private readonly errors = new Map<number, Map<number, IcmpRecord[]>>()

  constructor(errors: readonly IcmpRecord[]) {
    for (const error of errors) {
      const { version, sourcePort, targetPort } = error
      const source = this.intern(version, error.source, sourcePort)
      const target = this.intern(version, error.target, targetPort)
      const targets = this.errors.get(source) ?? new Map<number, IcmpRecord[]>()
      this.errors.set(source, targets.set(target, [...(targets.get(target) ?? []), error]))
    }
  }

  /** Are both of these ports, one in each half, quoted at all? One read that spares most records the rest. */
  hasPorts(ports: number): boolean {
    return (this.ports[ports >>> 16]! & this.ports[ports & 0xffff]!) !== 0
  }

  between(source: number, target: number): readonly IcmpRecord[] {
    return this.errors.get(source)?.get(target) ?? []
  }

  private intern(version: 4 | 6, words: readonly number[], port: number): number {
    this.ports[port] = 1
    return version === 4
      ? this.ids.intern(null, words[3]!, port)
      : this.ids.intern(Uint32Array.from(words), 0, port)
  }
}

/** Of several uses of one tuple, the error is about the one whose numbers and time are nearest. */
function offer(
  set: CaptureRecords,
  record: number,
  side: Side,
  errors: readonly IcmpRecord[],
  best: Map<IcmpRecord, { record: number; side: Side; distance: number }>,
): void {
  for (const error of errors) {
    const isn = set.rawIsn(record, side)
    const seen = (set.sideWord(record, side, L.D_BITS) & L.DB_SEEN) !== 0
    const next = seen ? set.sideWord(record, side, L.D_NEXT) : isn
    if (next >= 0 && Math.abs(delta(next, error.seq)) > NEAR) continue
    const first = set.double(record, L.T_FIRST)
    const last = set.double(record, L.T_LAST)
    const distance = error.time < first ? first - error.time : Math.max(0, error.time - last)
    const old = best.get(error)
    if (old === undefined || distance < old.distance) best.set(error, { record, side, distance })
  }
}

function text(version: 4 | 6, words: readonly [number, number, number, number]): string {
  return version === 4 ? ipv4Text(words[3]) : ipv6Text(words[0], words[1], words[2], words[3])
}
