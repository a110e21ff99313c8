import type { EngineProgress } from './engine.ts'
import type { Host } from './host.ts'

export type ProgressMode = 'auto' | 'lines' | 'none'

/** Shown from this moment on: what takes less needs no progress. */
const FIRST_AFTER_MS = 1000
const BAR_EVERY_MS = 100
const LINE_EVERY_MS = 5000

/** Progress of one run on standard error. */
export interface Progress {
  update(progress: EngineProgress): void
  /** Removes the bar; nothing is shown afterwards. */
  stop(): void
}

interface Sum {
  bytes: number
  total: number | null
  packets: number
}

/** How bars are drawn. */
export const BAR_STYLE = {
  barsize: 20,
  barCompleteChar: '#',
  barIncompleteChar: '-',
  clearOnComplete: true,
  hideCursor: true,
  emptyOnZero: true,
}

export function startProgress(mode: ProgressMode, host: Host): Progress {
  const { stderr } = host
  if (mode === 'none' || (mode === 'auto' && !stderr.isTTY)) return { update() {}, stop() {} }
  const captures = new Map<string, EngineProgress>()
  const started = host.now()
  const show = mode === 'lines' ? lineDisplay(host, started) : barDisplay(host, started)
  let shownAt = started + FIRST_AFTER_MS - (mode === 'lines' ? LINE_EVERY_MS : BAR_EVERY_MS)
  let stopped = false
  return {
    update(progress) {
      captures.set(progress.capture, progress)
      const now = host.now()
      if (stopped || now - shownAt < (mode === 'lines' ? LINE_EVERY_MS : BAR_EVERY_MS)) return
      shownAt = now
      show.draw(sumOf(captures))
    },
    stop() {
      stopped = true
      show.end()
    },
  }
}

interface Display {
  draw(sum: Sum): void
  end(): void
}

function sumOf(captures: Map<string, EngineProgress>): Sum {
  const sum: Sum = { bytes: 0, total: 0, packets: 0 }
  for (const { bytesRead, totalBytes, packets } of captures.values()) {
    sum.bytes += bytesRead
    sum.packets += packets
    sum.total = sum.total === null || totalBytes === null ? null : sum.total + totalBytes
  }
  return sum
}

/** `412 of 900 MB  96 MB/s  about 5 s left  1200000 packets`. */
export function progressWords(sum: Sum, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? (sum.bytes / elapsedMs) * 1000 : 0
  const of = sum.total === null ? '' : ` of ${megabytes(sum.total)}`
  const words = [`${megabytes(sum.bytes)}${of} MB`, `${megabytes(rate)} MB/s`]
  if (sum.total !== null && rate > 0) {
    words.push(`about ${Math.max(0, Math.round((sum.total - sum.bytes) / rate))} s left`)
  }
  words.push(`${sum.packets} packets`)
  return words.join('  ')
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)
}

function lineDisplay(host: Host, started: number): Display {
  return {
    draw(sum) {
      host.stderr.write(`rstscope: read ${progressWords(sum, host.now() - started)}\n`)
    },
    end() {},
  }
}

function barDisplay(host: Host, started: number): Display {
  let bar: import('cli-progress').SingleBar | undefined
  let ended = false
  return {
    draw(sum) {
      if (bar) drawBar(bar, sum, host.now() - started)
      else void open(sum)
    },
    end() {
      ended = true
      bar?.stop()
    },
  }

  async function open(sum: Sum): Promise<void> {
    const { default: progress } = await import('cli-progress')
    if (ended || bar) return
    bar = new progress.SingleBar({
      format: sum.total === null ? '  {words}' : '  {bar} {percentage}%  {words}',
      stream: host.stderr,
      ...BAR_STYLE,
    })
    bar.start(sum.total ?? 0, 0, { words: '' })
    drawBar(bar, sum, host.now() - started)
  }
}

function drawBar(bar: import('cli-progress').SingleBar, sum: Sum, elapsedMs: number): void {
  if (sum.total !== null) bar.setTotal(sum.total)
  bar.update(Math.min(sum.bytes, sum.total ?? sum.bytes), { words: progressWords(sum, elapsedMs) })
}
