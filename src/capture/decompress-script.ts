import type { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import type { ByteWindow } from './byte-window.ts'
import { unlz4 } from './unlz4.ts'
import { unzstd } from './unzstd.ts'
import { zstdFrameByScript } from './zstd-frame-by-script.ts'

/** What Node itself cannot decompress, or could not in its older versions. */
export type ScriptedCompression = 'zstd' | 'lz4'

/** Decompresses in the thread that calls it. */
export function decompressByScript(
  compression: ScriptedCompression,
  window: ByteWindow,
  context: ContainerContext,
): AsyncGenerator<Uint8Array> {
  return compression === 'zstd'
    ? unzstd(window, context, zstdFrameByScript)
    : unlz4(window, context)
}
