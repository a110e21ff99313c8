import type { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'

/** Warns that compressed data end before their end mark; `produced` bytes were decompressed. */
export function warnCutCompression(
  context: ContainerContext,
  compression: string,
  produced: number,
): void {
  context.warn(
    'truncated-compression',
    `the ${compression} data are cut short after ${produced} decompressed bytes`,
    produced,
  )
}

/** Warns that compressed data cannot be read on; `produced` bytes were decompressed. */
export function warnDamagedCompression(
  context: ContainerContext,
  compression: string,
  produced: number,
  reason: string,
): void {
  context.warn(
    'damaged-compression',
    `the ${compression} data are damaged after ${produced} decompressed bytes (${reason}): nothing behind is read`,
    produced,
  )
}
