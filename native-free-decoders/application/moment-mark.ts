import type { Moment } from './summary.ts'

/** A moment that is noted once per connection, or not: a place to write to, so that noting it allocates nothing. */
export class MomentMark {
  isSet = false
  frame = 0
  time = 0

  clear(): void {
    this.isSet = false
    this.frame = 0
    this.time = 0
  }

  set(frame: number, time: number): void {
    this.isSet = true
    this.frame = frame
    this.time = time
  }

  /** Only the first of several counts. */
  setOnce(frame: number, time: number): void {
    if (!this.isSet) this.set(frame, time)
  }

  /** Written into `to`, or null. */
  read(to: Moment): Moment | null {
    if (!this.isSet) return null
    to.frame = this.frame
    to.time = this.time
    return to
  }
}
