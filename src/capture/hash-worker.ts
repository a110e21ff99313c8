import { createHash } from 'node:crypto'
import { type MessagePort, parentPort } from 'node:worker_threads'
import type { FromHasher, ToHasher } from './digest.ts'

/** The entry of a hashing thread: blocks in, the same blocks back when they have been hashed, then their digest. */
const port = parentPort as MessagePort
const say = (message: FromHasher, transfer: ArrayBuffer[] = []) =>
  port.postMessage(message, transfer)

const hash = createHash('sha256')
port.on('message', (message: ToHasher) => {
  if (message === null) return say(hash.digest('hex'))
  const { block, count } = message
  hash.update(block.subarray(0, count))
  say(block, [block.buffer as ArrayBuffer])
})
