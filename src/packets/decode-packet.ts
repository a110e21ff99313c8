import type { DecodedPacket } from '../../native-free-decoders/decoded-packet.ts'
import {
  PACKET_FRAGMENT,
  PACKET_ICMP_QUOTING_TCP,
  PACKET_TCP,
  STOP_MALFORMED,
  STOP_SNAPPED,
  STOP_UNSUPPORTED,
} from '../../native-free-decoders/decoded-packet.ts'
import { LAYER_END, LAYER_FRAGMENT, LayerCursor } from '../../native-free-decoders/layer-cursor.ts'
import { decodeLayers } from '../../native-free-decoders/layers.ts'
import { layerOfLinkType } from '../../native-free-decoders/link/link-type.ts'
import { layerOfIpProtocol } from '../../native-free-decoders/network/ip-protocol.ts'
import type { FragmentCounters } from './defragment.ts'
import { Defragmenter } from './defragment.ts'

const DEFAULT_MAX_FRAGMENT_BYTES = 4 * 1024 * 1024

/** A packet holds at most this many reassembled datagrams inside one another (a tunnel over a fragmented tunnel …). */
const MAX_NESTED_REASSEMBLIES = 4

export interface PacketCounters extends FragmentCounters {
  packets: number
  /** Segments, never counting what ICMP errors quote. */
  tcp: number
  /** Segments among them with an impossible header length (STOP_MALFORMED): no receiver takes them. */
  tcpMalformed: number
  /** Segments among them whose IP length says more than the record's original length. */
  longerThanRecord: number
  /** ICMP errors that quote a segment. */
  icmpQuotingTcp: number
  /** Not counted as TCP because the snap length cut a header. */
  snapped: number
  /** Not counted as TCP because a length field contradicts the bytes around it. */
  malformed: number
  /** Other protocols, and link types that are not decoded here. */
  unsupported: number
}

/**
 * Records to packets: link layer, tunnels and IP down to the innermost TCP header. Fragments waiting for the
 * rest of their datagram are its only memory.
 */
export class PacketDecoder {
  readonly counters: PacketCounters = {
    packets: 0,
    tcp: 0,
    tcpMalformed: 0,
    longerThanRecord: 0,
    icmpQuotingTcp: 0,
    snapped: 0,
    malformed: 0,
    unsupported: 0,
    fragments: 0,
    fragmentsMalformed: 0,
    datagramsReassembled: 0,
    fragmentsIncomplete: 0,
    tcpFragmentsIncomplete: 0,
  }
  readonly #cursor = new LayerCursor()
  readonly #defragmenter: Defragmenter

  constructor(options?: { maxFragmentBytes?: number }) {
    const maxBytes = options?.maxFragmentBytes ?? DEFAULT_MAX_FRAGMENT_BYTES
    this.#defragmenter = new Defragmenter(maxBytes, this.counters)
  }

  /**
   * Decodes the record at `offset` of `bytes` (and of `view`, over the same memory) into `out`, of which every
   * field is set. `timeNs` only ages fragments. `out.reassembled` is valid until the next call.
   */
  decode(
    view: DataView,
    bytes: Uint8Array,
    offset: number,
    capturedLength: number,
    originalLength: number,
    linkType: number,
    timeNs: number,
    out: DecodedPacket,
  ): void {
    out.reset()
    const at = this.#cursor
    at.offset = offset
    at.end = Math.min(offset + capturedLength, bytes.length)
    const recordEnd = offset + Math.max(capturedLength, originalLength)
    at.wireEnd = recordEnd
    at.quoted = false

    const layer = layerOfLinkType(linkType)
    if (layer === LAYER_END) out.stop = STOP_UNSUPPORTED
    else if (decodeLayers(view, layer, at, out) === LAYER_FRAGMENT) {
      this.#decodeFragment(bytes, timeNs, out)
    }
    this.#count(recordEnd, out)
  }

  #decodeFragment(bytes: Uint8Array, timeNs: number, out: DecodedPacket): void {
    const at = this.#cursor
    let source = bytes
    for (let nested = 0; nested < MAX_NESTED_REASSEMBLIES; nested++) {
      const datagram = this.#defragmenter.add(source, at, timeNs, out)
      if (datagram === null) break
      source = datagram.bytes
      out.reassembled = source
      out.lengthFromCapture = false
      at.offset = 0
      at.end = Math.min(datagram.totalLength, datagram.capturedLength)
      at.wireEnd = datagram.totalLength
      at.protocol = datagram.protocol
      const layer = layerOfIpProtocol(at.protocol, out.ipVersion)
      if (layer === LAYER_END) {
        out.stop = STOP_UNSUPPORTED
        return
      }
      const view = new DataView(source.buffer, source.byteOffset, source.byteLength)
      if (decodeLayers(view, layer, at, out) === LAYER_END) return
    }
    out.kind = PACKET_FRAGMENT
    out.reassembled = null
  }

  #count(recordEnd: number, out: DecodedPacket): void {
    const counters = this.counters
    counters.packets += 1
    if (out.kind === PACKET_TCP) {
      counters.tcp += 1
      if (out.stop === STOP_MALFORMED) counters.tcpMalformed += 1
      if (out.reassembled === null && this.#cursor.wireEnd > recordEnd)
        counters.longerThanRecord += 1
    } else if (out.kind === PACKET_ICMP_QUOTING_TCP) counters.icmpQuotingTcp += 1
    else if (out.kind === PACKET_FRAGMENT) return
    else if (out.stop === STOP_SNAPPED) counters.snapped += 1
    else if (out.stop === STOP_MALFORMED) counters.malformed += 1
    else counters.unsupported += 1
  }
}
