import { RST } from '../../native-free-decoders/decoded-packet.ts'
import { delta } from '../../native-free-decoders/transport/sequence.ts'
import type { ConnectionView, Side } from '../model/connection.ts'
import type { Segment } from '../model/segment.ts'

/** The bytes that one tap saw of a connection, whatever pieces they came in; sorted once, when first asked for. */
export class SeenBytes {
  private readonly view: ConnectionView
  private readonly sorted: Record<Side, Segment[] | null> = { client: null, upstream: null }

  constructor(view: ConnectionView) {
    this.view = view
  }

  /** Do segments of that side hold all bytes of the range? */
  hold(side: Side, from: number, length: number): boolean {
    const end = (from + length) >>> 0
    let reached = from
    for (const piece of this.pieces(side)) {
      if (delta(piece.seq, reached) < 0) continue
      const pieceEnd = (piece.seq + piece.length) >>> 0
      if (delta(reached, pieceEnd) > 0) reached = pieceEnd
      if (delta(end, reached) >= 0) return true
    }
    return false
  }

  private pieces(side: Side): Segment[] {
    const known = this.sorted[side]
    if (known !== null) return known
    const pieces = this.view.segments
      .filter((s) => s.from === side && s.length > 0 && (s.flags & RST) === 0)
      .sort((x, y) => delta(y.seq, x.seq))
    this.sorted[side] = pieces
    return pieces
  }
}
