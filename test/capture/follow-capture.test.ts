import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { FollowedCapture, type FollowInput } from '../../src/capture/follow-capture.ts'
import { type WrittenRecord, writePcap } from '../support/write-pcap.ts'
import { writePcapng } from '../support/write-pcapng.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rstscope-follow-'))
  folders.push(folder)
  return folder
}

const BASE_NS = 1_750_000_000_000_000_000n

/** Packets with these numbers in their bytes, a second apart. */
function packets(first: number, last: number): WrittenRecord[] {
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    time: BASE_NS + BigInt(first + i) * 1_000_000_000n,
    bytes: new Uint8Array(60).fill(first + i),
  }))
}

const pcap = (first: number, last: number) => writePcap(packets(first, last))
const HEADER_BYTES = 24
const RECORD_BYTES = 76

interface Followed {
  reader: FollowedCapture
  /** The number in each packet that arrived. */
  seen: number[]
  /** File names, each with the number of its first frame. */
  files: string[]
  notices: string[]
  warnings: string[]
  /** Waits until so many packets arrived. */
  until(count: number): Promise<void>
  error: unknown
}

const open: FollowedCapture[] = []
afterAll(() => {
  for (const reader of open) reader.close()
})

function follow(input: FollowInput): Followed {
  const followed: Omit<Followed, 'reader' | 'until'> = {
    seen: [],
    files: [],
    notices: [],
    warnings: [],
    error: null,
  }
  const reader = new FollowedCapture(input, {
    onFile: (path, frame) => followed.files.push(`${basename(path)} ${frame}`),
    onNotice: (text) => followed.notices.push(text),
    onWarning: (path, { code }) => followed.warnings.push(`${basename(path)} ${code}`),
  })
  open.push(reader)
  const reading = (async () => {
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
      expect(batch.firstFrame).toBe(followed.seen.length + 1)
      for (let i = 0; i < batch.count; i++) followed.seen.push(batch.bytes[batch.offsets[i]!]!)
    }
  })()
  reading.catch((error) => {
    followed.error = error
  })
  const until = async (count: number) => {
    for (let i = 0; i < 200 && followed.seen.length < count; i++) await sleep(50)
    expect(followed.seen).toHaveLength(count)
    // Whatever comes too much comes now.
    await sleep(300)
    expect(followed.seen).toHaveLength(count)
  }
  return Object.assign(followed, { reader, until }) as Followed
}

const numbers = (first: number, last: number) => packets(first, last).map(({ bytes }) => bytes[0])

describe.concurrent('a file that grows', () => {
  test.each([
    ['pcap', pcap(1, 4)],
    ['pcapng', writePcapng(packets(1, 4))],
  ])('%s: packets come as they are complete, however the bytes are cut', async (_, bytes) => {
    const path = join(newFolder(), 'trace.pcap')
    writeFileSync(path, bytes.subarray(0, 10))
    const followed = follow(path)
    for (let at = 10; at < bytes.length; at += 61) {
      appendFileSync(path, bytes.subarray(at, Math.min(bytes.length, at + 61)))
      await sleep(20)
    }
    await followed.until(4)
    expect(followed.seen).toEqual(numbers(1, 4))
    expect([followed.notices, followed.warnings]).toEqual([[], []])
  })

  test('a packet that is half there is waited for, and no damage', async () => {
    const path = join(newFolder(), 'trace.pcap')
    writeFileSync(path, pcap(1, 3).subarray(0, HEADER_BYTES + 2 * RECORD_BYTES + 20))
    const followed = follow(path)
    await followed.until(2)
    followed.reader.close()
    expect(followed.warnings).toEqual([])
  })

  test('a file that is written anew is read from its beginning', async () => {
    const path = join(newFolder(), 'trace.pcap')
    writeFileSync(path, pcap(1, 3))
    const followed = follow(path)
    await followed.until(3)
    writeFileSync(path, pcap(4, 5))
    await followed.until(5)
    expect(followed.seen).toEqual(numbers(1, 5))
    expect(followed.files).toEqual(['trace.pcap 1', 'trace.pcap 4'])
  })

  test('a file that was written anew and is longer by now is told from one that grew', async () => {
    const path = join(newFolder(), 'trace.pcap')
    writeFileSync(path, pcap(1, 3))
    const followed = follow(path)
    await followed.until(3)
    truncateSync(path)
    writeFileSync(path, pcap(4, 9))
    await followed.until(9)
    expect(followed.seen).toEqual(numbers(1, 9))
  })

  test('a file that takes the place of another goes on where that ended', async () => {
    const folder = newFolder()
    const path = join(folder, 'trace.pcap')
    writeFileSync(path, pcap(1, 2))
    const followed = follow(path)
    await followed.until(2)
    renameSync(path, join(folder, 'old.pcap'))
    appendFileSync(join(folder, 'old.pcap'), pcap(3, 3).subarray(HEADER_BYTES))
    writeFileSync(path, pcap(4, 4))
    await followed.until(4)
    expect(followed.seen).toEqual(numbers(1, 4))
  })

  test('what is no capture is refused', async () => {
    const path = join(newFolder(), 'notes.txt')
    writeFileSync(path, 'nothing of the kind')
    const followed = follow(path)
    await sleep(500)
    expect(followed.error).toMatchObject({ code: 'RSTSCOPE_NOT_A_CAPTURE' })
    expect(() => follow(join(newFolder(), 'missing.pcap'))).toThrow(/no such file/)
  })
})

describe.concurrent('a folder of rotated files', () => {
  test('files are read as one capture, by the time of their packets and not by their names', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'trace10'), pcap(6, 7))
    writeFileSync(join(folder, 'trace9'), pcap(4, 5))
    writeFileSync(join(folder, 'trace'), pcap(1, 3))
    writeFileSync(join(folder, 'tcpdump.log'), 'listening on eth0\n')
    mkdirSync(join(folder, 'older'))
    const followed = follow(folder)
    await followed.until(7)
    expect(followed.seen).toEqual(numbers(1, 7))
    expect(followed.files).toEqual(['trace 1', 'trace9 4', 'trace10 6'])
    writeFileSync(join(folder, 'trace11'), pcap(8, 8))
    await followed.until(8)
    expect(followed.files.at(-1)).toBe('trace11 8')
    expect([followed.notices, followed.warnings]).toEqual([[], []])
  })

  test('what is written to a file before the next one begins is read', async () => {
    const folder = newFolder()
    const path = join(folder, 'trace0')
    writeFileSync(path, pcap(1, 1))
    const followed = follow(folder)
    await followed.until(1)
    appendFileSync(path, pcap(2, 3).subarray(HEADER_BYTES))
    writeFileSync(join(folder, 'trace1'), pcap(4, 4))
    await followed.until(4)
    expect(followed.seen).toEqual(numbers(1, 4))
  })

  test('a ring uses its names again', async () => {
    const folder = newFolder()
    const path = (n: number) => join(folder, `ring${n}`)
    writeFileSync(path(0), pcap(1, 2))
    writeFileSync(path(1), pcap(3, 4))
    const followed = follow(folder)
    await followed.until(4)
    writeFileSync(path(0), pcap(5, 6))
    await followed.until(6)
    writeFileSync(path(1), pcap(7, 9))
    await followed.until(9)
    expect(followed.seen).toEqual(numbers(1, 9))
    expect(followed.notices).toEqual([])
  })

  test('a file that is removed is read to its end', async () => {
    const folder = newFolder()
    const path = join(folder, 'trace0')
    writeFileSync(path, pcap(1, 2))
    const followed = follow(folder)
    await followed.until(2)
    unlinkSync(path)
    writeFileSync(join(folder, 'trace1'), pcap(3, 3))
    await followed.until(3)
    expect(followed.seen).toEqual(numbers(1, 3))
  })

  test('compressed copies of files that were read are not read again; one that was not is', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'trace0.gz'), gzipSync(pcap(1, 2)))
    writeFileSync(join(folder, 'trace1'), pcap(3, 4))
    const followed = follow(folder)
    await followed.until(4)
    writeFileSync(join(folder, 'trace2'), pcap(5, 5))
    await followed.until(5)
    writeFileSync(join(folder, 'trace1.gz'), gzipSync(pcap(3, 4)))
    await sleep(700)
    unlinkSync(join(folder, 'trace1'))
    writeFileSync(join(folder, 'trace3'), pcap(6, 6))
    await followed.until(6)
    expect(followed.seen).toEqual(numbers(1, 6))
  })

  test('a file that breaks off before the next one is damaged, and the next is read', async () => {
    const folder = newFolder()
    writeFileSync(
      join(folder, 'trace0'),
      pcap(1, 3).subarray(0, HEADER_BYTES + 2 * RECORD_BYTES + 30),
    )
    writeFileSync(join(folder, 'trace1'), pcap(4, 4))
    const followed = follow(folder)
    await followed.until(3)
    expect(followed.seen).toEqual([1, 2, 4])
    expect(followed.warnings).toEqual(['trace0 truncated-file'])
  })

  test('a folder that is away for a while is said, and read on when it is back', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'trace0'), pcap(1, 2))
    const followed = follow(folder)
    await followed.until(2)
    renameSync(folder, `${folder}-away`)
    await sleep(1300)
    expect(followed.notices).toEqual([`cannot read ${folder}: no such file`])
    renameSync(`${folder}-away`, folder)
    writeFileSync(join(folder, 'trace1'), pcap(3, 3))
    await followed.until(3)
    expect(followed.notices).toHaveLength(1)
  })

  test('two captures in one folder are noticed', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'one'), pcap(1, 2))
    writeFileSync(join(folder, 'two'), pcap(3, 4))
    const followed = follow(folder)
    await followed.until(4)
    appendFileSync(join(folder, 'one'), pcap(5, 5).subarray(HEADER_BYTES))
    await sleep(1200)
    expect(followed.notices).toHaveLength(1)
    expect(followed.notices[0]).toMatch(/one grew after a newer file had begun/)
    expect(followed.seen).toEqual(numbers(1, 4))
  })
})

test('a stream ends where it ends, and a cut in a packet is damage then', async () => {
  async function* chunks() {
    const bytes = pcap(1, 3)
    for (let at = 0; at < bytes.length - 5; at += 13)
      yield bytes.subarray(at, Math.min(at + 13, bytes.length - 5))
  }
  const followed = follow(chunks())
  await followed.until(2)
  expect(followed.warnings).toEqual(['(stream) truncated-file'])
})
