import { readFileSync } from 'node:fs'
import type { ApplicationWalker } from '../../../native-free-decoders/application/application-walker.ts'

/** One segment's worth of in-order payload. */
export interface Piece {
  direction: 0 | 1
  bytes: Uint8Array
  frame: number
}

/**
 * The payload of the only connection in a small Ethernet or raw-IP pcap, in order, without repetitions.
 * Written for the captures of the tests: IPv4, nothing reordered.
 */
export function pcapPayload(path: string): Piece[] {
  const file = readFileSync(path)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const little = view.getUint32(0, true) === 0xa1b2c3d4 || view.getUint32(0, true) === 0xa1b23c4d
  const linkType = view.getUint32(20, little)
  const linkLength = linkType === 1 ? 14 : linkType === 113 ? 16 : linkType === 276 ? 20 : 0
  const pieces: Piece[] = []
  const next = new Map<number, number>()
  let at = 24
  let firstPort = -1
  for (let frame = 1; at + 16 <= file.length; frame++) {
    const captured = view.getUint32(at + 8, little)
    const ip = at + 16 + linkLength
    at += 16 + captured
    const tcp = ip + (file[ip]! & 15) * 4
    const payload = tcp + (file[tcp + 12]! >> 4) * 4
    const end = ip + view.getUint16(ip + 2)
    const port = view.getUint16(tcp)
    if (firstPort === -1) firstPort = port
    const seq = view.getUint32(tcp + 4)
    if (payload >= end || seq < (next.get(port) ?? 0)) continue
    next.set(port, seq + end - payload)
    const direction = port === firstPort ? 0 : 1
    pieces.push({ direction, bytes: new Uint8Array(file.subarray(payload, end)), frame })
  }
  return pieces
}

/** Feeds pieces whole; the time of a piece is its frame in seconds. */
export function feedAll(walker: ApplicationWalker, pieces: readonly Piece[]): void {
  for (const { direction, bytes, frame } of pieces) {
    walker.feed(direction, bytes, 0, bytes.length, frame, frame * 1e9)
  }
}
