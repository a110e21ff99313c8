import { delta } from '../../native-free-decoders/transport/sequence.ts'
import type { IcmpError, Side } from '../model/connection.ts'
import type { IcmpRecord } from '../model/connection-data.ts'
import { ipv4Text, ipv6Text } from './address-text.ts'
import type { CaptureConnections } from './connection-set.ts'
import * as L from './layout.ts'

export interface IcmpAttachment {
  /** Errors that quote a segment of this record. */
  of(record: number): IcmpError[]
  /** Errors about no connection of the capture. */
  orphans: number
}

/** How near the quoted sequence number must lie to what the sender used. */
const NEAR = 1 << 25

/** Joins ICMP errors with the connections whose segments they quote. */
export function attachIcmp(set: CaptureConnections, total: number): IcmpAttachment {
  const byRecord = new Map<number, IcmpError[]>()
  const waiting = new Map<string, IcmpRecord[]>()
  // Shards share the file: each error was taken by exactly one of them.
  const errors = set.parts.flatMap((part) => part.icmp).sort((a, b) => a.frame - b.frame)
  for (const error of errors) {
    const key = `${text(error.version, error.source)} ${error.sourcePort} ${text(error.version, error.target)} ${error.targetPort}`
    const list = waiting.get(key)
    if (list === undefined) waiting.set(key, [error])
    else list.push(error)
  }
  const best = new Map<IcmpRecord, { record: number; side: Side; distance: number }>()
  if (waiting.size > 0) {
    for (let record = 0; record < total; record++) {
      const { client, upstream } = set.addressPair(record)
      const forward = `${client.address} ${client.port} ${upstream.address} ${upstream.port}`
      const backward = `${upstream.address} ${upstream.port} ${client.address} ${client.port}`
      offer(set, record, 'client', waiting.get(forward), best)
      offer(set, record, 'upstream', waiting.get(backward), best)
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
  return { of: (record) => byRecord.get(record) ?? [], orphans }
}

/** Of several uses of one tuple, the error is about the one whose numbers and time are nearest. */
function offer(
  set: CaptureConnections,
  record: number,
  side: Side,
  errors: readonly IcmpRecord[] | undefined,
  best: Map<IcmpRecord, { record: number; side: Side; distance: number }>,
): void {
  for (const error of errors ?? []) {
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
