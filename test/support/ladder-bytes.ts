import { ethernet, ipv4, LINKTYPE_ETHERNET, tcp, u16, u32, udp } from '../packets/packet-bytes.ts'

export interface Address {
  ip: number
  port: number
}

/** One TCP segment as it passes a tap. */
export interface WireSegment {
  src: Address
  dst: Address
  seq: number
  ack: number
  flags: number
  window: number
  ttl: number
  id: number
  /** Null: no timestamps option. */
  stamps: [value: number, echo: number] | null
  sack: [left: number, right: number][]
  payload: Uint8Array
}

export const LADDER_LINK_TYPE = LINKTYPE_ETHERNET
const FLAG: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, A: 16 }

export function flagBits(letters: string): number {
  return [...letters].reduce((bits, letter) => bits | FLAG[letter]!, 0)
}

/** `10.0.0.1:80`. */
export function readAddress(text: string): Address {
  const [ip, port] = text.split(':')
  const word = ip!.split('.').reduce((value, part) => value * 256 + Number(part), 0)
  return { ip: word, port: Number(port) }
}

function tcpOptions(s: WireSegment): number[] {
  const options: number[] = []
  if ((s.flags & 2) !== 0) options.push(2, 4, ...u16(1460), 1, 1, 4, 2, 1, 3, 3, 7)
  if (s.stamps !== null) options.push(1, 1, 8, 10, ...u32(s.stamps[0]), ...u32(s.stamps[1]))
  if (s.sack.length > 0) {
    options.push(1, 1, 5, 2 + 8 * s.sack.length, ...s.sack.flat().flatMap(u32))
  }
  return options
}

function ipPacket(s: WireSegment): number[] {
  const segment = tcp({
    srcPort: s.src.port,
    dstPort: s.dst.port,
    seq: s.seq,
    ack: s.ack,
    flags: s.flags,
    window: s.window,
    options: tcpOptions(s),
    payload: Array.from(s.payload),
  })
  return ipv4(6, segment, { src: s.src.ip, dst: s.dst.ip, ttl: s.ttl, id: s.id })
}

export interface Wrapping {
  vxlan?: boolean
  vlan?: number
}

/** An Ethernet frame with the segment, wrapped as that tap sees it. */
export function frameOf(s: WireSegment, wrapping: Wrapping = {}): Uint8Array {
  let frame = ethernet(0x0800, ipPacket(s))
  if (wrapping.vlan !== undefined) {
    frame = [...frame.slice(0, 12), 0x81, 0, ...u16(wrapping.vlan), ...frame.slice(12)]
  }
  if (wrapping.vxlan) {
    const header = [8, 0, 0, 0, 0, 0, 42, 0]
    frame = ethernet(0x0800, ipv4(17, udp(4789, [...header, ...frame]), { src: 0xc0a80001 }))
  }
  return Uint8Array.from(frame)
}

/** An ICMP error that quotes a segment. */
export function icmpFrame(about: WireSegment, type: number, code: number, from: number) {
  const quoted = ipPacket(about).slice(0, 28)
  const message = [type, code, 0, 0, 0, 0, 0, 0, ...quoted]
  return Uint8Array.from(ethernet(0x0800, ipv4(1, message, { src: from, dst: about.src.ip })))
}

/** Sequence numbers that a segment takes: payload, SYN and FIN. */
export function sizeOf(s: WireSegment): number {
  return s.payload.length + ((s.flags & 2) !== 0 ? 1 : 0) + ((s.flags & 1) !== 0 ? 1 : 0)
}

/** The pieces in which a card sends or hands over a large segment. */
export function cut(s: WireSegment, mss: number): WireSegment[] {
  const pieces: WireSegment[] = []
  for (let at = 0; at < s.payload.length; at += mss) {
    const payload = s.payload.slice(at, at + mss)
    pieces.push({ ...s, seq: (s.seq + at) >>> 0, id: (s.id + pieces.length) & 0xffff, payload })
  }
  return pieces
}
