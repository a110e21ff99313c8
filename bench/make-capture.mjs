#!/usr/bin/env node
// Writes a synthetic capture: node bench/make-capture.mjs big|small|syn PATH|- [--scale N] [--seed N] [--tap upstream]
import { closeSync, openSync, writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { captureChunks, KINDS } from './capture/capture.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scale: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    tap: { type: 'string', default: 'client' },
  },
})
const [kind, path] = positionals
if (!(kind in KINDS) || path === undefined) {
  console.error(
    'usage: node bench/make-capture.mjs big|small|syn PATH|- [--scale N] [--seed N] [--tap upstream]',
  )
  process.exit(2)
}
const fd = path === '-' ? 1 : openSync(path, 'w')
const options = { scale: Number(values.scale), seed: Number(values.seed), tap: values.tap }
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
