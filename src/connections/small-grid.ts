/** Ids that are looked up by place; of a capture with more endpoints the rest goes the long way. */
const MOST_COLUMNS = 4096
const MOST_ROWS = 256

/** Small numbers by two small ids, in front of a table that holds them all: one read instead of hash and probe. */
export class SmallGrid {
  /** By row: the numbers + 1; 0 for none. */
  private readonly rows: (Uint32Array | undefined)[] = []

  /** -1 where it was not set, or lies beyond. */
  get(row: number, column: number): number {
    const cells = this.rows[row]
    return cells === undefined || column >= MOST_COLUMNS ? -1 : cells[column]! - 1
  }

  set(row: number, column: number, value: number): void {
    if (row >= MOST_ROWS || column >= MOST_COLUMNS) return
    let cells = this.rows[row]
    if (cells === undefined) {
      cells = new Uint32Array(MOST_COLUMNS)
      this.rows[row] = cells
    }
    cells[column] = value + 1
  }
}
