import type { RequestMark } from './summary.ts'

/** Of more requests than these, the ones in the middle are let go. */
const FIRST_KEPT = 8
const LAST_KEPT = 56

const TIME = 0
const LINE = 1
const REQUEST_ID = 2
const TRACE_ID = 3
const STATUS = 4
/** NaN until it is answered. */
const ANSWERED = 5
const COLUMNS = 6
/** Most connections carry fewer requests. */
const FEWEST_ROWS = 4
/** Memory for more is let go of with the connection. */
const MOST_ROWS_KEPT = 16

/** What each request of a connection may be known by on another one: of the first requests and of the last. */
export class RequestMarks {
  private count = 0
  private rows = new Float64Array(FEWEST_ROWS * COLUMNS)

  /** None yet; nothing is left of an earlier connection. */
  begin(): void {
    this.count = 0
    if (this.rows.length > MOST_ROWS_KEPT * COLUMNS) {
      this.rows = new Float64Array(FEWEST_ROWS * COLUMNS)
    }
  }

  /** A request whose head was complete at this time. */
  add(time: number, line: number, requestId: number, traceId: number): void {
    const at = rowOf(this.count++) * COLUMNS
    if (at === this.rows.length) {
      const most = (FIRST_KEPT + LAST_KEPT) * COLUMNS
      const larger = new Float64Array(Math.min(2 * at, most))
      larger.set(this.rows)
      this.rows = larger
    }
    const { rows } = this
    rows[at + TIME] = time
    rows[at + LINE] = line
    rows[at + REQUEST_ID] = requestId
    rows[at + TRACE_ID] = traceId
    rows[at + STATUS] = 0
    rows[at + ANSWERED] = Number.NaN
  }

  /** Is this the number (from 0) of a request that is kept, and whose answer is not known? */
  isOpen(number: number): boolean {
    if (number < 0 || number >= this.count) return false
    if (number >= FIRST_KEPT && number < this.count - LAST_KEPT) return false
    return Number.isNaN(this.rows[rowOf(number) * COLUMNS + ANSWERED]!)
  }

  /** The response to a request that is open; its id counts where the request had none. */
  answer(number: number, time: number, status: number, requestId: number): void {
    const at = rowOf(number) * COLUMNS
    const { rows } = this
    rows[at + STATUS] = status
    rows[at + ANSWERED] = time
    if (rows[at + REQUEST_ID] === 0) rows[at + REQUEST_ID] = requestId
  }

  /** A single request without ids: all is said of it elsewhere. */
  get isPlain(): boolean {
    return this.count === 1 && this.rows[REQUEST_ID] === 0 && this.rows[TRACE_ID] === 0
  }

  /** In order of the requests. */
  list(): RequestMark[] {
    const marks: RequestMark[] = []
    const later = this.count - LAST_KEPT
    for (let number = 0; number < this.count; number++) {
      if (number === FIRST_KEPT && later > number) number = later
      marks.push(this.read(rowOf(number) * COLUMNS))
    }
    return marks
  }

  private read(at: number): RequestMark {
    const { rows } = this
    const answered = rows[at + ANSWERED]!
    return {
      time: rows[at + TIME]!,
      line: rows[at + LINE]!,
      requestId: rows[at + REQUEST_ID]!,
      traceId: rows[at + TRACE_ID]!,
      status: rows[at + STATUS]!,
      answered: Number.isNaN(answered) ? null : answered,
    }
  }
}

function rowOf(number: number): number {
  return number < FIRST_KEPT ? number : FIRST_KEPT + ((number - FIRST_KEPT) % LAST_KEPT)
}
