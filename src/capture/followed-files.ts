import { closeSync, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { pcapMagic } from '../../native-free-decoders/container/pcap.ts'
import { readError } from './metered-source.ts'
import { openCapture } from './open-capture.ts'

/** Enough of a file's beginning to hold its header and the time of its first packet: a rewritten file differs there. */
const HEAD_BYTES = 1024
/** A folder is looked through again after this many times as long as it took. */
const REST_FACTOR = 20
const LEAST_REST_MS = 500
const MOST_UNREADABLE = 1000
const COMPRESSED = /\.(?:gz|zst|lz4|bz2|xz)$/

/** A file that is being read. */
export interface FollowedFile {
  path: string
  descriptor: number
  /** Bytes read so far. */
  at: number
  known: Known
}

interface Known {
  device: number
  inode: number
  size: number
  changedMs: number
  /** How the file began when it was looked at; empty for what is no capture. */
  head: Uint8Array
  /** Where reading stopped; null before it did. */
  readTo: number | null
  firstPacketNs: bigint | null
}

/**
 * The capture files at a path: one that grows, or a folder in which one follows another. Files are told apart by what
 * they are and how they begin, not by name alone: rings use names again. Polled, because nothing else works on every
 * file system.
 */
export class FollowedFiles {
  private readonly path: string
  private readonly isFolder: boolean
  private readonly known = new Map<string, Known>()
  /** Plain names that were read: their compressed copies are not read again. */
  private readonly read = new Set<string>()
  private readonly say: (notice: string) => void
  private waiting: string[] = []
  private readonly unreadable = new Set<string>()
  private restUntil = 0
  /** Of the present scan: ms that went into looking into files, which is done once for each. */
  private peekedMs = 0
  current: FollowedFile | null = null

  constructor(path: string, isFolder: boolean, say: (notice: string) => void) {
    this.path = path
    this.isFolder = isFolder
    this.say = say
  }

  /** Is there a file to go on with when the one that is read has no more? */
  get hasNext(): boolean {
    return this.waiting.length > 0
  }

  /** Opens the next file, the one with the earliest packets; null while there is none. */
  open(): FollowedFile | null {
    for (;;) {
      const path = this.waiting.shift()
      if (path === undefined) return null
      try {
        const descriptor = openSync(path, 'r')
        this.read.add(path)
        this.current = { path, descriptor, at: 0, known: this.known.get(path)! }
        return this.current
      } catch (error) {
        this.complain(path, error)
        this.known.delete(path)
      }
    }
  }

  close(): void {
    const file = this.current
    if (file === null) return
    this.current = null
    closeSync(file.descriptor)
    file.known.readTo = file.at
  }

  /** Reads on in the current file; 0 at its present end, -1 where it was written anew underneath. */
  readInto(target: Uint8Array): number {
    const file = this.current!
    if (!startsWith(headOf(file.descriptor), file.known.head)) return -1
    const count = readSync(file.descriptor, target, 0, target.length, file.at)
    file.at += count
    return count
  }

  /** Looks for files that are new or written anew. */
  async scan(nowMs: number): Promise<void> {
    if (nowMs < this.restUntil) return
    const started = performance.now()
    this.peekedMs = 0
    const paths = this.list()
    if (paths === null) {
      this.restUntil = nowMs + LEAST_REST_MS
      return
    }
    const present = new Set(paths)
    for (const path of this.known.keys()) if (!present.has(path)) this.known.delete(path)
    for (const name of this.read) {
      if (!paths.some((path) => path === name || plainName(path) === name)) this.read.delete(name)
    }
    this.waiting = this.waiting.filter((path) => present.has(path))
    for (const path of paths) await this.look(path, present)
    this.waiting.sort((a, b) => inTime(this.known.get(a)!, this.known.get(b)!) || byName(a, b))
    const tookMs = performance.now() - started - this.peekedMs
    this.restUntil = nowMs + Math.max(LEAST_REST_MS, REST_FACTOR * tookMs)
  }

  private list(): string[] | null {
    if (!this.isFolder) return [this.path]
    return this.tried(this.path, () =>
      readdirSync(this.path, { withFileTypes: true })
        .filter((one) => (one.isFile() || one.isSymbolicLink()) && !one.name.startsWith('.'))
        .map(({ name }) => join(this.path, name)),
    )
  }

  /** What can be read now may not be so later, and the other way round: said once, and tried again. */
  private tried<T>(path: string, read: () => T): T | null {
    try {
      const value = read()
      this.unreadable.delete(path)
      return value
    } catch (error) {
      this.complain(path, error)
      return null
    }
  }

  private complain(path: string, error: unknown): void {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT' && path !== this.path
    if (isGone || this.unreadable.has(path) || this.unreadable.size >= MOST_UNREADABLE) return
    this.unreadable.add(path)
    this.say(readError(path, error).message)
  }

  private async look(path: string, present: ReadonlySet<string>): Promise<void> {
    const plain = plainName(path)
    // Compressed while or after it was read; while its original is there, it may be half written.
    if (plain !== path && (present.has(plain) || this.read.has(plain))) return
    const stat = this.tried(path, () => statSync(path))
    if (stat === null || !stat.isFile() || stat.size < 4) return
    const known = this.known.get(path)
    if (known !== undefined && isUnchanged(known, stat)) return
    const head = this.tried(path, () => headOfPath(path))
    if (head === null) return
    const isSame =
      known !== undefined &&
      known.device === stat.dev &&
      known.inode === stat.ino &&
      stat.size >= (this.current?.known === known ? this.current.at : (known.readTo ?? 0)) &&
      startsWith(head, known.head)
    if (isSame && known.head.length > 0) {
      this.noteGrowth(path, known, stat, head)
      return
    }
    const looksRight = looksLikeCapture(head)
    // The one file that was named is what was meant, unless it is none at all.
    if (!looksRight && !this.isFolder) await refuse(path)
    const isCapture = looksRight || !this.isFolder
    this.known.set(path, {
      device: stat.dev,
      inode: stat.ino,
      size: stat.size,
      changedMs: stat.mtimeMs,
      head: isCapture ? head : new Uint8Array(0),
      readTo: null,
      firstPacketNs: isCapture && this.isFolder ? await this.peek(path) : null,
    })
    if (isCapture && !this.waiting.includes(path)) this.waiting.push(path)
  }

  private async peek(path: string): Promise<bigint | null> {
    const started = performance.now()
    const first = await firstPacketNs(path)
    this.peekedMs += performance.now() - started
    return first
  }

  private noteGrowth(path: string, known: Known, stat: Stats, head: Uint8Array): void {
    if (known.readTo !== null && stat.size > known.readTo && known.size <= known.readTo) {
      this.say(
        `${path} grew after a newer file had begun: what was added is not read (does the folder hold two captures?)`,
      )
    }
    known.size = stat.size
    known.changedMs = stat.mtimeMs
    known.head = head
  }
}

function isUnchanged(known: Known, { dev, ino, size, mtimeMs }: Stats): boolean {
  return (
    known.device === dev &&
    known.inode === ino &&
    known.size === size &&
    known.changedMs === mtimeMs
  )
}

function plainName(path: string): string {
  return path.replace(COMPRESSED, '')
}

function headOfPath(path: string): Uint8Array {
  const descriptor = openSync(path, 'r')
  try {
    return headOf(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function headOf(descriptor: number): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES)
  return head.subarray(0, readSync(descriptor, head, 0, HEAD_BYTES, 0))
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  if (bytes.length < head.length) return false
  return head.every((byte, i) => bytes[i] === byte)
}

/** First bytes of pcapng, snoop, gzip, zstd and lz4. */
const MAGICS = [0x0a0d0d0a, 0x736e6f6f, 0x28b52ffd, 0x04224d18]

function looksLikeCapture(head: Uint8Array): boolean {
  if (head.length < 4) return false
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  const magic = view.getUint32(0)
  return MAGICS.includes(magic) || magic >>> 16 === 0x1f8b || pcapMagic(view, 0) !== null
}

/** Says of a file what it looks like instead. */
async function refuse(path: string): Promise<void> {
  const reader = await openCapture(path, { hash: false })
  await reader.close()
}

/** When the first packet of a file was captured; null while it has none that can be read. */
async function firstPacketNs(path: string): Promise<bigint | null> {
  try {
    const reader = await openCapture(path, { hash: false, reader: 'native-free' })
    try {
      return (await reader.next()) === null ? null : reader.facts.baseNs
    } finally {
      await reader.close()
    }
  } catch {
    // What is wrong with it is told when it is read.
    return null
  }
}

/** By first packet; a file without one was just begun. */
function inTime(a: Known, b: Known): number {
  if (a.firstPacketNs !== null && b.firstPacketNs !== null)
    return a.firstPacketNs < b.firstPacketNs ? -1 : a.firstPacketNs > b.firstPacketNs ? 1 : 0
  if (a.firstPacketNs !== b.firstPacketNs) return a.firstPacketNs === null ? 1 : -1
  return a.changedMs - b.changedMs
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
