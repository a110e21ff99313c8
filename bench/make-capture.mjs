#!/usr/bin/env node
// Writes a synthetic capture; see the usage below.
import { closeSync, openSync, writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { captureChunks, KINDS } from './capture/capture.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scale: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    tap: { type: 'string', default: 'client' },
    exchanges: { type: 'string' },
    size: { type: 'string' },
  },
})
const [kind, path] = positionals
if (!(kind in KINDS) || path === undefined) {
  console.error(`usage: node bench/make-capture.mjs ${Object.keys(KINDS).join('|')} PATH|- [flags]
  --scale N         1: about 1 GB [1]
  --seed N          the same seed, the same capture [1]
  --tap TAP         client or upstream [client]
  --exchanges N     requests of a connection, in the mean
  --size N          bytes of a response, in the mean`)
  process.exit(2)
}
const fd = path === '-' ? 1 : openSync(path, 'w')
const options = {
  scale: Number(values.scale),
  seed: Number(values.seed),
  tap: values.tap,
  exchanges: values.exchanges && Number(values.exchanges),
  size: values.size && Number(values.size),
}
for (const chunk of captureChunks(kind, options)) {
  for (let at = 0; at < chunk.length; ) at += writeSome(fd, chunk, at)
}
if (fd !== 1) closeSync(fd)

/** A pipe may be full for a moment. */
function writeSome(target, chunk, at) {
  try {
    return writeSync(target, chunk, at, chunk.length - at)
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    return 0
  }
}
