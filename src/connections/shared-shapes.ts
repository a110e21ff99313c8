import type { ConnectionData } from '../model/connection-data.ts'
import { bareSegments } from './shape.ts'
import { ShapeTable } from './shape-table.ts'

/** The shapes of all shards of a capture, numbered as one. */
export class SharedShapes {
  /** By shard and number there: the number of a shape among those of all shards. */
  private readonly numbers: Uint32Array[]
  private readonly bare: ReturnType<typeof bareSegments>[]

  constructor(parts: readonly ConnectionData[]) {
    const all = new ShapeTable()
    this.numbers = parts.map(({ shapes }) =>
      Uint32Array.from(shapes, (shape) => all.intern(shape, shape.length)),
    )
    this.bare = all.list().map(bareSegments)
  }

  numberOf(part: number, local: number): number {
    return this.numbers[part]![local]!
  }

  /** Senders and flags of the segments of a shape that has no payload; null for others. */
  bareSegments(shape: number): ReturnType<typeof bareSegments> {
    return this.bare[shape]!
  }
}
