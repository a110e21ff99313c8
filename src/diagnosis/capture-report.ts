import type { ConnectionSet } from '../model/connection-set.ts'
import type { Capture } from '../model/report.ts'
import type { TapPosition } from '../model/sighting.ts'
import { isWritableTime, timeText } from './time-text.ts'

/** What the report says of one capture file (or rotated set). */
export function captureReport(
  set: ConnectionSet,
  role: Capture['role'],
  position: TapPosition | null,
  unseenSegments: number,
): Capture {
  const { facts, totals } = set
  const warnings = [...facts.warnings]
  if (!isWritableTime(facts.baseNs, 0) || !isWritableTime(facts.baseNs, totals.lastPacketTime)) {
    warnings.push({
      code: 'time-out-of-range',
      message: 'packet times lie outside the years 0 to 9999 and are shown clamped',
      offset: null,
    })
  }
  if (totals.backwardTimestamps > 0) {
    warnings.push({
      code: 'backward-timestamps',
      message: `timestamps run backwards ${times(totals.backwardTimestamps)}; the order in the file is taken as the order of events`,
      offset: null,
    })
  }
  const snapLengths = facts.interfaces.map((i) => i.snapLength).filter((n) => n > 0)
  return {
    id: set.capture,
    role,
    paths: facts.paths,
    sha256: facts.sha256,
    format: facts.format,
    compression: facts.compression,
    linkTypes: [...new Set(facts.interfaces.map((i) => i.linkTypeName))],
    snapLength: snapLengths.length === 0 ? null : Math.min(...snapLengths),
    filter: facts.interfaces.find((i) => i.filter !== null)?.filter ?? null,
    tap:
      position === null
        ? null
        : { inHost: position.host, basis: position.basis, told: position.told },
    packets: facts.packets,
    tcpPackets: totals.tcpPackets,
    skippedPackets: totals.skippedPackets,
    droppedByCapture: facts.droppedByCapture ?? 0,
    dropsKnown: facts.droppedByCapture !== null,
    unseenSegments,
    firstPacketAt: facts.packets === 0 ? null : timeText(facts.baseNs, 0),
    lastPacketAt: facts.packets === 0 ? null : timeText(facts.baseNs, totals.lastPacketTime),
    warnings,
  }
}

function times(n: number): string {
  return n === 1 ? 'once' : `${n} times`
}
