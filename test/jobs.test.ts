import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { CaptureInput, EngineOptions, ReportStream } from '../src/index.ts'
import { writeJson, writeNdjson } from '../src/reports/json.ts'
import { renderText } from '../src/reports/terminal.ts'
import { sampleCases } from './properties/sample-cases.ts'
import { builtLibrary } from './support/built.ts'
import { readCapture, writeCapture } from './support/capture-file.ts'

const { analyze, analyzeStream, compare, compareStream } = await builtLibrary()
const samples = sampleCases()

const folder = mkdtempSync(join(tmpdir(), 'rstscope-jobs-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

/** Every format, as one text. */
function rendered(stream: ReportStream): string {
  const style = { color: false, ascii: false, width: 100, all: true, time: 'utc' as const }
  return [writeJson(stream), writeNdjson(stream), renderText(stream, style)]
    .map((pieces) => [...pieces].join(''))
    .join('\n')
}

const isPlainPcap = (path: string) =>
  ['d4c3b2a1', 'a1b2c3d4'].includes(readFileSync(path).toString('hex', 0, 4))

describe('compare says the same, byte for byte,', () => {
  const say = async (client: CaptureInput, upstream: CaptureInput, options: EngineOptions) =>
    rendered(await compareStream({ client, upstream }, options))
  /** How an input that is no path is called. */
  const renamed = (text: string, ...paths: string[]) =>
    paths.reduce((all, path) => all.replaceAll(path, '(stream)'), text)

  it('for any --jobs', async () => {
    for (const [i, { client, upstream }] of samples.entries()) {
      // Every second one: a thread costs more than these small captures.
      if (i % 2 === 1) continue
      const inline = await say(client, upstream, { jobs: 1 })
      // 8 cuts each capture into four shards; 3 is no multiple of the captures.
      for (const jobs of i % 6 === 0 ? [2, 3, 8] : [8]) {
        expect(await say(client, upstream, { jobs }), `${client}, ${jobs} jobs`).toBe(inline)
      }
    }
  })

  it('from a path and from a stream, in one thread and in several', async () => {
    for (const { client, upstream } of samples) {
      const expected = renamed(await say(client, upstream, { jobs: 1 }), client, upstream)
      const stream = (path: string) => createReadStream(path)
      expect(await say(stream(client), stream(upstream), { jobs: 1 })).toBe(expected)
      const mixed = await say(client, stream(upstream), { jobs: 2 })
      expect(renamed(mixed, client, upstream)).toBe(expected)
    }
  })

  it('by pcap-parser and by the reader of this project', async () => {
    let compared = 0
    for (const { client, upstream } of samples) {
      if (!isPlainPcap(client) || !isPlainPcap(upstream)) continue
      const own = await say(client, upstream, { jobs: 1, reader: 'native-free' })
      expect(await say(client, upstream, { jobs: 1, reader: 'pcap-parser' })).toBe(own)
      if (compared % 3 === 0) {
        expect(await say(client, upstream, { jobs: 4, reader: 'pcap-parser' })).toBe(own)
      }
      compared++
    }
    expect(compared).toBeGreaterThan(3)
  })
})

describe('analyze says the same, byte for byte, for any --jobs,', () => {
  it.each([0, 17])('of the captures of sample %i', async (index) => {
    const { client, upstream } = samples[index]!
    for (const input of [client, upstream, [client, upstream]]) {
      const inline = rendered(await analyzeStream(input, { jobs: 1 }))
      for (const jobs of [3, 8]) {
        expect(rendered(await analyzeStream(input, { jobs }))).toBe(inline)
      }
    }
  })
})

describe('threads tell the same', () => {
  const good = samples[0]!.client
  const bytes = writeCapture(readCapture(readFileSync(good)))
  const badLength = bytes.slice()
  badLength.fill(0xff, 24 + 8, 24 + 12)

  /** What a library user gets to see of a failure or of a report. */
  const outcome = async (run: () => Promise<unknown>) => {
    try {
      return await run()
    } catch (error) {
      const { name, code, message, hint } = error as Record<string, unknown>
      return { name, code, message, hint }
    }
  }

  it.each([
    ['a missing file', join(folder, 'absent.pcap'), 'RSTSCOPE_UNREADABLE'],
    ['a folder', folder, 'RSTSCOPE_UNREADABLE'],
    ['an empty file', file('empty.pcap', ''), 'RSTSCOPE_NOT_A_CAPTURE'],
    ['a text file', file('notes.txt', 'no capture at all\n'), 'RSTSCOPE_NOT_A_CAPTURE'],
    ['half a header', file('half.pcap', bytes.slice(0, 20)), 'RSTSCOPE_NOT_A_CAPTURE'],
  ])('error of %s', async (_, path, code) => {
    for (const run of [
      (jobs: number) => () => analyze(path, { jobs }),
      (jobs: number) => () => compare({ client: good, upstream: path }, { jobs }),
      (jobs: number) => () => compare({ client: path, upstream: good }, { jobs }),
    ]) {
      const inline = await outcome(run(1))
      expect(inline).toMatchObject({ name: 'RstscopeError', code })
      expect(await outcome(run(4))).toEqual(inline)
    }
  })

  it.each([
    ['a capture cut inside a record', bytes.slice(0, -7), 'truncated'],
    ['a corrupt length', badLength, 'bad-record-length'],
  ])('warning of %s', async (what, damaged, code) => {
    const path = file(`${what}.pcap`, damaged)
    const inline = await analyze(path, { jobs: 1 })
    const [warning] = inline.captures[0]!.warnings
    expect(warning).toMatchObject({ code: expect.stringContaining(code) })
    expect(await analyze(path, { jobs: 2 })).toEqual(inline)
    expect(await analyze(path, { jobs: 8 })).toEqual(inline)
    const both = (jobs: number) => compare({ client: good, upstream: path }, { jobs })
    expect(await both(4)).toEqual(await both(1))
  })

  it('end of an aborted run, at once and in the middle', async () => {
    const capture = readCapture(readFileSync(good))
    const many = Array.from({ length: 3000 }, () => capture.records).flat()
    const large = file('large.pcap', writeCapture({ ...capture, records: many }))
    const aborted = { name: 'RstscopeError', code: 'RSTSCOPE_INTERRUPTED' }
    for (const jobs of [1, 2, 8]) {
      const early = { jobs, signal: AbortSignal.abort() }
      expect(await outcome(() => compare({ client: large, upstream: good }, early))).toMatchObject(
        aborted,
      )
      const controller = new AbortController()
      let calls = 0
      const options: EngineOptions = {
        jobs,
        signal: controller.signal,
        onProgress() {
          calls++
          controller.abort()
        },
      }
      expect(await outcome(() => analyze(large, options))).toMatchObject(aborted)
      expect(calls).toBeGreaterThan(0)
    }
  })

  it('progress reaches the end of each file', async () => {
    for (const jobs of [1, 4]) {
      const last = new Map<string, number>()
      const { client, upstream } = samples[0]!
      const onProgress: EngineOptions['onProgress'] = ({ capture, bytesRead }) =>
        last.set(capture, bytesRead)
      await compare({ client, upstream }, { jobs, onProgress })
      const sizes = [client, upstream].map((path) => readFileSync(path).length)
      expect([last.get('client'), last.get('upstream')]).toEqual(sizes)
    }
  })
})
