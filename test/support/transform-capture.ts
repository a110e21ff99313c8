import type { CaptureFormat, CaptureRecord, TestCapture } from './capture-file.ts'
import { ETHERNET, findFields, isControl, portsOf, SLL2 } from './packet-fields.ts'

/** A seeded sequence in [0, 1): the same transformation every time (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const withRecords = (capture: TestCapture, records: CaptureRecord[]): TestCapture => ({
  ...capture,
  records,
})

function mapRecords(
  capture: TestCapture,
  change: (record: CaptureRecord) => Partial<CaptureRecord>,
): TestCapture {
  return withRecords(
    capture,
    capture.records.map((record) => ({ ...record, ...change(record) })),
  )
}

/** Sets the capturing host's clock off. */
export function shiftClock(capture: TestCapture, seconds: number): TestCapture {
  const shift = BigInt(Math.round(seconds * 1e9))
  return mapRecords(capture, (record) => ({ time: record.time + shift }))
}

/** Makes the capturing host's clock run fast by this many parts in a million, from the first record on. */
export function driftClock(capture: TestCapture, ppm: number): TestCapture {
  const start = capture.records[0]?.time ?? 0n
  return mapRecords(capture, (record) => ({
    time: record.time + BigInt(Math.round(Number(record.time - start) * ppm * 1e-6)),
  }))
}

export function dropRecords(
  capture: TestCapture,
  isDropped: (record: CaptureRecord, index: number) => boolean,
): TestCapture {
  return withRecords(
    capture,
    capture.records.filter((record, index) => !isDropped(record, index)),
  )
}

export function dropFraction(capture: TestCapture, fraction: number, seed: number): TestCapture {
  const random = randomFrom(seed)
  return dropRecords(capture, () => random() < fraction)
}

/** Every record twice, as a capture on a bridge and its port has it. */
export function duplicateRecords(capture: TestCapture, withinMicroseconds: number): TestCapture {
  const later = BigInt(Math.round(withinMicroseconds * 1000))
  return sorted(
    withRecords(
      capture,
      capture.records.flatMap((record) => [record, { ...record, time: record.time + later }]),
    ),
  )
}

/**
 * Swaps neighbours less than 50 µs apart, as several queues of one card do; each keeps its time. Order that
 * matters stays: within one connection only plain segments change places.
 */
export function reorderNeighbours(capture: TestCapture, seed: number): TestCapture {
  const random = randomFrom(seed)
  const records = capture.records.slice()
  for (let i = 1; i < records.length; i++) {
    const a = records[i - 1]!
    const b = records[i]!
    if (b.time - a.time >= 50_000n || random() < 0.5 || !maySwap(a, b)) continue
    records[i - 1] = b
    records[i] = a
    i++
  }
  return withRecords(capture, records)
}

function maySwap(a: CaptureRecord, b: CaptureRecord): boolean {
  const first = findFields(a.data, a.linkType).tcp
  const second = findFields(b.data, b.linkType).tcp
  if (first < 0 || second < 0) return false
  if (portsOf(a.data, first) !== portsOf(b.data, second)) return true
  return !isControl(a.data, first) && !isControl(b.data, second)
}

export function snap(capture: TestCapture, length: number): TestCapture {
  return {
    ...mapRecords(capture, (record) => ({ data: record.data.slice(0, length) })),
    snapLength: length,
  }
}

/** Rewrites every IP address in place (tunnelled and ICMP-quoted ones too) and nothing else: checksums stay. */
export function rewriteAddresses(
  capture: TestCapture,
  rewrite: (address: Uint8Array) => void,
): TestCapture {
  return mapRecords(capture, (record) => {
    const data = record.data.slice()
    rewriteIn(data, record.linkType, rewrite)
    return { data }
  })
}

function rewriteIn(data: Uint8Array, linkType: number, rewrite: (a: Uint8Array) => void): void {
  const fields = findFields(data, linkType)
  for (const ip of [fields.ip, fields.quotedIp]) {
    if (ip < 0) continue
    const [at, length] = data[ip]! >> 4 === 6 ? [ip + 8, 16] : [ip + 12, 4]
    if (at + 2 * length > data.length) continue
    rewrite(data.subarray(at, at + length))
    rewrite(data.subarray(at + length, at + 2 * length))
  }
  if (fields.innerFrame >= 0) rewriteIn(data.subarray(fields.innerFrame), ETHERNET, rewrite)
}

/**
 * Adds a constant to every sequence number, acknowledgement and SACK edge: what the hosts would have sent
 * had they drawn other initial numbers. One constant for all, so it holds across NAT and captures.
 */
export function addToSequenceNumbers(capture: TestCapture, add: number): TestCapture {
  return mapRecords(capture, (record) => {
    const data = record.data.slice()
    addIn(data, record.linkType, add)
    return { data }
  })
}

function addIn(data: Uint8Array, linkType: number, add: number): void {
  const fields = findFields(data, linkType)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const bump = (at: number) => {
    if (at + 4 <= data.length) view.setUint32(at, (view.getUint32(at) + add) >>> 0)
  }
  if (fields.tcp >= 0) {
    const flags = data[fields.tcp + 13]!
    const isRefusal = (flags & 0x14) === 0x14 && view.getUint32(fields.tcp + 4) === 0
    // A refusal's number is 0 whatever the connection's numbers are (RFC 9293 §3.10.7.1).
    if (!isRefusal) bump(fields.tcp + 4)
    if ((flags & 0x10) !== 0) bump(fields.tcp + 8)
    const end = Math.min(data.length, fields.tcp + (data[fields.tcp + 12]! >> 4) * 4)
    for (const edge of sackEdges(data, fields.tcp + 20, end)) bump(edge)
  }
  if (fields.quotedTcp >= 0) {
    bump(fields.quotedTcp + 4)
    if (fields.quotedTcp + 14 <= data.length && (data[fields.quotedTcp + 13]! & 0x10) !== 0)
      bump(fields.quotedTcp + 8)
  }
  if (fields.innerFrame >= 0) addIn(data.subarray(fields.innerFrame), ETHERNET, add)
}

function sackEdges(data: Uint8Array, from: number, end: number): number[] {
  const edges: number[] = []
  for (let at = from; at < end && data[at] !== 0; ) {
    if (data[at] === 1) {
      at++
      continue
    }
    const length = data[at + 1] ?? 0
    if (length < 2) break
    if (data[at] === 5) for (let e = at + 2; e + 4 <= at + length; e += 4) edges.push(e)
    at += length
  }
  return edges
}

/** The same records in another container, resolution or byte order. */
export function toFormat(capture: TestCapture, format: Partial<CaptureFormat>): TestCapture {
  return { ...capture, format: { ...capture.format, ...format } }
}

/** Ethernet (VLAN tags stay, as in a real cooked capture) to SLL2; `localMac` tells outgoing from incoming. */
export function toSll2(capture: TestCapture, localMac: string): TestCapture {
  return mapRecords(capture, (record) => {
    if (record.linkType !== ETHERNET || record.data.length < 14) return {}
    const data = new Uint8Array(20 + record.data.length - 14)
    data.set(record.data.subarray(12, 14), 0)
    data.set([0, 0, 0, 2, 0, 1, macOf(record) === localMac ? 4 : 0, 6], 4)
    data.set(record.data.subarray(6, 12), 12)
    data.set(record.data.subarray(14), 20)
    return { data, linkType: SLL2, originalLength: record.originalLength + 6 }
  })
}

/** Source MAC of an Ethernet frame, in hex. */
export function macOf(record: CaptureRecord): string {
  return Buffer.from(record.data.subarray(6, 12)).toString('hex')
}

function sorted(capture: TestCapture): TestCapture {
  const order = (a: CaptureRecord, b: CaptureRecord) =>
    a.time < b.time ? -1 : a.time > b.time ? 1 : 0
  return withRecords(capture, capture.records.toSorted(order))
}

/** Cuts a file into pieces of 1 to `largest` bytes, as a pipe may deliver it. */
export function splitIntoChunks(file: Uint8Array, largest: number, seed: number): Uint8Array[] {
  const random = randomFrom(seed)
  const chunks: Uint8Array[] = []
  for (let at = 0; at < file.length; ) {
    const length = 1 + Math.floor(random() * largest)
    chunks.push(file.slice(at, at + length))
    at += length
  }
  return chunks
}
