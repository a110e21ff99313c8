import type { DecodedPacket } from '../decoded-packet.ts'
import type { Layer, LayerCursor } from '../layer-cursor.ts'
import { LAYER_IPV4, LAYER_IPV6, stopShort, stopUnsupported } from '../layer-cursor.ts'

/**
 * LINKTYPE_NULL and LINKTYPE_LOOP: a four-byte address family, in the byte order of the capturing machine
 * (NULL) or the network's (LOOP). Both orders are taken for both. AF_INET6 is 10 on Linux, 24 on NetBSD
 * and OpenBSD, 28 on FreeBSD, 30 on Darwin.
 */
export function decodeNull(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 4) return stopShort(at, out)
  const bigEndian = view.getUint32(offset)
  const family = bigEndian < 0x10000 ? bigEndian : view.getUint32(offset, true)
  at.offset = offset + 4
  switch (family) {
    case 2:
      return LAYER_IPV4
    case 10:
    case 24:
    case 28:
    case 30:
      return LAYER_IPV6
    default:
      return stopUnsupported(out)
  }
}

/** LINKTYPE_RAW and wherever else only the version field says which IP it is. */
export function decodeRawIp(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  if (at.end - at.offset < 1) return stopShort(at, out)
  const version = view.getUint8(at.offset) >> 4
  if (version === 4) return LAYER_IPV4
  return version === 6 ? LAYER_IPV6 : stopUnsupported(out)
}
