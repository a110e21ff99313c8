import { readFileSync } from 'node:fs'
import type { Piece } from './pcap-payload.ts'

const recordings: Record<string, [0 | 1, string][]> = JSON.parse(
  readFileSync(new URL('./handshakes.json', import.meta.url), 'utf8'),
)

export const recordingNames = Object.keys(recordings)

/** One recorded handshake; direction 0 is the client and frames count from 1. */
export function recording(name: string): Piece[] {
  return recordings[name]!.map(([direction, hex], index) => ({
    direction,
    bytes: new Uint8Array(Buffer.from(hex, 'hex')),
    frame: index + 1,
  }))
}
