import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openCapture, type ReaderChoice } from '../../src/capture/open-capture.ts'
import { expected, inPieces, readRecords } from '../support/read-records.ts'
import { type WrittenRecord, writePcap } from '../support/write-pcap.ts'

const START = 1_700_000_000_123_456_000n

/** Records of many lengths, with times that also run backwards. */
export function someRecords(count: number): WrittenRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    time: START + BigInt(i) * 1_000_001_000n - (i % 7 === 3 ? 5_000_000_000n : 0n),
    bytes: new Uint8Array((i * 37) % 301).fill(i),
    originalLength: ((i * 37) % 301) + (i % 3 === 0 ? 1000 : 0),
  }))
}

/** What every reader of classic pcap must do, whoever wrote it. */
export function recordReaderContract(reader: ReaderChoice): void {
  const options = { reader }

  describe.each([false, true])(`${reader}, big-endian %s`, (bigEndian) => {
    const records = someRecords(200)
    const file = writePcap(records, { bigEndian, linkType: 113, snapLength: 300 })

    it('gives each record with frame number, time, lengths and bytes', async () => {
      const read = await readRecords(file, options)
      expect(read.records).toEqual(expected(records))
      expect(read.facts).toMatchObject({
        format: 'pcap',
        compression: null,
        packets: 200,
        baseNs: START,
        droppedByCapture: null,
        warnings: [],
        sha256: [createHash('sha256').update(file).digest('hex')],
        interfaces: [
          { linkType: 113, linkTypeName: 'LINUX_SLL', snapLength: 300, name: null, filter: null },
        ],
      })
    })

    it('gives the same however the bytes are cut into chunks', async () => {
      for (const pieces of [[1], [7, 1, 64], [65536]]) {
        const read = await readRecords(inPieces(file, pieces), options)
        expect(read.records).toEqual(expected(records))
        expect(read.facts.warnings).toEqual([])
      }
    })

    it('reports where a file is cut and how much is missing', async () => {
      const three = someRecords(4).slice(1)
      const whole = writePcap(three, { bigEndian })
      const last = whole.length - (16 + three[2]!.bytes.length)
      const inBody = await readRecords(whole.slice(0, -5), options)
      expect(inBody.facts.packets).toBe(2)
      expect(inBody.facts.warnings).toEqual([
        {
          code: 'truncated-file',
          offset: last,
          message: `the file is cut inside record 3, which begins at byte ${last}: 5 bytes are missing`,
        },
      ])
      const inHeader = await readRecords(whole.slice(0, last + 3), options)
      expect(inHeader.facts.packets).toBe(2)
      expect(inHeader.facts.warnings).toMatchObject([{ code: 'truncated-file', offset: last }])
      expect(inHeader.facts.warnings[0]!.message).toContain('at least 13 bytes are missing')
    })

    it('stops at once at a captured length that cannot be', async () => {
      const head = writePcap(someRecords(5), { bigEndian })
      const huge = new Uint8Array(24 * 1024 * 1024)
      huge.set(head)
      new DataView(huge.buffer).setUint32(head.length + 8, 0xee6b2800, !bigEndian)
      const begin = performance.now()
      const read = await readRecords(inPieces(huge, [65536]), options)
      expect(performance.now() - begin).toBeLessThan(1000)
      expect(read.records).toEqual(expected(someRecords(5)))
      expect(read.facts.warnings).toMatchObject([
        { code: 'bad-record-length', offset: head.length },
      ])
    })
  })

  describe(reader, () => {
    it('takes a header without records for an empty capture', async () => {
      const read = await readRecords(writePcap([]), options)
      expect(read.facts).toMatchObject({ packets: 0, warnings: [], baseNs: 0n })
      expect(read.facts.interfaces).toHaveLength(1)
    })

    it('numbers the records of a rotated set through and keeps one zero of time', async () => {
      const records = someRecords(30)
      const read = await readRecords(
        [
          writePcap(records.slice(0, 10)),
          writePcap(records.slice(10, 20), { bigEndian: true }),
          writePcap(records.slice(20), { linkType: 101 }),
        ],
        options,
      )
      expect(read.records).toEqual(
        expected(records).map((one, i) => ({ ...one, interface: i < 20 ? 0 : 1 })),
      )
      expect(read.facts.sha256).toHaveLength(3)
      expect(read.facts.interfaces.map((one) => one.linkTypeName)).toEqual(['EN10MB', 'RAW'])
    })

    it('delivers what a slow pipe has brought without waiting for more', async () => {
      const records = someRecords(3)
      const bytes = writePcap(records)
      const firstTwo = writePcap(records.slice(0, 2)).length
      let release = () => {}
      const rest = new Promise<void>((resolve) => {
        release = resolve
      })
      async function* slow() {
        yield bytes.slice(0, 24)
        yield bytes.slice(24, firstTwo + 4)
        await rest
        yield bytes.slice(firstTwo + 4)
      }
      const opened = await openCapture(slow(), options)
      expect((await opened.next())?.count).toBe(2)
      release()
      expect((await opened.next())?.count).toBe(1)
      expect(await opened.next()).toBeNull()
    })

    it('reads a long pipe no faster than its records are taken', async () => {
      const records = Array.from({ length: 4000 }, (_, i) => ({
        time: BigInt(i),
        bytes: new Uint8Array(4096),
      }))
      const bytes = writePcap(records)
      let given = 0
      async function* pipe() {
        for (let at = 0; at < bytes.length; at += 65536) {
          given += 65536
          yield bytes.subarray(at, at + 65536)
        }
      }
      const opened = await openCapture(pipe(), options)
      await opened.next()
      await sleep(20)
      expect(given).toBeLessThan(2 * 1024 * 1024)
      await opened.close()
    })

    it('ends a wait for a silent pipe when it is interrupted', async () => {
      const controller = new AbortController()
      async function* silent() {
        yield writePcap(someRecords(2))
        await new Promise(() => {})
      }
      const opened = await openCapture(silent(), { ...options, signal: controller.signal })
      await opened.next()
      const waiting = opened.next()
      controller.abort()
      await expect(waiting).rejects.toMatchObject({ code: 'RSTSCOPE_INTERRUPTED' })
      await opened.close()
    })
  })
}
