import { copyMessage } from './payload.mjs'
import { ACK, SYN } from './story.mjs'

/** Packets to bytes: Ethernet, at times a VLAN tag, IPv4 or IPv6, TCP with the options of Linux. */

const SYN_OPTIONS = 20
const OPTIONS = 12
const WINDOW = 502
/** That of a SYN is not scaled. */
const SYN_WINDOW = 64240
const TICK = 1e6
/** Says that a host cannot be reached. */
const ROUTER = 0x0a000001

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
  const head = packet.isIcmp ? 8 + 20 + 8 : tcpHeaderLength(packet)
  const size = head + packet.length
  target.writeUInt16BE(flow.v6 ? 0x86dd : 0x0800, p)
  p += 2
  // A host's own packets leave it with its initial TTL; the other's have come three hops.
  const ttl = (tap === 'client') === (from === 0) ? 64 : 61
  p = flow.v6
    ? writeIpv6(flow, from, size, ttl, tap, target, p)
    : writeIpv4(flow, packet, size, ttl, tap, target, p)
  if (packet.isIcmp) writeUnreachable(flow, packet, tap, target, p)
  else writeTcp(flow, packet, target, p)
  p += head
  const captured = Math.min(snap, p - at + packet.length)
  const bytes = captured - (p - at)
  if (bytes > 0) copyMessage(packet.message, packet.offset, bytes, target, p)
  return { length: p - at + packet.length, captured }
}

function tcpHeaderLength({ flags, isBare }) {
  if (isBare) return 20
  return 20 + ((flags & SYN) !== 0 ? SYN_OPTIONS : OPTIONS)
}

function upstreamAddress(flow, tap) {
  // The client talks to a Service; what arrives is addressed to the pod.
  return tap === 'client' ? flow.service : flow.pod
}

function writeIpv4(flow, packet, size, ttl, tap, target, p) {
  const addresses = [flow.client, packet.isIcmp ? ROUTER : upstreamAddress(flow, tap)]
  target.writeUInt32BE((0x45000000 | (size + 20)) >>> 0, p)
  target.writeUInt32BE(((packet.ipId << 16) | 0x4000) >>> 0, p + 4)
  target.writeUInt32BE(((ttl << 24) | ((packet.isIcmp ? 1 : 6) << 16)) >>> 0, p + 8)
  target.writeUInt32BE(addresses[packet.from], p + 12)
  target.writeUInt32BE(addresses[1 - packet.from], p + 16)
  target.writeUInt16BE(checksum(target, p, 20), p + 10)
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
  const header = tcpHeaderLength(packet)
  const isSyn = (flags & SYN) !== 0
  const window = packet.isBare ? 0 : isSyn ? SYN_WINDOW : WINDOW
  target.writeUInt32BE(((ports[from] << 16) | ports[1 - from]) >>> 0, p)
  target.writeUInt32BE(packet.seq, p + 4)
  target.writeUInt32BE(packet.ack, p + 8)
  target.writeUInt32BE(((header << 26) | (flags << 16) | window) >>> 0, p + 12)
  // Nobody checks it: in captures of a sender it is wrong anyway, where the card computes it.
  target.writeUInt32BE(0x5a5a0000, p + 16)
  if (packet.isBare) return
  const stamp = clock(flow.stamps[from], packet.stamped)
  const echo = (flags & ACK) === 0 ? 0 : clock(flow.stamps[1 - from], packet.echoed)
  let o = p + 20
  if (isSyn) {
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

/** A timestamp clock that started at `first`. */
function clock(first, time) {
  return (first + Math.floor(time / TICK)) >>> 0
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
  target.writeUInt16BE(checksum(target, p + 8, 20), p + 18)
  target.writeUInt16BE(checksum(target, p, 36), p + 2)
}

/** The Internet checksum of bytes whose own checksum field is 0 (RFC 1071). */
function checksum(bytes, from, length) {
  let sum = 0
  for (let i = from; i < from + length; i += 2) sum += bytes.readUInt16BE(i)
  sum = (sum & 0xffff) + (sum >>> 16)
  return ~(sum + (sum >>> 16)) & 0xffff
}
