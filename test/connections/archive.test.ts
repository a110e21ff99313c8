import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  Archive,
  CHUNK_BYTES,
  chunkOf,
  isSameArchive,
  MOST_ENTRY_BYTES,
  withinChunk,
} from '../../src/connections/archive.ts'
import { RstscopeError } from '../../src/errors.ts'
import type { ArchiveData, ChunkFile } from '../../src/model/connection-data.ts'

/** A file in memory with room for so many bytes. */
class Memory implements ChunkFile {
  readonly chunks = new Map<number, Uint8Array>()
  readonly room: number
  reads = 0

  constructor(room = Number.POSITIVE_INFINITY) {
    this.room = room
  }

  write(bytes: Uint8Array, at: number): boolean {
    if (at + bytes.length > this.room) return false
    this.chunks.set(at, bytes.slice())
    return true
  }

  read(bytes: Uint8Array, at: number): void {
    this.reads++
    bytes.set(this.chunks.get(at)!)
  }
}

/** Writes an entry that no other entry of another seed equals. */
function add(archive: Archive, length: number, seed: number): number {
  const bytes = archive.begin()
  const at = archive.position
  bytes.set(entry(length, seed), at)
  return archive.end(at + length)
}

function entry(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = i * 31 + seed * 7919 + (seed >> 8)
  return bytes
}

/** Told by one comparison of bytes: that of each element takes seconds here. */
function holds(archive: ArchiveData, place: number, length: number, seed: number): boolean {
  return Buffer.compare(read(archive, place, length), entry(length, seed)) === 0
}

function read(archive: ArchiveData, place: number, length: number): Uint8Array {
  const at = withinChunk(place)
  return chunkOf(archive, place).subarray(at, at + length)
}

/** Entries that fill some ten chunks. */
function filled(archive: Archive, count = 60): { place: number; length: number }[] {
  return Array.from({ length: count }, (_, i) => {
    const length = 30_000 + ((i * 7919) % (MOST_ENTRY_BYTES - 30_000))
    return { place: add(archive, length, i), length }
  })
}

describe('packed bytes of retired connections', () => {
  it('read back as they were written, in whatever order and wherever they lie', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: MOST_ENTRY_BYTES }), {
      minLength: 1,
      maxLength: 60,
      size: 'max',
    })
    const held = fc.integer({ min: 0, max: 4 * CHUNK_BYTES })
    const room = fc.constantFrom(0, CHUNK_BYTES, 3 * CHUNK_BYTES, Number.POSITIVE_INFINITY)
    fc.assert(
      fc.property(
        lengths,
        held,
        room,
        fc.array(fc.nat(), { minLength: 50, maxLength: 50 }),
        (all, bytes, most, random) => {
          const archive = new Archive()
          archive.keepNewest(bytes, () => new Memory(most))
          const places: number[] = []
          let asked = 0
          const check = (from: ArchiveData) => {
            const one = random[asked++ % random.length]! % places.length
            expect(holds(from, places[one]!, all[one]!, one)).toBe(true)
          }
          all.forEach((length, i) => {
            places.push(add(archive, length, i))
            check(archive)
          })
          const data = archive.finish()
          for (let i = 0; i < 2 * all.length; i++) check(data)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('stay in memory up to a bound, and the newest ones beyond it', () => {
    const archive = new Archive()
    const file = new Memory()
    let opened = 0
    archive.keepNewest(4 * CHUNK_BYTES, () => {
      opened++
      return file
    })
    filled(archive, 20)
    expect([opened, archive.chunks.length <= 4]).toEqual([0, true])
    filled(archive)
    expect(opened).toBe(1)
    const inMemory = archive.chunks.map((chunk) => chunk !== null)
    expect(inMemory.lastIndexOf(false)).toBe(inMemory.length - 5)
    expect(file.chunks.size).toBe(inMemory.length - 4)
    expect(archive.finish().chunks.every((chunk) => chunk === null)).toBe(true)
  })

  it('are in memory again for a bounded number of chunks', () => {
    const archive = new Archive()
    const file = new Memory()
    archive.keepNewest(0, () => file)
    const entries = filled(archive, 600)
    const data = archive.finish()
    for (const { place } of entries) chunkOf(data, place)
    expect(data.chunks.length).toBeGreaterThan(100)
    expect(data.chunks.filter((chunk) => chunk !== null).length).toBe(64)
    // One after the other: each is read once.
    expect(file.reads).toBe(data.chunks.length)
  })

  it.each([
    ['no file can be opened', () => null],
    ['the disk is full from the start', () => new Memory(0)],
    ['the disk becomes full', () => new Memory(3 * CHUNK_BYTES)],
  ])('stay in memory where %s', (_, open) => {
    const archive = new Archive()
    let opened = 0
    archive.keepNewest(0, () => {
      opened++
      return open()
    })
    const entries = filled(archive)
    for (const [i, { place, length }] of entries.entries()) {
      expect(holds(archive, place, length, i)).toBe(true)
    }
    // A disk that was full once is not asked again for each chunk.
    expect(opened).toBe(1)
  })

  it('are the same wherever they lie, and no others', () => {
    const [inMemory, onDisk, other] = [new Archive(), new Archive(), new Archive()]
    onDisk.keepNewest(0, () => new Memory())
    for (const archive of [inMemory, onDisk, other]) filled(archive)
    add(inMemory, 100, 1)
    add(onDisk, 100, 1)
    add(other, 100, 2)
    expect(isSameArchive(inMemory.finish(), onDisk.finish())).toBe(true)
    expect(isSameArchive(onDisk.finish(), other.finish())).toBe(false)
  })

  it('are forgotten back to a length, where all of them are in memory', () => {
    const archive = new Archive()
    const entries = filled(archive, 7)
    const { length } = archive
    filled(archive, 9)
    archive.rewind(length)
    expect(archive.length).toBe(length)
    const next = add(archive, 10, 99)
    expect(holds(archive, next, 10, 99)).toBe(true)
    for (const [i, { place, length }] of entries.entries()) {
      expect(holds(archive, place, length, i)).toBe(true)
    }
  })

  it('do not go beyond what a place can name', () => {
    const archive = new Archive()
    for (let i = 0; i < 2 ** 32 / CHUNK_BYTES; i++) archive.chunks.push(null)
    expect(() => add(archive, 1, 1)).toThrow(RstscopeError)
    expect(() => add(archive, 1, 1)).toThrow('4 GB')
  })
})
