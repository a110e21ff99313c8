import type { FileSpan } from '../model/watch.ts'

/** Which file of a rotating capture holds a frame: frames are numbered through, a person opens one file. */
export class FileTrail {
  private readonly spans: FileSpan[] = []

  begin(path: string, firstFrame: number): void {
    const last = this.spans[this.spans.length - 1]
    // A file without packets leaves no trace.
    if (last !== undefined && last.firstFrame === firstFrame) this.spans.pop()
    this.spans.push({ path, firstFrame })
  }

  /** The files that hold the frames from `first` to `last`. */
  between(first: number, last: number): FileSpan[] {
    const from = Math.max(0, this.indexOf(first))
    return this.spans.slice(from, this.indexOf(last) + 1)
  }

  /** Forgets files whose last frame lies before this one. */
  forgetBefore(frame: number): void {
    this.spans.splice(0, Math.max(0, this.indexOf(frame)))
  }

  private indexOf(frame: number): number {
    let low = 0
    let high = this.spans.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.spans[middle]!.firstFrame <= frame) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
