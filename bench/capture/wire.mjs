import { copyMessage } from './payload.mjs'
import { SYN } from './story.mjs'

/** Packets to bytes: Ethernet, at times a VLAN tag, IPv4 or IPv6, TCP with the options of Linux. */

const SYN_OPTIONS = 20
const OPTIONS = 12
const TICK = 1e6

/** Writes one packet of a flow, as a tap sees it, into `target`; returns its full length and what is captured. */
export function writePacket(flow, packet, tap, snap, target, at) {
  const { from } = packet
  let p = at
  target.fill(0, p, p + 12)
  target[p + 5] = from + 1
  target[p + 11] = 2 - from
  p += 12
  if (flow.vlan > 0) {
    target.writeUInt32BE((0x81000000 | flow.vlan) >>> 0, p)
    p += 4
  }
  const tcp = packet.icmp ? 8 + 20 + 8 : 20 + ((packet.flags & SYN) !== 0 ? SYN_OPTIONS : OPTIONS)
  const size = tcp + packet.length
  target.writeUInt16BE(flow.v6 ? 0x86dd : 0x0800, p)
  p += 2
  // A host's own packets leave it with its initial TTL; the other's have come three hops.
  const ttl = (tap === 'client') === (from === 0) ? 64 : 61
  p = flow.v6
    ? writeIpv6(flow, from, size, ttl, tap, target, p)
    : writeIpv4(flow, packet, size, ttl, tap, target, p)
  if (packet.icmp) writeUnreachable(flow, packet, tap, target, p)
  else writeTcp(flow, packet, target, p)
  p += tcp
  const captured = Math.min(snap, p - at + packet.length)
  const bytes = captured - (p - at)
  if (bytes > 0) copyMessage(packet.message, packet.offset, bytes, target, p)
  return { length: p - at + packet.length, captured }
}

function upstreamAddress(flow, tap) {
  // The client talks to a Service; what arrives is addressed to the pod.
  return tap === 'client' ? flow.service : flow.pod
}

function writeIpv4(flow, packet, size, ttl, tap, target, p) {
  const addresses = [flow.client, upstreamAddress(flow, tap)]
  target.writeUInt32BE((0x45000000 | (size + 20)) >>> 0, p)
  const id = packet.flags === 4 || packet.flags === 20 ? 0 : packet.ipId
  target.writeUInt32BE(((id << 16) | 0x4000) >>> 0, p + 4)
  target.writeUInt32BE(((ttl << 24) | ((packet.icmp ? 1 : 6) << 16)) >>> 0, p + 8)
  target.writeUInt32BE(addresses[packet.from], p + 12)
  target.writeUInt32BE(addresses[1 - packet.from], p + 16)
  let sum = 0
  for (let i = 0; i < 20; i += 2) sum += target.readUInt16BE(p + i)
  sum = (sum & 0xffff) + (sum >>> 16)
  target.writeUInt16BE(~(sum + (sum >>> 16)) & 0xffff, p + 10)
  return p + 20
}

function writeIpv6(flow, from, size, ttl, tap, target, p) {
  const addresses = [flow.client, upstreamAddress(flow, tap)]
  target.writeUInt32BE(0x60000000, p)
  target.writeUInt16BE(size, p + 4)
  target[p + 6] = 6
  target[p + 7] = ttl
  for (const [offset, side] of [
    [8, from],
    [24, 1 - from],
  ]) {
    target.fill(0, p + offset, p + offset + 12)
    target.writeUInt32BE(0xfd000000, p + offset)
    target.writeUInt32BE(addresses[side], p + offset + 12)
  }
  return p + 40
}

function writeTcp(flow, packet, target, p) {
  const { from, flags } = packet
  const ports = [flow.clientPort, flow.upstreamPort]
  const header = 20 + ((flags & SYN) !== 0 ? SYN_OPTIONS : OPTIONS)
  target.writeUInt32BE(((ports[from] << 16) | ports[1 - from]) >>> 0, p)
  target.writeUInt32BE(packet.seq, p + 4)
  target.writeUInt32BE(packet.ack, p + 8)
  target.writeUInt32BE(((header << 26) | (flags << 16) | 502) >>> 0, p + 12)
  target.writeUInt32BE(0x5a5a0000, p + 16)
  const stamp = (flow.stamps[from] + Math.floor(packet.time / TICK)) >>> 0
  const echo =
    (flags & 16) === 0 ? 0 : (flow.stamps[1 - from] + Math.floor(packet.time / TICK)) >>> 0
  let o = p + 20
  if ((flags & SYN) !== 0) {
    target.writeUInt32BE(0x020405b4, o)
    target.writeUInt32BE(0x0402080a, o + 4)
    target.writeUInt32BE(stamp, o + 8)
    target.writeUInt32BE(echo, o + 12)
    target.writeUInt32BE(0x01030307, o + 16)
    return
  }
  target.writeUInt32BE(0x0101080a, o)
  o += 4
  target.writeUInt32BE(stamp, o)
  target.writeUInt32BE(echo, o + 4)
}

/** ICMP host unreachable about the client's SYN: the IP header and the first eight bytes that it quotes. */
function writeUnreachable(flow, packet, tap, target, p) {
  target.fill(0, p, p + 36)
  target[p] = 3
  target[p + 1] = 1
  target.writeUInt32BE(0x4500003c, p + 8)
  target.writeUInt32BE(0x00004000, p + 12)
  target.writeUInt32BE(0x3f060000, p + 16)
  target.writeUInt32BE(flow.client, p + 20)
  target.writeUInt32BE(upstreamAddress(flow, tap), p + 24)
  target.writeUInt32BE(((flow.clientPort << 16) | flow.upstreamPort) >>> 0, p + 28)
  target.writeUInt32BE(packet.seq, p + 32)
}
