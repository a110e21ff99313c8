import type { Connection, Evidence, ReportStream } from '../model/report.ts'

/** What an evidence file holds of each capture at most; the leading connections of the verdict come first. */
export const MOST_CONNECTIONS = 1000
export const MOST_PACKETS = 200_000

/** Packets of one connection that are kept: of a longer one the first and the last half of so many. */
export const MOST_OF_ONE = 20_000

/**
 * Connections around the leading one, in order of their beginning. Clocks, usual TTLs and what each capture covers are
 * known from them: without, a RST of a device between cannot be told from one of the upstream.
 */
export const MOST_BESIDE = 60

/** What a report rests on: the connections that it names, and by capture and frame what it says of single packets. */
export interface Cited {
  connections: Connection[]
  /** How many of them are there for what they tell about the others. */
  beside: number
  /** Connections that the verdict and the findings list beyond those. */
  leftOut: number
  /** By capture id, then frame: sentences without repetition. */
  sentences: Map<string, Map<number, string[]>>
}

/**
 * The connections of the verdict and of error and warning findings, and the legs that a proxy made of them: verdicts about
 * proxied connections rest on both.
 */
export function citedBy(stream: ReportStream): Cited {
  const { verdict, findings } = stream.head
  const serious = findings.filter(({ severity }) => severity !== 'info')
  const named = new Set(verdict.connections)
  const first = [...named].slice(0, 1)
  for (const finding of serious) for (const id of finding.connections) named.add(id)
  // The example of each kind before more of one kind.
  const order = new Set([...first, ...serious.flatMap((f) => f.connections.slice(0, 1)), ...named])
  const connections = new Map<number, Connection>()
  let packets = 0
  const add = (id: number): void => {
    if (connections.has(id) || connections.size >= MOST_CONNECTIONS) return
    const connection = stream.at(id)
    if (connection === null) return
    const most = packetsOf(connection)
    if (packets + most > MOST_PACKETS) return
    packets += most
    connections.set(id, connection)
    for (const link of connection.links) add(link.connection)
  }
  for (const id of order) add(id)
  const cited = connections.size
  for (const id of around(first[0] ?? 0)) add(id)
  const leftOut = [...named].filter((id) => !connections.has(id) && stream.at(id) !== null).length
  const chosen = [...connections.values()]
  const sentences = sentencesOf(stream, chosen.slice(0, cited))
  return { connections: chosen, beside: chosen.length - cited, leftOut, sentences }
}

/** Ids next to this one, the nearest first. */
function around(id: number): number[] {
  return Array.from({ length: MOST_BESIDE }, (_, i) => {
    const distance = (i >> 1) + 1
    return i % 2 === 0 ? id - distance : id + distance
  })
}

/** In the capture that saw most of it. */
function packetsOf({ views }: Connection): number {
  const counts = Object.values(views).map((view) => view?.packets ?? 0)
  return Math.min(MOST_OF_ONE, Math.max(0, ...counts))
}

function sentencesOf(stream: ReportStream, connections: readonly Connection[]) {
  const byCapture: Cited['sentences'] = new Map()
  const note = ({ capture, frame, text }: Evidence): void => {
    if (frame === null) return
    const frames = byCapture.get(capture) ?? new Map<number, string[]>()
    byCapture.set(capture, frames)
    const texts = frames.get(frame) ?? []
    frames.set(frame, texts)
    if (!texts.includes(text)) texts.push(text)
  }
  const { verdict, findings } = stream.head
  for (const one of [...verdict.because, ...verdict.against]) note(one)
  for (const { severity, evidence, against } of findings) {
    if (severity !== 'info') for (const one of [...evidence, ...against]) note(one)
  }
  for (const { firstReset, ignoredResets, causes } of connections) {
    if (firstReset?.trigger) note(firstReset.trigger)
    for (const one of [...(firstReset?.evidence ?? []), ...ignoredResets]) note(one)
    for (const { evidence, against } of causes)
      for (const one of [...evidence, ...against]) note(one)
  }
  return byCapture
}
