/** Shortest match; the length in a token counts from it (LZ4 block format description, "Sequences"). */
const MIN_MATCH = 4
/** Value of a four-bit length field that says more bytes follow. */
const MORE = 15
/** Short runs are copied in steps of eight bytes and may write up to seven too many, which the next run overwrites. */
const STEP = 8
/** From this length on a call of the runtime's own copy is faster than a loop. */
const LONG = 256

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
  const from = new DataView(input.buffer, input.byteOffset, input.byteLength)
  const to = new DataView(output.buffer, output.byteOffset, output.byteLength)
  // Up to here a run may begin its last step without leaving the input or the output.
  const lastRead = end - STEP
  const lastWrite = output.length - STEP
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
    const literalsEnd = write + literals
    if (literals >= LONG) {
      output.set(input.subarray(read, read + literals), write)
    } else if (read + literals <= lastRead && literalsEnd <= lastWrite) {
      for (let i = read, o = write; o < literalsEnd; i += STEP, o += STEP) {
        to.setInt32(o, from.getInt32(i))
        to.setInt32(o + 4, from.getInt32(i + 4))
      }
    } else {
      for (let i = read, o = write; o < literalsEnd; i++, o++) output[o] = input[i] as number
    }
    read += literals
    write = literalsEnd
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
    const matchEnd = write + length
    if (length >= LONG && distance >= length) {
      output.copyWithin(write, write - distance, matchEnd - distance)
    } else if (distance >= STEP && matchEnd <= lastWrite) {
      for (let i = write - distance, o = write; o < matchEnd; i += STEP, o += STEP) {
        to.setInt32(o, to.getInt32(i))
        to.setInt32(o + 4, to.getInt32(i + 4))
      }
    } else {
      // Source and target may overlap: bytes written by this match are read by it.
      for (let o = write; o < matchEnd; o++) output[o] = output[o - distance] as number
    }
    write = matchEnd
  }
  return LZ4_DAMAGED
}
