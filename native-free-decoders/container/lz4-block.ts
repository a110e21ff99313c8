/** Shortest match; the length in a token counts from it (LZ4 block format description, "Sequences"). */
const MIN_MATCH = 4
/** Value of a four-bit length field that says more bytes follow. */
const MORE = 15

/** What `decodeLz4Block` returns for bytes that are no valid block, or that do not fit the output. */
export const LZ4_DAMAGED = -1

/**
 * Decodes one LZ4 block `input[start … end)` to `output` from `at` on, and returns where the output ends. Matches may
 * reach back to `output[0]`: what stands before `at` is the dictionary of linked blocks.
 */
export function decodeLz4Block(
  input: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  at: number,
): number {
  let read = start
  let write = at
  while (read < end) {
    const token = input[read++] as number

    let literals = token >> 4
    if (literals === MORE) {
      let more = 255
      while (more === 255) {
        if (read >= end) return LZ4_DAMAGED
        more = input[read++] as number
        literals += more
      }
    }
    if (literals > end - read || literals > output.length - write) return LZ4_DAMAGED
    if (literals < 32) {
      for (let i = 0; i < literals; i++) output[write++] = input[read++] as number
    } else {
      output.set(input.subarray(read, read + literals), write)
      read += literals
      write += literals
    }
    // The last sequence of a block ends with its literals.
    if (read === end) return write

    if (end - read < 2) return LZ4_DAMAGED
    const distance = (input[read] as number) | ((input[read + 1] as number) << 8)
    read += 2
    if (distance === 0 || distance > write) return LZ4_DAMAGED

    let length = (token & MORE) + MIN_MATCH
    if ((token & MORE) === MORE) {
      let more = 255
      while (more === 255) {
        if (read >= end) return LZ4_DAMAGED
        more = input[read++] as number
        length += more
      }
    }
    if (length > output.length - write) return LZ4_DAMAGED
    if (distance >= length && length >= 32) {
      output.copyWithin(write, write - distance, write - distance + length)
      write += length
    } else {
      // Source and target overlap: bytes written by this match are read by it.
      for (let i = 0; i < length; i++, write++) output[write] = output[write - distance] as number
    }
  }
  return LZ4_DAMAGED
}
