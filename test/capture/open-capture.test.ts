import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { isCompressedFile, openCapture } from '../../src/capture/open-capture.ts'
import { someRecords } from '../contracts/record-reader.contract.ts'
import { expected, inPieces, readRecords } from '../support/read-records.ts'
import { writePcap } from '../support/write-pcap.ts'
import { writePcapng } from '../support/write-pcapng.ts'

const folder = mkdtempSync(join(tmpdir(), 'rstscope-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

const records = someRecords(50)
const good = file('good.pcap', writePcap(records))

describe('openCapture', () => {
  it('reads a file by its path', async () => {
    const read = await readRecords(good)
    expect(read.records).toEqual(expected(records))
    expect(read.facts.paths).toEqual([good])
  })

  it('reads standard input', async () => {
    const stdin = vi.spyOn(process, 'stdin', 'get')
    stdin.mockReturnValue(Readable.from([writePcap(records)]) as typeof process.stdin)
    const read = await readRecords('-')
    stdin.mockRestore()
    expect(read.records).toEqual(expected(records))
    expect(read.facts.paths).toEqual(['-'])
  })

  it('reads files larger than its window, with records longer than the window', async () => {
    const large = [1_000_000, 3, 700_000, 0, 1_000_000].map((length, i) => ({
      time: BigInt(i) * 1000n,
      bytes: new Uint8Array(length).fill(i + 1),
    }))
    for (const input of [writePcap(large), inPieces(writePcap(large), [65536])]) {
      expect((await readRecords(input)).records).toEqual(expected(large))
    }
  })

  it('fills its columns more than once from one window', async () => {
    const empty = Array.from({ length: 40_000 }, (_, i) => ({
      time: BigInt(i) * 1000n,
      bytes: new Uint8Array(0),
    }))
    expect((await readRecords(writePcap(empty))).records).toEqual(expected(empty))
  })

  it('tells how far it is', async () => {
    const onBytes = vi.fn()
    const bytes = writePcap(records)
    await readRecords([good, good], { onBytes })
    expect(onBytes).toHaveBeenLastCalledWith(2 * bytes.length, 2 * bytes.length)
    await readRecords(inPieces(bytes, [100]), { onBytes })
    expect(onBytes).toHaveBeenLastCalledWith(bytes.length, null)
  })

  it('hashes all bytes even when it stops early, and none when told so', async () => {
    const damaged = writePcap(records)
    damaged.fill(0xff, 24 + 8, 24 + 12)
    const path = file('damaged.pcap', damaged)
    const { createHash } = await import('node:crypto')
    const read = await readRecords(path)
    expect(read.facts.packets).toBe(0)
    expect(read.facts.sha256).toEqual([createHash('sha256').update(damaged).digest('hex')])
    expect((await readRecords(path, { hash: false })).facts.sha256).toEqual([])
  })

  it('gives no digest of a pipe that it did not read to its end, whatever its pieces', async () => {
    const damaged = writePcap(records)
    damaged.fill(0xff, 24 + 8, 24 + 12)
    for (const reader of ['native-free', 'pcap-parser'] as const) {
      for (const size of [1, 1000]) {
        const read = await readRecords(inPieces(damaged, [size]), { reader })
        expect(read.facts.sha256).toEqual([])
      }
    }
  })

  it('names the file of a rotated set in its warnings', async () => {
    const cut = file('cut.pcap', writePcap(records).slice(0, -1))
    const read = await readRecords([cut, good])
    expect(read.facts.packets).toBe(99)
    expect(read.facts.warnings[0]!.message).toMatch(/^cut\.pcap: the file is cut inside record 50/)
  })

  it('does not begin to read a rotated set of which a later file cannot be read', async () => {
    await expect(openCapture([good, join(folder, 'absent')])).rejects.toMatchObject({
      code: 'RSTSCOPE_UNREADABLE',
    })
    await expect(openCapture([good, file('t', 'hello there')])).rejects.toMatchObject({
      code: 'RSTSCOPE_NOT_A_CAPTURE',
    })
  })

  it('gives classic pcap from a pipe to pcap-parser without any warning of Node', async () => {
    const warned = vi.fn()
    process.on('warning', warned)
    await readRecords(inPieces(writePcap(records), [50]), { reader: 'pcap-parser' })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', warned)
    expect(warned).not.toHaveBeenCalled()
  })

  it('refuses to force pcap-parser on what it cannot read', async () => {
    for (const bytes of [writePcapng([]), writePcap([], { magic: 'nanosecond' })]) {
      await expect(openCapture(bytes, { reader: 'pcap-parser' })).rejects.toMatchObject({
        code: 'RSTSCOPE_USAGE',
        hint: expect.stringContaining('native-free'),
      })
    }
  })

  it('ends between two batches when it is interrupted', async () => {
    const controller = new AbortController()
    const reader = await openCapture(good, { signal: controller.signal })
    controller.abort()
    await expect(reader.next()).rejects.toMatchObject({ code: 'RSTSCOPE_INTERRUPTED' })
    await reader.close()
    await expect(openCapture(good, { signal: controller.signal })).rejects.toMatchObject({
      code: 'RSTSCOPE_INTERRUPTED',
    })
  })

  it('passes on what a stream fails with as an unreadable capture', async () => {
    async function* failing() {
      yield writePcap(records)
      throw new Error('connection lost')
    }
    await expect(readRecords(failing())).rejects.toMatchObject({
      code: 'RSTSCOPE_UNREADABLE',
      message: 'cannot read (stream): connection lost',
    })
  })
})

describe('what is no capture', () => {
  const tar = new Uint8Array(1024)
  tar.set(Buffer.from('client.pcap'))
  tar.set(Buffer.from('ustar'), 257)

  it.each<[string, Uint8Array | string, RegExp, RegExp]>([
    ['an empty file', '', /the file is empty$/, /may not have been started/],
    ['two bytes', 'hi', /first bytes 68 69, look like text\)$/, /pcap, pcapng/],
    ['a tar', tar, /look like tar\)/, /tar xf/],
    ['a tar.gz', gzipSync(tar), /inside its gzip compression \(.*look like tar\.gz\)/, /tar xf/],
    ['a zip', Buffer.from('504b030400', 'hex'), /look like zip/, /unpack/],
    ['an xz file', Buffer.from('fd377a585a0000', 'hex'), /look like xz/, /xz -dk/],
    ['a web page', '  <!DOCTYPE html><title>Login', /an HTML page/, /login form/],
    ['JSON', '{"a": 1}', /look like JSON/, /pcap, pcapng/],
    ['printed packets', '10:11:12.000001 IP 1.2.3.4.5 > ', /tcpdump prints/, /tcpdump -w/],
    ['a program', '\x7fELF\x02\x01', /an ELF program/, /pcap, pcapng/],
    ['an unknown file', Buffer.alloc(20, 0xee), /first bytes (ee ){8}…\)$/, /pcap, pcapng/],
    ['a cut header', writePcap([]).slice(0, 23), /cut inside its header: 23 of 24/, /copy/],
    ['a cut pcapng', writePcapng([]).slice(0, 20), /cut inside its header: 20 of 28/, /copy/],
    ['a capture compressed twice', gzipSync(gzipSync('x')), /gzip inside a compressed/, /once/],
    ['nothing compressed', gzipSync(''), /nothing is inside its gzip compression/, /copy/],
  ])('%s', async (_name, content, message, hint) => {
    const path = file('foreign', content)
    await expect(openCapture(path)).rejects.toMatchObject({
      code: 'RSTSCOPE_NOT_A_CAPTURE',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    })
    await expect(openCapture(path)).rejects.not.toMatchObject({
      message: expect.stringContaining('\n'),
    })
  })
})

describe('what cannot be read', () => {
  it('a missing file', async () => {
    await expect(openCapture(join(folder, 'no.pcap'))).rejects.toMatchObject({
      code: 'RSTSCOPE_UNREADABLE',
      message: `cannot read ${join(folder, 'no.pcap')}: no such file`,
    })
  })

  it('a directory', async () => {
    mkdirSync(join(folder, 'captures'))
    await expect(openCapture(join(folder, 'captures'))).rejects.toMatchObject({
      code: 'RSTSCOPE_UNREADABLE',
      message: expect.stringContaining('it is a directory'),
      hint: 'name the capture files in it',
    })
  })

  it.skipIf(process.getuid?.() === 0)('a file of somebody else', async () => {
    const path = file('secret.pcap', writePcap([]))
    chmodSync(path, 0)
    await expect(openCapture(path)).rejects.toMatchObject({
      code: 'RSTSCOPE_UNREADABLE',
      message: expect.stringContaining('permission denied'),
    })
  })

  it('an empty set', async () => {
    await expect(openCapture([])).rejects.toMatchObject({ code: 'RSTSCOPE_USAGE' })
  })
})

describe('isCompressedFile', () => {
  it('knows compressed files from plain ones, and asks nothing of a pipe or of bytes', async () => {
    const compressed = file('good.pcap.gz', gzipSync(writePcap(records)))
    expect(await isCompressedFile(compressed)).toBe(true)
    expect(await isCompressedFile(good)).toBe(false)
    expect(await isCompressedFile(file('two-bytes', 'ab'))).toBe(false)
    expect(await isCompressedFile('-')).toBe(false)
    expect(await isCompressedFile(gzipSync(writePcap(records)))).toBe(false)
  })

  it('says why a file cannot be read', async () => {
    await expect(isCompressedFile(join(folder, 'absent'))).rejects.toMatchObject({
      code: 'RSTSCOPE_UNREADABLE',
      message: expect.stringContaining('no such file'),
    })
  })
})
