import { fstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RstscopeError } from '../../src/errors.ts'
import { ArchiveFile, ArchiveFiles } from '../../src/workers/archive-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rstscope-test-'))
  vi.stubEnv('TMPDIR', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

describe.skipIf(process.platform === 'win32')('a temporary file of a report', () => {
  it('has no name, and nobody else may read it', () => {
    const files = new ArchiveFiles()
    const file = files.open()!
    const { mode, nlink } = fstatSync(file.fd)
    expect([mode & 0o777, nlink]).toEqual([0o600, 0])
    expect(readdirSync(folder)).toEqual([])
    files.close()
  })

  it('gives back what was put at a place', () => {
    const files = new ArchiveFiles()
    const file = files.open()!
    expect(file.write(Uint8Array.of(4, 5, 6), 3)).toBe(true)
    expect(file.write(Uint8Array.of(1, 2, 3), 0)).toBe(true)
    const bytes = new Uint8Array(4)
    // As another thread does that was told its number.
    new ArchiveFile(file.fd).read(bytes, 1)
    expect([...bytes]).toEqual([2, 3, 4, 5])
    files.close()
  })

  it('is closed with all others of its report, once', () => {
    const files = new ArchiveFiles()
    const fds = [files.open()!.fd, files.open()!.fd]
    files.close()
    for (const fd of fds) expect(() => fstatSync(fd)).toThrow('EBADF')
    files.close()
  })

  it.each([
    ['is missing', () => join(folder, 'none')],
    [
      'is a file',
      () => {
        writeFileSync(join(folder, 'file'), '')
        return join(folder, 'file')
      },
    ],
    ['has a name that is too long', () => join(folder, 'x'.repeat(5000))],
  ])('is not made where the folder for it %s', (_, path) => {
    vi.stubEnv('TMPDIR', path())
    expect(new ArchiveFiles().open()).toBeNull()
  })

  it('that cannot be read back is an error of its own, with the reason', () => {
    const files = new ArchiveFiles()
    const file = files.open()!
    file.write(new Uint8Array(10), 0)
    const short = () => file.read(new Uint8Array(20), 0)
    expect(short).toThrow(RstscopeError)
    expect(short).toThrow('a temporary file cannot be read back: ')
    files.close()
    expect(() => file.read(new Uint8Array(5), 0)).toThrow('EBADF')
  })

  it('that is closed takes nothing more: that is a defect, and heard', () => {
    const files = new ArchiveFiles()
    const file = files.open()!
    files.close()
    expect(() => file.write(new Uint8Array(5), 0)).toThrow('EBADF')
  })
})
