import type { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import type { ByteWindow } from './byte-window.ts'
import { isSkippable, skipFrame, ZSTD_MAGIC } from './compressed-frame.ts'
import { warnCutCompression, warnDamagedCompression } from './compression-damage.ts'
import {
  frameHeader,
  LARGEST_FRAME_HEADER,
  MAX_WINDOW_BYTES,
  type ZstdFrameDecoder,
} from './zstd-frame.ts'

/** Magic number, descriptor and the least that follows. */
const SMALLEST_FRAME_HEADER = 6

/** Decompresses zstd frames, several in a row and skippable ones included. */
export async function* unzstd(
  window: ByteWindow,
  context: ContainerContext,
  decodeFrame: ZstdFrameDecoder,
): AsyncGenerator<Uint8Array> {
  let produced = 0
  while (await window.atLeast(1)) {
    if (!(await window.atLeast(SMALLEST_FRAME_HEADER))) {
      return warnCutCompression(context, 'zstd', produced)
    }
    const magic = window.view.getUint32(window.start, true)
    if (isSkippable(magic)) {
      if (await skipFrame(window)) continue
      return warnCutCompression(context, 'zstd', produced)
    }
    if (magic !== ZSTD_MAGIC) {
      return warnDamagedCompression(context, 'zstd', produced, 'no frame begins here')
    }
    await window.atLeast(LARGEST_FRAME_HEADER)
    const header = frameHeader(window)
    if (window.length < header.bytes) return warnCutCompression(context, 'zstd', produced)
    if (header.windowBytes > MAX_WINDOW_BYTES) {
      const reason = `it needs a window of ${header.windowBytes} bytes`
      return warnDamagedCompression(context, 'zstd', produced, reason)
    }
    const after = yield* decodeFrame(window, header, context, produced)
    if (after === null) return
    produced = after
  }
}
