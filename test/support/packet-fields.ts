/** Where the headers of a captured frame start; -1 for what it does not have or what was cut off. */
export interface PacketFields {
  ip: number
  /** TCP header, or -1. */
  tcp: number
  /** IP header quoted by an ICMP error, or -1, and the TCP header in it. */
  quotedIp: number
  quotedTcp: number
  /** A tunnelled Ethernet frame (VXLAN), or -1. */
  innerFrame: number
}

export const ETHERNET = 1
export const RAW = 101
export const SLL = 113
export const SLL2 = 276

export function findFields(data: Uint8Array, linkType: number): PacketFields {
  const fields = { ip: -1, tcp: -1, quotedIp: -1, quotedTcp: -1, innerFrame: -1 }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  fields.ip = ipStart(view, linkType)
  if (fields.ip < 0) return fields
  const { protocol, next } = transport(view, fields.ip)
  if (protocol === 6 && next + 14 <= data.length) fields.tcp = next
  const isError =
    (protocol === 1 && [3, 4, 5, 11, 12].includes(data[next] ?? 255)) ||
    (protocol === 58 && (data[next] ?? 255) < 128)
  if (isError && next + 28 <= data.length) {
    fields.quotedIp = next + 8
    const quoted = transport(view, fields.quotedIp)
    if (quoted.protocol === 6 && quoted.next + 8 <= data.length) fields.quotedTcp = quoted.next
  }
  if (protocol === 17 && next + 16 <= data.length && view.getUint16(next + 2) === 4789) {
    fields.innerFrame = next + 16
  }
  return fields
}

function ipStart(view: DataView, linkType: number): number {
  if (linkType === RAW) return 0
  let at = { [ETHERNET]: 12, [SLL]: 14, [SLL2]: 0 }[linkType]
  if (at === undefined || at + 2 > view.byteLength) return -1
  let type = view.getUint16(at)
  while ((type === 0x8100 || type === 0x88a8) && at + 6 <= view.byteLength) {
    at += 4
    type = view.getUint16(at)
  }
  if (type !== 0x0800 && type !== 0x86dd) return -1
  const start = linkType === SLL2 ? 20 : at + 2
  return start + 20 <= view.byteLength ? start : -1
}

function transport(view: DataView, ip: number): { protocol: number; next: number } {
  const version = view.getUint8(ip) >> 4
  if (version === 6) {
    if (ip + 40 > view.byteLength) return { protocol: -1, next: -1 }
    return { protocol: view.getUint8(ip + 6), next: ip + 40 }
  }
  const isLaterFragment = (view.getUint16(ip + 6) & 0x1fff) !== 0
  return {
    protocol: isLaterFragment ? -1 : view.getUint8(ip + 9),
    next: ip + (view.getUint8(ip) & 15) * 4,
  }
}

/** Ports in either order: the same for both directions of a connection. */
export function portsOf(data: Uint8Array, tcp: number): string {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  return [view.getUint16(tcp), view.getUint16(tcp + 2)].sort((a, b) => a - b).join('-')
}

/** FIN, SYN or RST. */
export function isControl(data: Uint8Array, tcp: number): boolean {
  return (data[tcp + 13]! & 7) !== 0
}
