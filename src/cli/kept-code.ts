import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'

/** What is shorter is compiled sooner than its compiled code is read, in bytes. Longer files hold no `import()`. */
export const WORTH_KEEPING = 1 << 16
const DIGEST_BYTES = 32
const require = createRequire(import.meta.url)
const HEAD = '(function (exports, require, module, __filename, __dirname) { '

/**
 * Compiles the large files of the bundle from code that an earlier run left in this folder, and leaves it there where
 * there is none. It holds also the functions that ran, which takes longer to compile than the files themselves.
 */
export function keepCode(folder: string): void {
  const { extensions } = require
  const load = extensions['.js']
  const bundle = dirname(fileURLToPath(import.meta.url))
  extensions['.js'] = (module, path) => {
    if (dirname(path) !== bundle || statSync(path).size < WORTH_KEEPING) return load(module, path)
    const source = readFileSync(path, 'utf8')
    const file = join(folder, `${basename(path)}-${process.version}-${process.arch}`)
    const cachedData = keptCode(file, source)
    const script = new Script(`${HEAD}${source}\n})`, {
      filename: path,
      ...(cachedData && { cachedData }),
    })
    if (!cachedData || script.cachedDataRejected) {
      process.once('exit', () => keep(file, source, script.createCachedData()))
    }
    const from = (id: string) => module.require(id)
    script.runInThisContext().call(module.exports, module.exports, from, module, path, bundle)
  }
}

/** V8 believes what it is given: only what this user wrote, whole and for this very source, is given to it. */
function keptCode(file: string, source: string): Buffer | null {
  try {
    if (!isOwn(lstatSync(dirname(file)))) return null
    const descriptor = openSync(file, 'r')
    try {
      if (!isOwn(fstatSync(descriptor))) return null
      const kept = readFileSync(descriptor)
      const code = kept.subarray(DIGEST_BYTES)
      return digest(source, code).equals(kept.subarray(0, DIGEST_BYTES)) ? code : null
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // There is none, or none that may be read: the source is compiled.
    return null
  }
}

function keep(file: string, source: string, code: Buffer): void {
  const folder = dirname(file)
  try {
    for (const path of [dirname(dirname(folder)), dirname(folder), folder]) makeFolder(path)
    if (!isOwn(lstatSync(folder))) return
  } catch {
    // Where nothing can be kept the next run compiles again, and answers the same.
    return
  }
  const unfinished = `${file}-${process.pid}`
  try {
    writeFileSync(unfinished, Buffer.concat([digest(source, code), code]), {
      flag: 'wx',
      mode: 0o600,
    })
    renameSync(unfinished, file)
  } catch {
    rmSync(unfinished, { force: true })
  }
}

/** One level: with `recursive` Node never returns where the system denies that a folder's parent exists, as in /proc. */
function makeFolder(path: string): void {
  if (!existsSync(path)) mkdirSync(path, { mode: 0o700 })
}

function digest(source: string, code: Buffer): Buffer {
  // Loaded with the first large file: it takes Node 2 ms, and many commands have none.
  const { createHash } = require('node:crypto') as typeof import('node:crypto')
  return createHash('sha256').update(source).update(code).digest()
}

/** Nobody but this user, or who administrates the machine, can have written it. */
function isOwn({ uid, mode }: Stats): boolean {
  if (process.getuid === undefined) return true
  return uid === process.getuid() && (mode & 0o022) === 0
}
