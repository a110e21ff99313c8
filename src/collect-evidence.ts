import { DecodedPacket } from '../native-free-decoders/decoded-packet.ts'
import { openCapture } from './capture/open-capture.ts'
import { canBeOpenedTwice, type ReaderChoice } from './capture/open-file.ts'
import { RstscopeError } from './errors.ts'
import { type Cited, citedBy, MOST_OF_ONE } from './evidence/cited.ts'
import { evidenceBlocks, type KeptCapture, type KeptPacket } from './evidence/evidence-file.ts'
import { headerLength } from './evidence/header-length.ts'
import { PacketSelection } from './evidence/packet-selection.ts'
import type { Capture, ReportStream } from './model/report.ts'
import { PacketDecoder } from './packets/decode-packet.ts'
import type { Redaction } from './redact/redaction.ts'
import { rewritePacket } from './redact/rewrite-packet.ts'

export interface EvidenceOptions {
  /** Whole packets instead of headers only. */
  withPayload?: boolean
  reader?: ReaderChoice
  signal?: AbortSignal
  /** Replaces addresses and names in packets and comments; payload is cut off then in any case. */
  redaction?: Redaction | undefined
}

/** The packets that a report rests on, ready to be written. */
export interface Evidence {
  /** Names for the files of single captures: the captures' ids. */
  captures: string[]
  connections: number
  packets: number
  /** What the bounds left out, in sentences; usually none. */
  notes: string[]
  /** The bytes of a pcapng file with all captures, or with one of them. */
  blocks(capture?: string): Iterable<Uint8Array>
}

/** Bytes that are kept of one capture; packets behind that are counted. */
const MOST_BYTES = 256 * 2 ** 20
const BATCHES_PER_TURN = 32

/**
 * Reads the captures of a report once more and keeps the packets of the connections that its verdict and findings name,
 * and the ICMP errors about them. Rejects with a `RstscopeError` where a capture cannot be read again.
 */
export async function collectEvidence(
  stream: ReportStream,
  options: EvidenceOptions = {},
): Promise<Evidence> {
  const { head } = stream
  const cited = citedBy(stream)
  const kept: KeptCapture[] = []
  for (const captures of byFile(head.captures)) {
    kept.push(await readAgain(captures, cited, offsetOf(captures[0]!, head.clock), options))
  }
  const notes = notesOn(cited, kept)
  const packets = kept.reduce((sum, capture) => sum + capture.packets.length, 0)
  return {
    captures: kept.map(({ name }) => name),
    connections: cited.connections.length,
    packets,
    notes,
    blocks(capture) {
      const wanted = capture === undefined ? kept : kept.filter(({ name }) => name === capture)
      const extent = isWhole(options) ? 'Whole packets.' : 'Headers only: payload is cut off.'
      const shown = options.redaction?.value(head) ?? head
      const lines = [extent, ...(options.redaction ? [REDACTED] : []), ...notes]
      return evidenceBlocks(shown, wanted, lines)
    },
  }
}

const REDACTED = 'Addresses and names are pseudonyms.'

function isWhole({ withPayload, redaction }: EvidenceOptions): boolean {
  return withPayload === true && redaction === undefined
}

/** One file in which two points of the path were found stands twice among the captures. */
function byFile(captures: readonly Capture[]): Capture[][] {
  const files = new Map<string, Capture[]>()
  for (const capture of captures) {
    const key = JSON.stringify(capture.paths)
    files.set(key, [...(files.get(key) ?? []), capture])
  }
  return [...files.values()]
}

function offsetOf({ id, clock }: Capture, shared: ReportStream['head']['clock']): number {
  const seconds = clock?.offsetSeconds ?? (id === 'upstream' ? shared?.offsetSeconds : 0)
  return (seconds ?? 0) * 1e9
}

async function readAgain(
  captures: readonly Capture[],
  cited: Cited,
  offsetNs: number,
  options: EvidenceOptions,
): Promise<KeptCapture> {
  const { reader: choice, signal, redaction } = options
  const whole = isWhole(options)
  const { paths, packets: expected } = captures[0]!
  refusePipes(paths)
  const sentences = sentencesOn(captures, cited)
  const ids = captures.map(({ id }) => id)
  const selection = new PacketSelection(cited.connections, ids, sentences)
  const reader = await openCapture(paths, {
    ...(choice === undefined ? {} : { reader: choice }),
    signal,
    hash: false,
  })
  const decoder = new PacketDecoder()
  const packet = new DecodedPacket()
  const packets: KeptPacket[] = []
  let bytesKept = 0
  let leftOut = 0
  let batches = 0
  try {
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
      const { bytes, view, offsets, capturedLengths, originalLengths, times } = batch
      for (let i = 0; i < batch.count; i++) {
        const [offset, length, original] = [offsets[i]!, capturedLengths[i]!, originalLengths[i]!]
        const linkType = reader.facts.interfaces[batch.interfaces[i]!]?.linkType ?? 1
        decoder.decode(view, bytes, offset, length, original, linkType, times[i]!, packet)
        const frame = batch.firstFrame + i
        if (!selection.has(packet, frame)) continue
        const most = whole ? length : headerLength(view, offset, length, original, linkType)
        if (bytesKept + most > MOST_BYTES) {
          leftOut++
          continue
        }
        bytesKept += most
        const data = bytes.slice(offset, offset + most)
        packets.push({
          frame,
          timeNs: reader.facts.baseNs + BigInt(Math.round(times[i]!)),
          data: redaction ? rewritePacket(data, original, linkType, redaction.pseudonyms) : data,
          originalLength: original,
          interface: batch.interfaces[i]!,
          direction: batch.directions[i]!,
        })
      }
      // Files are read synchronously: without a turn of the event loop now and then, Ctrl-C would go unheard.
      if (++batches % BATCHES_PER_TURN === 0) await new Promise((turn) => setImmediate(turn))
    }
  } finally {
    await reader.close()
  }
  if (reader.facts.packets !== expected) throw changed(paths)
  const name = ids.join('+')
  const used = [...new Set(packets.map((one) => one.interface))].sort((a, b) => a - b)
  for (const one of packets) one.interface = used.indexOf(one.interface)
  // Without a packet the file still says what was captured there.
  const interfaces = (used.length > 0 ? used : [0]).flatMap((i) => reader.facts.interfaces[i] ?? [])
  leftOut += selection.leftOut
  const kept = { name, captures, interfaces, packets, sentences, offsetNs, leftOut }
  return redaction ? redacted(kept, redaction) : kept
}

/** Names of interfaces and filters are those of a host: they are left out. */
function redacted(kept: KeptCapture, redaction: Redaction): KeptCapture {
  return {
    ...kept,
    captures: redaction.value(kept.captures),
    interfaces: kept.interfaces.map((one) => ({ ...one, name: null, filter: null })),
    sentences: new Map(
      [...kept.sentences].map(([frame, texts]) => [frame, redaction.value(texts)]),
    ),
  }
}

/** Of both captures, where one file holds them. */
function sentencesOn(captures: readonly Capture[], cited: Cited): Map<number, string[]> {
  const all = new Map<number, string[]>()
  for (const { id } of captures) {
    for (const [frame, texts] of cited.sentences.get(id) ?? []) {
      all.set(frame, [...new Set([...(all.get(frame) ?? []), ...texts])])
    }
  }
  return all
}

function refusePipes(paths: readonly string[]): void {
  const pipe = paths.find((path) => !canBeOpenedTwice(path))
  if (pipe === undefined) return
  throw new RstscopeError(
    'RSTSCOPE_USAGE',
    `evidence is read from the captures once more, and ${pipe === '-' ? 'standard input' : pipe} can be read only once`,
    'save the capture to a file first',
  )
}

function changed(paths: readonly string[]): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_UNREADABLE',
    `${paths.join(', ')} has changed since it was read: evidence would not be what the report is about`,
    'end the capture first, then run again',
  )
}

function notesOn({ leftOut }: Cited, kept: readonly KeptCapture[]): string[] {
  const notes: string[] = []
  if (leftOut > 0) notes.push(`${leftOut} more connections that the report names are left out.`)
  for (const one of kept) {
    if (one.leftOut === 0) continue
    notes.push(
      `${one.name}: ${one.leftOut} packets are left out (of one connection at most ${MOST_OF_ONE} are kept: its first and its last).`,
    )
  }
  return notes
}
