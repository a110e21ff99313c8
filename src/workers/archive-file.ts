import { closeSync, constants, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RstscopeError } from '../errors.ts'
import type { ChunkFile } from '../model/connection-data.ts'

/** Windows deletes a file that was opened so (FILE_FLAG_DELETE_ON_CLOSE) with its last handle, whatever ends the process. */
const O_TEMPORARY = 0x40
const isWindows = process.platform === 'win32'
const { O_CREAT, O_EXCL, O_RDWR } = constants
const FLAGS = O_RDWR | O_CREAT | O_EXCL | (isWindows ? O_TEMPORARY : 0)

/** An open file by its descriptor, which all threads of the process share. */
export class ArchiveFile implements ChunkFile {
  readonly fd: number
  /** Whoever may read the file keeps it open. */
  readonly owner: ArchiveFiles | null

  constructor(fd: number, owner: ArchiveFiles | null = null) {
    this.fd = fd
    this.owner = owner
  }

  write(bytes: Uint8Array, at: number): boolean {
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.fd, bytes, done, bytes.length - done, at + done)
      }
      return true
    } catch (error) {
      if (!isRefused(error)) throw error
      return false
    }
  }

  read(bytes: Uint8Array, at: number): void {
    try {
      for (let done = 0; done < bytes.length; ) {
        const read = readSync(this.fd, bytes, done, bytes.length - done, at + done)
        if (read === 0) throw new Error('the file is shorter than what was written')
        done += read
      }
    } catch (cause) {
      throw new RstscopeError(
        'RSTSCOPE_UNREADABLE',
        `a temporary file cannot be read back: ${(cause as Error).message}`,
        'set TMPDIR to a folder on another disk',
        { cause },
      )
    }
  }
}

/** The temporary files of one report, to be closed with it. */
export class ArchiveFiles {
  readonly #open = new Set<number>()

  constructor() {
    forgotten.register(this, this.#open)
  }

  /** A new file without a name in the folder for temporary files; null where none can be made. */
  open(): ArchiveFile | null {
    const fd = openNameless()
    if (fd === null) return null
    this.#open.add(fd)
    return new ArchiveFile(fd, this)
  }

  /** Nobody may read or write any more. */
  close(): void {
    closeAll(this.#open)
  }
}

/** A report that was let go without being closed. */
const forgotten = new FinalizationRegistry(closeAll)

function closeAll(open: Set<number>): void {
  for (const fd of open) closeSync(fd)
  open.clear()
}

/** Nobody else finds the file, and nothing is left of it, however the process ends. */
function openNameless(): number | null {
  const name = `rstscope-${process.pid}-${Math.random().toString(36).slice(2)}`
  const path = join(tmpdir(), name)
  let fd: number | null = null
  try {
    fd = openSync(path, FLAGS, 0o600)
    if (!isWindows) unlinkSync(path)
    return fd
  } catch (error) {
    if (fd !== null) closeSync(fd)
    if (!isRefused(error)) throw error
    return null
  }
}

/** The system would not have it (full, read-only, not allowed, too many files): what is in memory can stay there. */
function isRefused(error: unknown): boolean {
  const { syscall, code } = error as NodeJS.ErrnoException
  return syscall !== undefined && code !== 'EBADF'
}
