import type { DecodedPacket } from '../decoded-packet.ts'
import { isAfter, isBefore } from './sequence.ts'

const END_OF_LIST = 0
const NO_OPERATION = 1
const MAXIMUM_SEGMENT_SIZE = 2
const WINDOW_SCALE = 3
const SACK_PERMITTED = 4
const SACK = 5
const TIMESTAMPS = 8
const MPTCP = 30
const MP_TCPRST = 8

/** Two NOPs and a timestamp option of ten bytes: what most segments carry, and nothing else (RFC 7323 appendix A). */
const ALIGNED_TIMESTAMPS = 0x0101080a

/**
 * TCP options from `offset` to `end` (RFC 9293 §3.2). What is malformed or cut ends the list; the options before
 * it count. Options that only mean something on a SYN are taken only there.
 */
export function decodeTcpOptions(
  view: DataView,
  offset: number,
  end: number,
  isSyn: boolean,
  out: DecodedPacket,
): void {
  if (end - offset === 12 && view.getUint32(offset) === ALIGNED_TIMESTAMPS) {
    readTimestamps(view, offset + 2, out)
    return
  }
  let option = offset
  while (option < end) {
    const kind = view.getUint8(option)
    if (kind === NO_OPERATION) {
      option += 1
      continue
    }
    if (kind === END_OF_LIST || end - option < 2) return
    const length = view.getUint8(option + 1)
    if (length < 2 || length > end - option) return
    switch (kind) {
      case TIMESTAMPS:
        if (length === 10) readTimestamps(view, option, out)
        break
      case SACK:
        readSackBlocks(view, option, length, out)
        break
      case MAXIMUM_SEGMENT_SIZE:
        if (isSyn && length === 4) out.mss = view.getUint16(option + 2)
        break
      case WINDOW_SCALE:
        // RFC 7323 §2.3: a shift above 14 is used as 14.
        if (isSyn && length === 3) out.windowScale = Math.min(view.getUint8(option + 2), 14)
        break
      case SACK_PERMITTED:
        if (isSyn && length === 2) out.sackPermitted = true
        break
      case MPTCP:
        out.mptcp = true
        // RFC 8684 §3.6: subtype 8 carries why the subflow was reset.
        if (length >= 4 && view.getUint8(option + 2) >> 4 === MP_TCPRST) {
          out.resetReason = view.getUint8(option + 3)
        }
        break
    }
    option += length
  }
}

function readTimestamps(view: DataView, option: number, out: DecodedPacket): void {
  out.hasTimestamps = true
  out.tsVal = view.getUint32(option + 2)
  out.tsEcr = view.getUint32(option + 6)
}

/** RFC 2018 §3: pairs of left edge and right edge. */
function readSackBlocks(view: DataView, option: number, length: number, out: DecodedPacket): void {
  const blocks = (length - 2) >> 3
  for (let i = 0; i < blocks; i++) {
    const left = view.getUint32(option + 2 + i * 8)
    const right = view.getUint32(option + 6 + i * 8)
    if (out.sackBlocks === 0 || isBefore(left, out.sackLeft)) out.sackLeft = left
    if (out.sackBlocks === 0 || isAfter(right, out.sackRight)) out.sackRight = right
    out.sackBlocks += 1
  }
}
