import {
  enhancedPacket,
  interfaceDescription,
  interfaceStatistics,
  sectionHeader,
} from '../../native-free-decoders/container/pcapng-write.ts'
import type { Capture, Report } from '../model/report.ts'

/** A packet that is evidence, with its bytes as they are to be written. */
export interface KeptPacket {
  frame: number
  /** Nanoseconds since 1970, in its capture's clock. */
  timeNs: bigint
  data: Uint8Array
  originalLength: number
  /** Index into `interfaces` of its capture. */
  interface: number
  direction: number
}

/** What is kept of one capture. */
export interface KeptCapture {
  /** The capture's id; of one file that was read as two captures, both with a plus between. */
  name: string
  captures: readonly Capture[]
  interfaces: readonly {
    linkType: number
    snapLength: number
    name: string | null
    filter: string | null
  }[]
  packets: readonly KeptPacket[]
  /** Frame → what the report says of it. */
  sentences: ReadonlyMap<number, readonly string[]>
  /** Its clock minus the first capture's, in nanoseconds; 0 where it is not known. */
  offsetNs: number
  /** Packets of cited connections that are not there, by the bounds. */
  leftOut: number
}

/** More sentences about one frame are counted. */
const MOST_SENTENCES = 8

/** The blocks of an evidence file: the packets of all its captures in the order of one clock, with their own times. */
export function* evidenceBlocks(
  head: Pick<Report, 'tool' | 'verdict'>,
  kept: readonly KeptCapture[],
  notes: readonly string[],
): Iterable<Uint8Array> {
  const application = `${head.tool.name} ${head.tool.version}`
  yield sectionHeader(application, [
    [...verdictLines(head), ...sourceLines(kept), ...notes].map(oneLine).join('\n'),
  ])
  let written = 0
  const first = kept.map((capture) => {
    const before = written
    written += capture.interfaces.length
    return before
  })
  for (const capture of kept) {
    for (const one of capture.interfaces) yield interfaceDescription(describe(one, capture))
  }
  for (const [which, packet] of inOrder(kept)) {
    const { sentences, name } = kept[which]!
    const comments = commentsOn(packet.frame, name, sentences.get(packet.frame) ?? [])
    yield enhancedPacket({ ...packet, interface: first[which]! + packet.interface, comments })
  }
  for (const [which, { captures, packets }] of kept.entries()) {
    const dropped = Math.max(...captures.map(({ droppedByCapture }) => droppedByCapture))
    const isKnown = captures.some(({ dropsKnown }) => dropsKnown)
    const last = packets.at(-1)
    if (isKnown && last) yield interfaceStatistics(first[which]!, last.timeNs, dropped)
  }
}

/** A name with a line break would make lines of its own, such as another hash. */
function oneLine(text: string): string {
  return text.replace(
    /[\n\u2028\u2029]/g,
    (character) => `\\u{${character.charCodeAt(0).toString(16)}}`,
  )
}

function verdictLines({ tool, verdict }: Pick<Report, 'tool' | 'verdict'>): string[] {
  const { headline, cause } = verdict
  return [
    `${tool.name} ${tool.version}: ${headline} (${verdict.confidence})`,
    ...(cause === null ? [] : [`Cause: ${cause.headline} (${cause.confidence})`]),
  ]
}

function sourceLines(kept: readonly KeptCapture[]): string[] {
  return kept.flatMap(({ name, captures }) =>
    (captures[0]?.paths ?? []).map((path, i) => {
      const hash = captures[0]?.sha256[i]
      return `${name}: ${path}${hash === undefined ? '' : ` sha256 ${hash}`}`
    }),
  )
}

type Interface = KeptCapture['interfaces'][number]

function describe(one: Interface, { name, interfaces, packets }: KeptCapture) {
  const isAlone = interfaces.length === 1
  const longest = packets.reduce((most, { data }) => Math.max(most, data.length), 0)
  const own = one.name ?? (isAlone ? null : String(interfaces.indexOf(one)))
  return {
    linkType: one.linkType,
    snapLength: longest > one.snapLength ? 0 : one.snapLength,
    name: oneLine(isAlone ? name : `${name}:${own}`),
    description: one.name === null ? null : oneLine(`interface ${one.name} of the ${name} capture`),
    filter: one.filter === null ? null : oneLine(one.filter),
  }
}

function commentsOn(frame: number, name: string, sentences: readonly string[]): string[] {
  const more = sentences.length - MOST_SENTENCES
  const lines = sentences.slice(0, MOST_SENTENCES)
  if (more > 0) lines.push(`${more} more sentences in the report`)
  return lines.map((text) => oneLine(`rstscope: ${text} (${name} frame ${frame})`))
}

/** Merges the captures by one clock; each keeps the order of its file, which is the order of events. */
function* inOrder(kept: readonly KeptCapture[]): Iterable<[which: number, packet: KeptPacket]> {
  const next = kept.map(() => 0)
  for (;;) {
    let earliest = -1
    let time = 0n
    for (const [which, { packets, offsetNs }] of kept.entries()) {
      const packet = packets[next[which]!]
      if (packet === undefined) continue
      const at = packet.timeNs - BigInt(Math.round(offsetNs))
      if (earliest >= 0 && at >= time) continue
      earliest = which
      time = at
    }
    if (earliest < 0) return
    yield [earliest, kept[earliest]!.packets[next[earliest]!]!]
    next[earliest]!++
  }
}
