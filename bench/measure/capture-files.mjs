import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bench = fileURLToPath(new URL('..', import.meta.url))
const MAKER = join(bench, 'make-capture.mjs')

/** Where captures are kept between runs, unless told otherwise. */
export const CACHE = join(bench, '.cache')

/** @typedef {{ path: string, bytes: number }} CaptureFile */

/** Both taps' captures of one kind. @returns {Promise<{ client: CaptureFile, upstream: CaptureFile }>} */
export async function captureFiles(kind, options) {
  const files = ['client', 'upstream'].map((tap) => captureFile(kind, { ...options, tap }))
  const [client, upstream] = await Promise.all(files)
  return { client, upstream }
}

/**
 * A capture as make-capture.mjs writes it, made unless it is there; a changed generator makes it anew.
 * @returns {Promise<CaptureFile>}
 */
export async function captureFile(kind, { dir = CACHE, ...asked } = {}) {
  const options = { tap: 'client', scale: 1, seed: 1, ...asked }
  const stem = [kind, ...Object.entries(options).map((entry) => entry.join('-'))].join('-')
  const path = join(dir, `${stem}.${generatorId()}.pcap`)
  if (!existsSync(path)) {
    mkdirSync(dir, { recursive: true })
    removeStale(dir, `${stem}.`)
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`])
    await make([process.execPath, MAKER, kind, `${path}.part`, ...flags])
    renameSync(`${path}.part`, path)
  }
  return { path, bytes: statSync(path).size }
}

/** Extension of each format, and how its tool packs (fast, as captures are packed) and unpacks. */
export const FORMATS = {
  gzip: { extension: '.gz', pack: ['gzip', '-1', '-c'], unpack: ['gzip', '-dc'] },
  zstd: { extension: '.zst', pack: ['zstd', '-q', '-1', '-c'], unpack: ['zstd', '-q', '-dc'] },
  lz4: { extension: '.lz4', pack: ['lz4', '-q', '-1', '-c'], unpack: ['lz4', '-q', '-dc'] },
}

/** The compressed copy of a capture, made unless it is there. */
export async function compressed(path, format) {
  const { extension, pack } = FORMATS[format]
  const packed = path + extension
  if (!existsSync(packed)) {
    const output = openSync(`${packed}.part`, 'w')
    await make([...pack, path], output)
    closeSync(output)
    renameSync(`${packed}.part`, packed)
  }
  return packed
}

/** Changes whenever the generator does. */
function generatorId() {
  const hash = createHash('sha256')
  const folder = join(bench, 'capture')
  for (const name of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, name)))
  return hash.digest('hex').slice(0, 8)
}

function removeStale(dir, stem) {
  for (const name of readdirSync(dir)) if (name.startsWith(stem)) rmSync(join(dir, name))
}

/** A process of its own for each file: two are made at a time, and none of their memory stays. */
function make([program, ...args], output = 'ignore') {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', output, 'inherit'] })
    child.on('error', reject)
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}`)),
    )
  })
}
