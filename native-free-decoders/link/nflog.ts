import type { DecodedPacket } from '../decoded-packet.ts'
import type { Layer, LayerCursor } from '../layer-cursor.ts'
import { LAYER_RAW_IP, stopMalformed, stopShort, stopUnsupported } from '../layer-cursor.ts'

const PAYLOAD = 9

/**
 * LINKTYPE_NFLOG, what the iptables NFLOG target logs: a four-byte header, then type-length-values in the byte order
 * of the logging machine, the IP packet in one of them (tcpdump.org/linktypes/LINKTYPE_NFLOG.html).
 */
export function decodeNflog(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  let value = at.offset + 4
  while (at.end - value >= 4) {
    // Types are small: the order in which this one is small is the machine's.
    const isLittleEndian = view.getUint16(value + 2, true) < 0x100
    const length = view.getUint16(value, isLittleEndian)
    if (length < 4) return stopMalformed(out)
    if (view.getUint16(value + 2, isLittleEndian) === PAYLOAD) {
      at.offset = value + 4
      return LAYER_RAW_IP
    }
    value += (length + 3) & ~3
  }
  return at.wireEnd > at.end ? stopShort(at, out) : stopUnsupported(out)
}
