import type { ByteWindow } from './byte-window.ts'

export const ZSTD_MAGIC = 0xfd2fb528
export const LZ4_MAGIC = 0x184d2204
/** Sixteen magic numbers of frames without data, common to zstd and lz4. */
const SKIPPABLE_MAGIC = 0x184d2a50
const SKIPPABLE_MASK = 0xfffffff0

export function isSkippable(magic: number): boolean {
  return (magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC
}

/** Passes over a skippable frame of either format without holding it; false when it is cut. */
export async function skipFrame(window: ByteWindow): Promise<boolean> {
  if (!(await window.atLeast(8))) return false
  let left = 8 + window.view.getUint32(window.start + 4, true)
  while (left > 0) {
    if (window.length === 0 && !(await window.fill())) return false
    const step = Math.min(left, window.length)
    window.start += step
    left -= step
  }
  return true
}
