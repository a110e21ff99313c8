import type { RequestMark } from './summary.ts'

/** Of more requests than these, the ones in the middle are let go. */
const FIRST_KEPT = 8
const LAST_KEPT = 56

/** What each request of a connection may be known by on another one: of the first requests and of the last. */
export class RequestMarks {
  private readonly first: RequestMark[] = []
  private readonly last: RequestMark[] = []
  private count = 0

  add(mark: RequestMark): void {
    const number = this.count++
    if (number < FIRST_KEPT) this.first.push(mark)
    else this.last[(number - FIRST_KEPT) % LAST_KEPT] = mark
  }

  /** The mark of a request by its number from 0; null where it was let go or is none. */
  of(number: number): RequestMark | null {
    if (number < 0 || number >= this.count) return null
    if (number < FIRST_KEPT) return this.first[number]!
    return number < this.count - LAST_KEPT ? null : this.last[(number - FIRST_KEPT) % LAST_KEPT]!
  }

  /** In order of the requests. */
  list(): RequestMark[] {
    const later = this.count - FIRST_KEPT
    const turn = later > LAST_KEPT ? later % LAST_KEPT : 0
    return [...this.first, ...this.last.slice(turn), ...this.last.slice(0, turn)]
  }
}
