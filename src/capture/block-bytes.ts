/** Bytes of one message between threads: much for the price of a message, little to wait for. */
export const BLOCK_BYTES = 256 * 1024
