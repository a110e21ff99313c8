import { FollowedCapture, type FollowInput } from '../capture/follow-capture.ts'
import { timeText } from '../diagnosis/time-text.ts'
import type { CaptureWarning, RecordBatch } from '../model/record-reader.ts'
import type { WatchEvent, WatchSummary } from '../model/watch.ts'
import { CaptureClock } from './capture-clock.ts'
import { ConnectionWindow, type Told, type WindowOptions } from './connection-window.ts'
import { EndingTally } from './ending-tally.ts'
import { FileTrail } from './file-trail.ts'

export interface WatchOptions extends Partial<WindowOptions> {
  /** Ends the watch in good order: the summary still comes. */
  signal?: AbortSignal
}

const DEFAULT_GONE_NS = 7200e9
const DEFAULT_MEMORY = 512 * 1024 * 1024
/** How often endings are looked for: by the clock while packets come slowly, by packets while there is a backlog. */
const LOOK_MS = 200
const LOOK_PACKETS = 1 << 16
/** Looking for endings takes no more than this part of the time. */
const REST_FACTOR = 3
/** After an interrupt, what the capturing program still writes is waited for so long. */
const LAST_WORDS_MS = 400
const MOST_LAST_MS = 2000
const MOST_WARNINGS = 100

/** Tells how connections end while their capture is written; the summary is the last event. */
export async function* runWatch(
  input: FollowInput,
  { signal, ...options }: WatchOptions = {},
): AsyncGenerator<WatchEvent, void> {
  const watch = new Watch(input, options)
  let interruptedAt: number | null = null
  try {
    for (;;) {
      if (signal?.aborted) interruptedAt ??= performance.now()
      const isArrived = await watch.step(interruptedAt === null ? LOOK_MS : LAST_WORDS_MS, signal)
      yield* watch.take()
      if (watch.hasEnded) break
      if (interruptedAt === null) continue
      if (!isArrived || performance.now() - interruptedAt > MOST_LAST_MS) break
    }
    yield* watch.finish()
  } finally {
    watch.close()
  }
}

class Watch {
  hasEnded = false
  private readonly reader: FollowedCapture
  private readonly window: ConnectionWindow
  private readonly clock = new CaptureClock()
  private readonly trail = new FileTrail()
  private readonly tally = new EndingTally()
  private readonly warnings: CaptureWarning[] = []
  private moreWarnings = 0
  private readonly events: WatchEvent[] = []
  private reading: Promise<RecordBatch | null> | null = null
  /** What was there from the beginning tells nothing of how packets arrive. */
  private hasWaited = false
  private unlookedPackets = 0
  private lookAgainAt = 0

  constructor(input: FollowInput, options: Omit<WatchOptions, 'signal'>) {
    this.window = new ConnectionWindow({
      goneAfterNs: DEFAULT_GONE_NS,
      maxMemory: DEFAULT_MEMORY,
      ...options,
    })
    this.reader = new FollowedCapture(input, {
      onFile: (path, firstFrame) => this.trail.begin(path, firstFrame),
      onNotice: (text) => this.events.push({ kind: 'notice', text }),
      onWarning: (path, warning) => this.warn(path, warning),
    })
  }

  /** Waits for packets, at most so long; false where none came. */
  async step(waitMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    this.reading ??= this.reader.next()
    const batch = await within(this.reading, waitMs, signal)
    if (batch === undefined) {
      this.hasWaited = true
      this.look(this.clock.now(performance.now()))
      return false
    }
    this.reading = null
    if (batch === null) {
      this.hasEnded = true
      return false
    }
    this.window.take(batch, this.reader.facts.interfaces)
    this.unlookedPackets += batch.count
    const first = this.hasWaited ? batch.times[0]! : null
    const now = performance.now()
    this.clock.arrived(first, batch.times[batch.count - 1]!, now)
    this.hasWaited = false
    const isBacklog = this.reader.isBehind
    if (this.unlookedPackets >= LOOK_PACKETS || (!isBacklog && now >= this.lookAgainAt))
      this.look(this.clock.packetTime)
    return true
  }

  /** What there is to tell since the last time. */
  take(): WatchEvent[] {
    return this.events.splice(0)
  }

  finish(): WatchEvent[] {
    const { facts } = this.reader
    for (const one of this.window.finish(this.clock.packetTime, facts)) this.tell(one)
    this.events.push({ kind: 'summary', summary: this.summary() })
    return this.take()
  }

  close(): void {
    // Whoever waits for more is told nothing any more.
    this.reading?.catch(() => {})
    this.reader.close()
  }

  private look(now: number): void {
    const started = performance.now()
    this.unlookedPackets = 0
    for (const one of this.window.ended(now, this.reader.facts)) this.tell(one)
    this.trail.forgetBefore(this.window.firstFrame + this.window.frameBase)
    const ended = performance.now()
    this.lookAgainAt = ended + Math.max(LOOK_MS, REST_FACTOR * (ended - started))
  }

  private tell({ connection, ending, peer, before, isOpen, goesOn }: Told): void {
    const { firstFrame, lastFrame } = connection.views.capture!
    const base = this.window.frameBase
    const files = this.trail
      .between(firstFrame + base, lastFrame + base)
      .map((file) => ({ path: file.path, firstFrame: file.firstFrame - base }))
    const example = { connection, files }
    if (before !== null) this.tally.remove(before.ending, before.peer, example)
    if (!goesOn) this.tally.add(ending, peer, example)
    this.events.push({
      kind: 'ending',
      connection,
      files,
      firstPacketAt: timeText(this.reader.facts.baseNs, 0),
      before: before?.ending ?? null,
      isOpen,
    })
  }

  private warn(path: string, warning: CaptureWarning): void {
    this.events.push({ kind: 'notice', text: `${path}: ${warning.code}: ${warning.message}` })
    if (this.warnings.length < MOST_WARNINGS) this.warnings.push(warning)
    else this.moreWarnings++
  }

  private summary(): WatchSummary {
    const { tally, window } = this
    const { facts } = this.reader
    return {
      packets: facts.packets,
      tcpPackets: window.totals.tcpPackets,
      baseNs: facts.baseNs,
      spanNs: window.lastPacketTime,
      connections: tally.connections,
      benign: tally.benign,
      endings: tally.endings,
      example: (id) => tally.example(id)!,
      worst: tally.worst,
      warnings: this.warnings,
      limits: this.limits(),
    }
  }

  /** What bounds gave up, and what the capture lacks. */
  private limits(): string[] {
    const { totals, givenUp } = this.window
    const { droppedByCapture } = this.reader.facts
    const counts: [number, string][] = [
      [droppedByCapture ?? 0, 'packets were dropped by the capturing program'],
      [totals.snappedSegments, 'segments were cut by the snap length'],
      [givenUp, 'open connections were given up: more were open than --max-memory has room for'],
      [totals.putAwayEarly, 'times what a live connection said was not followed any further'],
      [totals.reassemblyBoundReached, 'times payload behind a hole was let go'],
      [totals.icmpErrorsDropped, 'ICMP errors beyond the bound were not read'],
      [this.moreWarnings, 'further warnings are not kept'],
    ]
    return counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  }
}

/** The value, or undefined when it takes longer or the wait is ended. */
async function within<T>(
  value: Promise<T>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  let stop: (() => void) | undefined
  const wait = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined)
    timer = setTimeout(stop, ms)
    if (signal?.aborted === false) signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([value, wait])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop!)
  }
}
