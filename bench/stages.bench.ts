/**
 * Each stage alone, on captures that are made in memory: when the whole gets slower, this shows where.
 * Run by `npm run bench:stages`; never by `npm test`.
 */
import { bench, describe } from 'vitest'
import { DecodedPacket, PACKET_TCP } from '../native-free-decoders/decoded-packet.ts'
import { assignRoles } from '../src/assign-roles.ts'
import { buildReport } from '../src/build-report.ts'
import { openCapture } from '../src/capture/open-capture.ts'
import { type Cases, pairedCases, singleCases } from '../src/compare-cases.ts'
import { ConnectionEngine } from '../src/connections/connection-engine.ts'
import { CaptureConnections } from '../src/connections/connection-set.ts'
import { readOut } from '../src/connections/read-out.ts'
import { Pairing, singleLoss } from '../src/correlation/pairing.ts'
import { singlePosition } from '../src/correlation/tap-position.ts'
import { captureReport } from '../src/diagnosis/capture-report.ts'
import type { ReportStream } from '../src/model/report.ts'
import { PacketDecoder } from '../src/packets/decode-packet.ts'
import { renderText } from '../src/reports/terminal.ts'
import { unseenIn } from '../src/unseen.ts'
import { trackCapture } from '../src/workers/track-capture.ts'
import { captureChunks } from './capture/capture.mjs'

/** About 14 000, 55 000 and 49 000 packets: small enough to stand in memory, large enough to leave the caches. */
const SCALES = { big: 0.01, small: 0.005, syn: 0.01 }
const KINDS = Object.keys(SCALES) as (keyof typeof SCALES)[]
/** Per stage and kind: enough rounds for a median, in under two minutes for all. */
const BRIEF = { time: 400, iterations: 3, warmupTime: 100, warmupIterations: 1 }

const ENGINES = 10

interface Input {
  bytes: Uint8Array
  view: DataView
  /** Of each record: where its bytes begin, how many were captured, how many there were. */
  offsets: Uint32Array
  captured: Uint32Array
  original: Uint32Array
  /** In ns after the first. */
  times: Float64Array
}

function input(kind: keyof typeof SCALES, tap: 'client' | 'upstream'): Input {
  const chunks: Buffer[] = []
  for (const chunk of captureChunks(kind, { scale: SCALES[kind], tap })) {
    chunks.push(Buffer.from(chunk))
  }
  const whole = Buffer.concat(chunks)
  // Bytes of their own, from the start of their buffer, as a file is read.
  const bytes = new Uint8Array(whole)
  const view = new DataView(bytes.buffer)
  const rows: number[][] = []
  for (let at = 24; at < bytes.length; ) {
    const length = view.getUint32(at + 8, true)
    const time = view.getUint32(at, true) * 1e9 + view.getUint32(at + 4, true) * 1e3
    rows.push([at + 16, length, view.getUint32(at + 12, true), time])
    at += 16 + length
  }
  const column = (k: number) => Uint32Array.from(rows, (row) => row[k]!)
  const times = Float64Array.from(rows, (row) => row[3]! - rows[0]![3]!)
  return { bytes, view, offsets: column(0), captured: column(1), original: column(2), times }
}

const ETHERNET = 1
const NONE = {
  skippedPackets: 0,
  snappedSegments: 0,
  fragmentsIncomplete: 0,
  lastPacketTime: 0,
  backwardTimestamps: 0,
}

/** Decodes every record, each into what `target` gives for it. */
function decodeAll(input: Input, target: (i: number) => DecodedPacket): void {
  const { bytes, view, offsets, captured, original, times } = input
  const decoder = new PacketDecoder()
  for (let i = 0; i < offsets.length; i++) {
    const [at, held, length] = [offsets[i]!, captured[i]!, original[i]!]
    decoder.decode(view, bytes, at, held, length, ETHERNET, times[i]!, target(i))
  }
}

function track(packets: readonly DecodedPacket[], { bytes, view, times }: Input): ConnectionEngine {
  const engine = new ConnectionEngine()
  for (let i = 0; i < packets.length; i++) {
    const packet = packets[i]!
    if (packet.kind !== PACKET_TCP) continue
    engine.segment(packet, bytes, view, i + 1, times[i]!, 0, 0)
  }
  return engine
}

/** A report over cases, without what is said of the capture as a whole. */
function reportOn(
  command: 'analyze' | 'compare',
  sets: CaptureConnections[],
  cases: Cases,
): ReportStream {
  return buildReport({
    command,
    captures: sets.map((set) => captureReport(set, set.capture, null, unseenIn(set))),
    clock: null,
    cases,
    sets: sets.map((set) => ({ set, loss: singleLoss(set) })),
    limits: [],
    selection: {},
    headline: null,
  })
}

function analyzed(set: CaptureConnections): ReportStream {
  return reportOn('analyze', [set], singleCases(set, singlePosition(set), singleLoss(set)))
}

const TEXT = { all: false, time: 'utc', width: 100, ascii: false, color: false } as const

async function setOf(id: 'client' | 'upstream', { bytes }: Input): Promise<CaptureConnections> {
  const { facts, data } = await trackCapture(bytes, { hash: false })
  const set = new CaptureConnections(id, facts, [data])
  assignRoles(set, undefined)
  return set
}

for (const kind of KINDS) {
  const near = input(kind, 'client')
  const packets = Array.from(near.offsets, () => new DecodedPacket())
  decodeAll(near, (i) => packets[i]!)
  const client = await setOf('client', near)
  const upstream = await setOf('upstream', input(kind, 'upstream'))
  const stream = analyzed(client)
  const pairing = new Pairing(client, upstream, null, null)
  const scratch = new DecodedPacket()
  let engines: ConnectionEngine[] = []

  describe(`${kind}: ${near.offsets.length} packets, ${client.count} connections`, () => {
    bench(
      'record walk',
      async () => {
        const reader = await openCapture(near.bytes, { hash: false })
        while ((await reader.next()) !== null);
        await reader.close()
      },
      BRIEF,
    )

    bench('decode', () => decodeAll(near, () => scratch), BRIEF)

    bench('connections: segment()', () => void track(packets, near), BRIEF)

    bench(
      'read-out',
      () => {
        readOut(engines.pop()!, NONE)
      },
      {
        // An engine is read out once: exactly so many rounds, and one in which vitest looks whether it is
        // asynchronous, with engines made outside the clock.
        time: 0,
        iterations: ENGINES,
        warmupTime: 0,
        warmupIterations: ENGINES,
        setup() {
          engines = Array.from({ length: ENGINES + 1 }, () => track(packets, near))
        },
      },
    )

    bench(
      'matching, clocks and loss of two taps',
      () => void new Pairing(client, upstream, null, null),
      BRIEF,
    )

    bench('outcomes, causes and report', () => void analyzed(client), BRIEF)

    bench(
      'outcomes, causes and report of two taps',
      () => void reportOn('compare', [client, upstream], pairedCases(pairing)),
      BRIEF,
    )

    bench(
      'text',
      () => {
        for (const _ of renderText(stream, TEXT));
      },
      BRIEF,
    )
  })
}
