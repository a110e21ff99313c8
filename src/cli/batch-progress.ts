import type { MultiBar, SingleBar } from 'cli-progress'
import type { BatchEvents } from '../batch/run-batch.ts'
import type { SampleTask } from '../batch/sample-task.ts'
import { escapeText } from '../reports/text-escape.ts'
import type { Host } from './host.ts'
import { BAR_STYLE, megabytes, type ProgressMode } from './progress.ts'

/** Shown from this moment on: what takes less needs no progress. */
const FIRST_AFTER_MS = 1000
const LINE_EVERY_MS = 5000
/** A name that is longer is cut in front: its end tells more. */
const MOST_NAME = 40

/** Progress of a batch on standard error: bars on a terminal, lines elsewhere. */
export interface BatchProgress extends Required<BatchEvents> {
  /** Removes the bars; nothing is shown afterwards. */
  stop(): void
}

/** How far a run is. */
class Tally {
  readonly samples: number
  readonly total: number
  private readonly started: number
  private readonly host: Host
  private readonly read = new Map<string, number>()
  ended = 0
  failed = 0
  private bytes = 0

  constructor(tasks: readonly SampleTask[], host: Host) {
    this.samples = tasks.length
    this.total = tasks.reduce((sum, { sample }) => sum + (sample.bytes ?? 0), 0)
    this.host = host
    this.started = host.now()
  }

  note(id: string, bytes: number): void {
    this.read.set(id, bytes)
  }

  end(id: string, bytes: number | null, failed: boolean): void {
    this.read.delete(id)
    this.bytes += bytes ?? 0
    this.ended++
    if (failed) this.failed++
  }

  get bytesRead(): number {
    return this.bytes + [...this.read.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  get elapsedMs(): number {
    return this.host.now() - this.started
  }

  /** `412 of 640 samples  58 of 91 MB  612 MB/s  about 55 s left`. */
  words(): string {
    const { bytesRead, elapsedMs, total } = this
    const rate = elapsedMs > 0 ? (bytesRead / elapsedMs) * 1000 : 0
    const words = [
      `${this.ended} of ${this.samples} samples`,
      `${megabytes(bytesRead)} of ${megabytes(total)} MB`,
      `${megabytes(rate)} MB/s`,
    ]
    if (rate > 0) words.push(`about ${Math.max(0, Math.round((total - bytesRead) / rate))} s left`)
    if (this.failed > 0) words.push(`${this.failed} failed`)
    return words.join('  ')
  }
}

export function startBatchProgress(
  mode: ProgressMode,
  tasks: readonly SampleTask[],
  host: Host,
): BatchProgress {
  const tally = new Tally(tasks, host)
  // A log of a CI run is read by nobody while it goes on; it still should say that something happens.
  const lines = mode === 'lines' || (mode === 'auto' && !host.stderr.isTTY && Boolean(host.env.CI))
  if (lines) return lineProgress(tally, host)
  if (mode === 'auto' && host.stderr.isTTY) return barProgress(tally, host)
  return { started() {}, progress() {}, ended() {}, stop() {} }
}

function lineProgress(tally: Tally, host: Host): BatchProgress {
  let shownAt = host.now() + FIRST_AFTER_MS - LINE_EVERY_MS
  const show = () => {
    const now = host.now()
    if (now - shownAt < LINE_EVERY_MS) return
    shownAt = now
    host.stderr.write(`rstscope: ${tally.words()}\n`)
  }
  return {
    started() {},
    progress({ sample }, bytesRead) {
      tally.note(sample.id, bytesRead)
      show()
    },
    ended(row) {
      tally.end(row.sample, row.bytes, row.status === 'failed')
      if (row.error !== null) {
        host.stderr.write(`${escapeText(`rstscope: ${row.sample}: ${row.error.message}`)}\n`)
      }
      show()
    },
    stop() {},
  }
}

function barProgress(tally: Tally, host: Host): BatchProgress {
  const bars = new Map<string, SingleBar>()
  let all: MultiBar | undefined
  let whole: SingleBar | undefined
  let stopped = false
  let opening = false
  const open = async (): Promise<void> => {
    opening = true
    const { default: progress } = await import('cli-progress')
    if (stopped) return
    all = new progress.MultiBar({
      format: '  {bar} {percentage}%  {words}',
      stream: host.stderr,
      ...BAR_STYLE,
    })
    whole = all.create(Math.max(1, tally.total), 0, { words: tally.words() })
  }
  const show = () => {
    if (stopped) return
    if (all === undefined) {
      if (!opening && tally.elapsedMs >= FIRST_AFTER_MS) void open()
      return
    }
    whole!.update(Math.min(tally.bytesRead, tally.total), { words: tally.words() })
  }
  return {
    started() {},
    progress({ sample }, bytesRead, totalBytes) {
      tally.note(sample.id, bytesRead)
      show()
      if (all === undefined || stopped) return
      const bar =
        bars.get(sample.id) ?? all.create(totalBytes ?? 1, 0, { words: nameOf(sample.id) })
      bars.set(sample.id, bar)
      bar.setTotal(Math.max(1, totalBytes ?? bytesRead))
      bar.update(bytesRead)
    },
    ended(row) {
      tally.end(row.sample, row.bytes, row.status === 'failed')
      const bar = bars.get(row.sample)
      if (bar !== undefined) all?.remove(bar)
      bars.delete(row.sample)
      show()
    },
    stop() {
      stopped = true
      all?.stop()
    },
  }
}

function nameOf(id: string): string {
  const name = escapeText(id)
  return name.length <= MOST_NAME ? name : `…${name.slice(1 - MOST_NAME)}`
}
