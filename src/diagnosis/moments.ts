/** Moments at endpoints (by their ids), of which those around a moment can be counted: in columns, as there may be millions. */
export class Moments {
  private count = 0
  private keys = new Uint32Array(64)
  private times = new Float64Array(64)
  /** Once asked: times in order of endpoint, then of time, and where each endpoint's begin. */
  private sorted: { times: Float64Array; starts: Uint32Array } | null = null

  add(key: number, time: number): void {
    if (this.count === this.keys.length) this.grow()
    this.keys[this.count] = key
    this.times[this.count] = time
    this.count++
    this.sorted = null
  }

  /** How many at `key` lie no further than `span` from `time`. */
  within(key: number, time: number, span: number): number {
    this.sorted ??= this.sort()
    const { times, starts } = this.sorted
    if (key + 1 >= starts.length) return 0
    const from = starts[key]!
    const until = starts[key + 1]!
    return (
      firstFrom(times, from, until, time, span, true) -
      firstFrom(times, from, until, time, -span, false)
    )
  }

  /** How many at `key` lie before `time`. */
  before(key: number, time: number): number {
    this.sorted ??= this.sort()
    const { times, starts } = this.sorted
    if (key + 1 >= starts.length) return 0
    const from = starts[key]!
    return firstFrom(times, from, starts[key + 1]!, time, 0, false) - from
  }

  private sort(): { times: Float64Array; starts: Uint32Array } {
    const { count, keys } = this
    let most = -1
    for (let i = 0; i < count; i++) most = Math.max(most, keys[i]!)
    const starts = new Uint32Array(most + 2)
    for (let i = 0; i < count; i++) starts[keys[i]! + 1]!++
    for (let key = 0; key <= most; key++) starts[key + 1]! += starts[key]!
    const next = starts.slice()
    const times = new Float64Array(count)
    for (let i = 0; i < count; i++) times[next[keys[i]!]!++] = this.times[i]!
    for (let key = 0; key <= most; key++) sortPart(times, starts[key]!, starts[key + 1]!)
    return { times, starts }
  }

  private grow(): void {
    const keys = new Uint32Array(this.keys.length * 2)
    keys.set(this.keys)
    this.keys = keys
    const times = new Float64Array(keys.length)
    times.set(this.times)
    this.times = times
  }
}

/** The first place in [from, until) whose time lies at least `ahead` after `time`, or more than that. */
function firstFrom(
  times: Float64Array,
  from: number,
  until: number,
  time: number,
  ahead: number,
  isMore: boolean,
): number {
  let low = from
  let high = until
  while (low < high) {
    const middle = (low + high) >>> 1
    const difference = times[middle]! - time
    if (isMore ? difference > ahead : difference >= ahead) high = middle
    else low = middle + 1
  }
  return low
}

/** Most moments come in order as it is: of beginnings all do. */
function sortPart(times: Float64Array, from: number, until: number): void {
  for (let i = from + 1; i < until; i++) {
    if (!(times[i]! >= times[i - 1]!)) {
      times.subarray(from, until).sort()
      return
    }
  }
}
