import type { ContainerParser } from '../../native-free-decoders/container/container-parser.ts'
import type { ByteWindow } from './byte-window.ts'
import type { RecordStream, ReusedBatch } from './record-stream.ts'

/** Records by this project's own parsers, which find them in place: nothing is copied. */
export class NativeFreeRecords implements RecordStream {
  readonly #window: ByteWindow
  readonly #parser: ContainerParser

  constructor(window: ByteWindow, parser: ContainerParser) {
    this.#window = window
    this.#parser = parser
  }

  async fill(batch: ReusedBatch): Promise<boolean> {
    const window = this.#window
    const parser = this.#parser
    while (!parser.stopped) {
      if (window.length >= Math.max(1, parser.needed)) {
        window.start = parser.parse(window.bytes, window.view, window.start, window.end, batch)
        if (batch.count > 0) {
          batch.bytes = window.bytes
          batch.view = window.view
          return true
        }
        continue
      }
      const filled = window.fill()
      if (!(typeof filled === 'boolean' ? filled : await filled)) {
        parser.finish(window.length)
        return false
      }
    }
    return false
  }
}
