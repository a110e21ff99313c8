import { openCapture } from '../../src/capture/open-capture.ts'
import type { RecordBatch } from '../../src/model/record-reader.ts'
import {
  ConnectionWindow,
  type Told,
  type WindowOptions,
} from '../../src/watch/connection-window.ts'

const OPTIONS: WindowOptions = { goneAfterNs: 7200e9, maxMemory: 64 * 2 ** 20 }

export interface Played {
  /** Everything that was told, in order, and how much of it before the capture ended. */
  told: Told[]
  toldBeforeEnd: number
  window: ConnectionWindow
}

/** Hands a capture to a window packet by packet, as if each arrived alone, and looks for endings before every n-th. */
export async function playLive(
  path: string | Uint8Array,
  options: Partial<WindowOptions> = {},
  n = 1,
): Promise<Played> {
  const window = new ConnectionWindow({ ...OPTIONS, ...options })
  const reader = await openCapture(path, { hash: false, reader: 'native-free' })
  const told: Told[] = []
  try {
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
      for (let i = 0; i < batch.count; i++) {
        const now = Math.max(window.lastPacketTime, batch.times[i]!)
        // What shows by the time that passed before this packet.
        if ((batch.firstFrame + i) % n === 0) told.push(...window.ended(now, reader.facts))
        window.take(only(batch, i), reader.facts.interfaces)
      }
    }
  } finally {
    await reader.close()
  }
  const toldBeforeEnd = told.length
  told.push(...window.finish(window.lastPacketTime, reader.facts))
  return { told, toldBeforeEnd, window }
}

function only(batch: RecordBatch, i: number): RecordBatch {
  return {
    ...batch,
    bytes: batch.bytes,
    view: batch.view,
    count: 1,
    firstFrame: batch.firstFrame + i,
    offsets: batch.offsets.subarray(i),
    capturedLengths: batch.capturedLengths.subarray(i),
    originalLengths: batch.originalLengths.subarray(i),
    times: batch.times.subarray(i),
    interfaces: batch.interfaces.subarray(i),
    directions: batch.directions.subarray(i),
  }
}

/** The last that was told of each connection, by its id. */
export function lastTold(told: readonly Told[]): Map<number, Told> {
  return new Map(told.map((one) => [one.connection.id, one]))
}
