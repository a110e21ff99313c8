import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../source-files.ts'
import { BUILT_COMMAND, ensureBuilt } from '../support/built.ts'
import { play } from '../support/ladder.ts'
import { type WrittenRecord, writePcap } from '../support/write-pcap.ts'
import { writePcapng } from '../support/write-pcapng.ts'

beforeAll(ensureBuilt, 120_000)

const folder = mkdtempSync(join(tmpdir(), 'rstscope-watch-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const started: ChildProcessWithoutNullStreams[] = []
afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
})

/** A response that is cut by a RST, as the client's tap sees it. */
const RESET = `
  c> S
  u> SA
  c> A
  c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
  u> A
  u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 9000\\r\\n\\r\\nbegun"
  c> A
  u> RA
`
/** An orderly close after a whole answer. */
const CLOSED = `
  c> S
  u> SA
  c> A
  c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
  u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
  c> A
  c> FA
  u> FA
  c> A
`
const records = (ladder: string): WrittenRecord[] => play(ladder).client
/** The same of another client, earlier. */
const earlier = (ladder: string): WrittenRecord[] =>
  play(ladder, { client: '10.1.0.9:40009', isn: { client: 5000, upstream: 6000 }, at: -5 }).client

interface Watched {
  child: ChildProcessWithoutNullStreams
  out(): string
  err(): string
  /** Waits until this many whole lines stand on standard output; tells how long that took, in ms. */
  lines(count: number): Promise<number>
  ended: Promise<number | null>
}

function watch(...argv: string[]): Watched {
  const child = spawn(process.execPath, [BUILT_COMMAND, 'watch', ...argv], {
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
  })
  started.push(child)
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    async lines(count) {
      const from = performance.now()
      while (out.split('\n').length <= count && performance.now() - from < 15_000) await sleep(10)
      expect(out.split('\n').length, err).toBeGreaterThan(count)
      return performance.now() - from
    },
  }
}

/** Bytes of a capture, and where in them each record ends. */
function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const list: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) list.push(bytes.subarray(at, at + size))
  return list
}

describe.concurrent('watch -', () => {
  test.each([
    ['pcap', writePcap(records(RESET))],
    ['pcapng', writePcapng(records(RESET))],
  ])('%s in small pieces: the line comes while the pipe stays open', async (_, bytes) => {
    const watched = watch('-')
    for (const piece of pieces(bytes, 37)) {
      watched.child.stdin.write(piece)
      await sleep(5)
    }
    await watched.lines(1)
    expect(watched.out()).toMatch(
      /^2025-06-15T\S+Z {2}\S+ → \S+ {2}RST, mid response {2}reset by upstream \(\w+\) .* {2}#8\n$/,
    )
    expect(watched.child.exitCode).toBe(null)
    watched.child.stdin.end()
    expect(await watched.ended).toBe(0)
    expect(watched.out()).toMatch(/\n\n {2}8 packets in .*\n[\s\S]*1 connection/)
  })

  test('ordinary ends are counted, and shown with --all', async () => {
    const bytes = writePcap(records(CLOSED))
    const outputs = await Promise.all(
      [[], ['--all']].map(async (flags) => {
        const watched = watch('-', ...flags)
        watched.child.stdin.end(bytes)
        expect(await watched.ended).toBe(0)
        return watched.out()
      }),
    )
    expect(outputs[0]).toMatch(/^\n {2}9 packets[\s\S]*1 connection, 1 ended in an ordinary way/)
    expect(outputs[1]).toMatch(/^2025\S+ {2}\S+ → \S+ {2}FIN, by client {2}#9\n/)
  })

  test('ndjson: one connection a line on standard output, the summary beside it', async () => {
    const watched = watch('-', '--format', 'ndjson')
    watched.child.stdin.end(writePcap(records(RESET)))
    expect(await watched.ended).toBe(0)
    const [line, rest] = watched.out().split('\n')
    expect(rest).toBe('')
    expect(JSON.parse(line!)).toMatchObject({
      captures: { capture: ['-'] },
      termination: 'rst-without-fin',
      detail: 'mid-response',
      firstReset: { by: 'upstream', evidence: [{ capture: 'capture', frame: 8 }] },
      files: [{ path: '-', firstFrame: 1 }],
      again: false,
    })
    expect(watched.err()).toMatch(/8 packets/)
  })

  test('a pipe that breaks off in a packet is damage: exit code 3, after all that could be read', async () => {
    const watched = watch('-')
    watched.child.stdin.end(writePcap([...earlier(RESET), ...records(CLOSED)]).subarray(0, -3))
    expect(await watched.ended).toBe(3)
    expect(watched.out()).toMatch(/RST, mid response/)
    expect(watched.err()).toMatch(/^rstscope: -: truncated-file: /)
  })

  test('--fail-on decides the exit code at the end', async () => {
    const codes = await Promise.all(
      [RESET, CLOSED].map((ladder) => {
        const watched = watch('-', '--fail-on', 'error', '--quiet')
        watched.child.stdin.end(writePcap(records(ladder)))
        return watched.ended.then((code) => [code, watched.out()])
      }),
    )
    expect(codes).toEqual([
      [1, ''],
      [0, ''],
    ])
  })

  test('--port selects, and what is not selected is not counted', async () => {
    const watched = watch('-', '--port', '1')
    watched.child.stdin.end(writePcap(records(RESET)))
    expect(await watched.ended).toBe(0)
    expect(watched.out()).toMatch(/^\n[\s\S]* 0 connections/)
  })

  test('an end without any further packet is told by the clock on the wall', async () => {
    const watched = watch('-')
    watched.child.stdin.write(writePcap(records(RESET)))
    expect(await watched.lines(1)).toBeLessThan(10_000)
  })
})

describe.concurrent('watch FOLDER', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'rotated files: the line names the file and the frame in it; %s ends with a summary and 0',
    async (signal) => {
      const path = mkdtempSync(join(folder, 'rotated-'))
      const all = [...earlier(CLOSED), ...records(RESET)]
      writeFileSync(join(path, 'cap_1.pcap'), writePcap(all.slice(0, 12)))
      const watched = watch(path)
      await sleep(300)
      writeFileSync(join(path, 'cap_2.pcap'), writePcap(all.slice(12)))
      await watched.lines(1)
      // The RST is the 17th packet in all.
      expect(watched.out()).toMatch(/ {2}cap_2\.pcap #5\n$/)
      // What is not whole yet is no damage.
      appendFileSync(join(path, 'cap_2.pcap'), new Uint8Array(7))
      watched.child.kill(signal)
      expect(await watched.ended).toBe(0)
      expect(watched.out()).toMatch(
        /17 packets in [\s\S]* 2 \(cap_2\.pcap #5\)\n[\s\S]*2 connections/,
      )
      expect(watched.err()).toBe('')
    },
  )

  test('hostile file names do not steer the terminal', async () => {
    const path = mkdtempSync(join(folder, 'hostile-'))
    writeFileSync(join(path, 'a\x1b[31m.pcap'), writePcap(records(RESET)))
    const watched = watch(path)
    await watched.lines(1)
    expect(watched.out()).toContain('a\\x1b[31m.pcap #8')
    expect(watched.out()).not.toContain('\x1b')
  })
})

test('what cannot be watched is said at once', async () => {
  const cases: [string[], RegExp][] = [
    [[], /watch takes one folder, one file or -, none given/],
    [['a', 'b'], /2 given/],
    [['-', '--format', 'html'], /watch prints text or ndjson, not html/],
    [[join(folder, 'missing')], /no such file/],
    [[join(root, 'package.json')], /not a capture file/],
    [['-', '--idle-after', '0'], /a second or more/],
  ]
  for (const [argv, message] of cases) {
    const watched = watch(...argv)
    expect(await watched.ended).toBe(2)
    expect(watched.err()).toMatch(message)
  }
})

test('the same lines for a sample as analyze says in its report', async () => {
  const path = join(root, 'samples/upstream-kill/upstream.pcap')
  const watched = watch('-', '--format', 'ndjson', '--all')
  watched.child.stdin.end(readFileSync(path))
  expect(await watched.ended).toBe(0)
  const child = spawn(process.execPath, [BUILT_COMMAND, 'analyze', path, '--format', 'ndjson'])
  started.push(child)
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  await new Promise((resolve) => child.on('close', resolve))
  const connections = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => {
        const { captures, files, again, ...connection } = JSON.parse(line)
        return connection
      })
      .sort((a, b) => a.id - b.id)
  expect(connections(watched.out())).toEqual(connections(out))
})
