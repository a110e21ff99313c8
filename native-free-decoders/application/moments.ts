import type { Moment } from './summary.ts'

/** No frame has this number. */
const NEVER = -1

/** Some moments of a connection by number, each noted or not. They lie side by side: what is read at its end is cold. */
export class Moments {
  /** Frame and time of each. */
  private readonly pairs: Float64Array

  constructor(count: number) {
    this.pairs = new Float64Array(2 * count)
    this.clear()
  }

  clear(): void {
    const { pairs } = this
    for (let at = 0; at < pairs.length; at += 2) {
      pairs[at] = NEVER
      pairs[at + 1] = 0
    }
  }

  isSet(which: number): boolean {
    return this.pairs[2 * which] !== NEVER
  }

  set(which: number, frame: number, time: number): void {
    this.pairs[2 * which] = frame
    this.pairs[2 * which + 1] = time
  }

  /** Only the first of several counts. */
  setOnce(which: number, frame: number, time: number): void {
    if (!this.isSet(which)) this.set(which, frame, time)
  }

  frame(which: number): number {
    return this.pairs[2 * which]!
  }

  time(which: number): number {
    return this.pairs[2 * which + 1]!
  }

  /** Written into `to`, or null. */
  read(which: number, to: Moment): Moment | null {
    if (!this.isSet(which)) return null
    to.frame = this.frame(which)
    to.time = this.time(which)
    return to
  }
}
