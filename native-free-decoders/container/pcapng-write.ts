/** The part of the platform's TextEncoder that is used here; this folder is compiled without platform types. */
declare class TextEncoder {
  encode(text: string): Uint8Array
}

// Blocks of draft-ietf-opsawg-pcapng: section header (4.1), interface description (4.2), enhanced packet (4.3), interface
// statistics (4.6). All little endian, times in nanoseconds.
const SECTION_HEADER = 0x0a0d0d0a
const INTERFACE_DESCRIPTION = 1
const INTERFACE_STATISTICS = 5
const ENHANCED_PACKET = 6
const BYTE_ORDER_MAGIC = 0x1a2b3c4d

const OPT_COMMENT = 1
const SHB_USERAPPL = 4
const IF_NAME = 2
const IF_DESCRIPTION = 3
const IF_TSRESOL = 9
const IF_FILTER = 11
const EPB_FLAGS = 2
const ISB_IFDROP = 5
const NANOSECONDS = 9

/** An option's length has sixteen bits; comments stay well below. */
const MOST_TEXT_BYTES = 32_768
const MOST_NANOSECONDS = 0xffff_ffff_ffff_ffffn

/** An interface of the section; its number is its place among the interfaces written. */
export interface WrittenInterface {
  /** The LINKTYPE_ number. */
  linkType: number
  /** 0: no limit. */
  snapLength: number
  name: string
  description: string | null
  filter: string | null
}

export interface WrittenPacket {
  interface: number
  /** Nanoseconds since 1970. */
  timeNs: bigint
  data: Uint8Array
  originalLength: number
  /** 0 unknown, 1 inbound, 2 outbound. */
  direction: number
  comments: readonly string[]
}

type Option = [code: number, value: Uint8Array]

/** The block that begins a section, of unknown length. */
export function sectionHeader(application: string, comments: readonly string[]): Uint8Array {
  const body = new Uint8Array(16)
  const view = new DataView(body.buffer)
  view.setUint32(0, BYTE_ORDER_MAGIC, true)
  view.setUint16(4, 1, true)
  view.setUint32(8, 0xffff_ffff, true)
  view.setUint32(12, 0xffff_ffff, true)
  return block(SECTION_HEADER, body, [...commentOptions(comments), text(SHB_USERAPPL, application)])
}

/** The block that describes an interface, with times in nanoseconds. */
export function interfaceDescription(one: WrittenInterface): Uint8Array {
  const body = new Uint8Array(8)
  const view = new DataView(body.buffer)
  view.setUint16(0, one.linkType, true)
  view.setUint32(4, one.snapLength, true)
  const options: Option[] = [text(IF_NAME, one.name)]
  if (one.description !== null) options.push(text(IF_DESCRIPTION, one.description))
  options.push([IF_TSRESOL, Uint8Array.of(NANOSECONDS)])
  // A zero byte says that the filter is text.
  if (one.filter !== null) options.push([IF_FILTER, Uint8Array.of(0, ...encode(one.filter))])
  return block(INTERFACE_DESCRIPTION, body, options)
}

/** One packet. A time that 64 bits of nanoseconds cannot hold (before 1970, after 2554) becomes the nearest that they can. */
export function enhancedPacket(packet: WrittenPacket): Uint8Array {
  const { data } = packet
  const body = new Uint8Array(20 + padded(data.length))
  const view = new DataView(body.buffer)
  const time = clamped(packet.timeNs)
  view.setUint32(0, packet.interface, true)
  view.setUint32(4, Number(time >> 32n), true)
  view.setUint32(8, Number(time & 0xffff_ffffn), true)
  view.setUint32(12, data.length, true)
  view.setUint32(16, packet.originalLength, true)
  body.set(data, 20)
  const options = commentOptions(packet.comments)
  if (packet.direction !== 0) options.push([EPB_FLAGS, Uint8Array.of(packet.direction, 0, 0, 0)])
  return block(ENHANCED_PACKET, body, options)
}

/** How many packets the capturing program lost on an interface. */
export function interfaceStatistics(on: number, timeNs: bigint, dropped: number): Uint8Array {
  const body = new Uint8Array(12)
  const view = new DataView(body.buffer)
  const time = clamped(timeNs)
  view.setUint32(0, on, true)
  view.setUint32(4, Number(time >> 32n), true)
  view.setUint32(8, Number(time & 0xffff_ffffn), true)
  const count = new Uint8Array(8)
  new DataView(count.buffer).setBigUint64(0, BigInt(dropped), true)
  return block(INTERFACE_STATISTICS, body, [[ISB_IFDROP, count]])
}

function clamped(timeNs: bigint): bigint {
  if (timeNs < 0n) return 0n
  return timeNs > MOST_NANOSECONDS ? MOST_NANOSECONDS : timeNs
}

function commentOptions(comments: readonly string[]): Option[] {
  return comments.map((comment) => text(OPT_COMMENT, comment))
}

function text(code: number, value: string): Option {
  return [code, encode(value)]
}

/** UTF-8 without control characters but line feeds (a file must not steer a terminal), cut with an ellipsis where it is too long. */
function encode(value: string): Uint8Array {
  const clean = value.replace(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    '\ufffd',
  )
  const bytes = new TextEncoder().encode(clean)
  if (bytes.length <= MOST_TEXT_BYTES) return bytes
  let end = MOST_TEXT_BYTES - 3
  while (((bytes[end] as number) & 0xc0) === 0x80) end--
  const cut = new Uint8Array(end + 3)
  cut.set(bytes.subarray(0, end))
  cut.set([0xe2, 0x80, 0xa6], end)
  return cut
}

function block(type: number, body: Uint8Array, options: readonly Option[]): Uint8Array {
  let length = 12 + body.length
  for (const [, value] of options) length += 4 + padded(value.length)
  if (options.length > 0) length += 4
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, length, true)
  bytes.set(body, 8)
  let at = 8 + body.length
  for (const [code, value] of options) {
    view.setUint16(at, code, true)
    view.setUint16(at + 2, value.length, true)
    bytes.set(value, at + 4)
    at += 4 + padded(value.length)
  }
  view.setUint32(length - 4, length, true)
  return bytes
}

function padded(length: number): number {
  return (length + 3) & ~3
}
