import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connection, Report } from '../../src/index.ts'
import { root } from '../source-files.ts'
import { BUILT_COMMAND, ensureBuilt } from '../support/built.ts'

beforeAll(ensureBuilt, 120_000)

const folder = mkdtempSync(join(tmpdir(), 'rstscope-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

const RACE = ['samples/keepalive-race/client.pcap', 'samples/keepalive-race/upstream.pcap']
const KILL = ['samples/upstream-kill/client.pcap', 'samples/upstream-kill/upstream.pcap']
const CALM = ['samples/graceful-closes/client.pcap.gz', 'samples/graceful-closes/upstream.pcap']
const FORMATS = ['text', 'html', 'json', 'ndjson']
const env = { PATH: process.env.PATH, LANG: 'C.UTF-8' }

function rstscope(...argv: string[]) {
  return withInput(undefined, ...argv)
}

function withInput(input: Uint8Array | undefined, ...argv: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [BUILT_COMMAND, ...argv], {
    cwd: root,
    encoding: 'utf8',
    env,
    ...(input === undefined ? {} : { input }),
  })
  return { stdout, stderr, status }
}

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

const sample = (path: string) => readFileSync(join(root, path))

/** A child process with its output and its end. */
function started(...argv: string[]) {
  const child = spawn(process.execPath, [BUILT_COMMAND, ...argv], { cwd: root, env })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk
  })
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, out, err })),
  )
  return { child, ended }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('exit codes do not depend on the format', () => {
  const cut = () => file('cut.pcap', sample(KILL[0]!).subarray(0, -7))

  it.each(FORMATS)('%s', (format) => {
    const code = (...argv: string[]) => rstscope(...argv, '--format', format).status
    expect(code('compare', ...RACE)).toBe(0)
    expect(code('compare', ...CALM, '--fail-on', 'info')).toBe(0)
    expect(code('compare', ...RACE, '--fail-on', 'error')).toBe(1)
    expect(code('compare', ...RACE, '--fail-on', 'never')).toBe(0)
    expect(code('analyze', join(folder, 'absent.pcap'))).toBe(2)
    expect(code('analyze', cut())).toBe(3)
    // A finding wins over a damaged file.
    expect(code('analyze', cut(), '--fail-on', 'error')).toBe(1)
  })

  it('Ctrl-C while a pipe is open ends with 130, quietly', async () => {
    const runs = FORMATS.map(async (format) => {
      const argv = ['analyze', '-', '--format', format, '--progress', 'lines']
      const { child, ended } = started(...argv)
      const bytes = sample(RACE[0]!)
      let at = 0
      const feeding = setInterval(() => {
        child.stdin.write(bytes.subarray(at, at + 200))
        at += 200
      }, 50)
      // Before it reads, Ctrl-C would hit Node itself: a line of progress says that it does.
      await new Promise((resolve) => child.stderr.once('data', resolve))
      clearInterval(feeding)
      child.kill('SIGINT')
      const { code, out, err } = await ended
      expect([code, out]).toEqual([130, ''])
      expect(err).toMatch(/^(rstscope: read .*\n)+rstscope: interrupted\n$/)
    })
    await Promise.all(runs)
  })
})

describe('what cannot be read', () => {
  it.each([
    ['a folder', folder, 'it is a directory'],
    ['an empty file', file('empty.pcap', ''), 'the file is empty'],
    ['a missing file', join(folder, 'absent.pcap'), 'no such file'],
    ['a text file', file('notes.txt', 'not at all\n'), 'not a capture file (first bytes 6e 6f'],
    ['a PNG file', file('x.png', Buffer.from('89504e470d0a1a0a', 'hex')), 'not a capture file'],
  ])('%s: one line with a hint, and 2', (_, path, what) => {
    for (const argv of [
      ['analyze', path],
      ['compare', RACE[0]!, path],
      ['compare', path, RACE[1]!],
    ]) {
      const { status, stdout, stderr } = rstscope(...argv)
      expect([status, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(/^rstscope: [^\n]+\n {2}try: [^\n]+\n$/)
      expect(stderr).toContain(`cannot read ${path}: `)
      expect(stderr).toContain(what)
    }
  })

  it('standard input that is empty or no capture', () => {
    const nothing = withInput(new Uint8Array(0), 'analyze', '-')
    expect([nothing.status, nothing.stdout]).toEqual([2, ''])
    expect(nothing.stderr).toContain('cannot read standard input: the file is empty')
    const text = withInput(Buffer.from('hello, world\n'), 'analyze', '-')
    expect([text.status, text.stdout]).toEqual([2, ''])
  })
})

describe('damage', () => {
  const whole = () => sample(KILL[0]!)

  it('a cut capture: what could be read, a warning with its offset, and 3', () => {
    const bytes = whole()
    // The last record begins where the file without it would end.
    let at = 24
    for (let next = at; next < bytes.length; ) {
      at = next
      next += 16 + bytes.readUInt32LE(at + 8)
    }
    const path = file('cut-record.pcap', bytes.subarray(0, -7))
    const { status, stdout } = rstscope('compare', path, KILL[1]!, '--json')
    expect(status).toBe(3)
    const [capture] = (JSON.parse(stdout) as Report).captures
    expect(capture!.packets).toBe(71)
    expect(capture!.warnings).toMatchObject([{ code: 'truncated-file', offset: at }])
    const text = rstscope('compare', path, KILL[1]!)
    expect(text.stdout).toContain(`(at byte ${at})`)
  })

  it('cut inside its header: nothing could be read, and 2', () => {
    const { status, stderr } = rstscope('analyze', file('head.pcap', whole().subarray(0, 20)))
    expect(status).toBe(2)
    expect(stderr).toContain('cut inside its header: 20 of 24 bytes')
  })

  it('a corrupt length: the records before it, and 3', () => {
    const bytes = Buffer.from(whole())
    bytes.writeUInt32LE(0xfffffff0, 24 + 16 + bytes.readUInt32LE(24 + 8) + 8)
    const path = file('length.pcap', bytes)
    for (const run of [
      rstscope('analyze', path, '--json'),
      withInput(bytes, 'analyze', '-', '--json'),
    ]) {
      expect(run.status).toBe(3)
      const [capture] = (JSON.parse(run.stdout) as Report).captures
      expect(capture).toMatchObject({ packets: 1, warnings: [{ code: 'bad-record-length' }] })
    }
  })
})

describe('standard input and output', () => {
  const named = (text: string, path: string) => text.replaceAll(JSON.stringify(path), '"-"')

  it('a pipe says the same as a file, whichever side it is', () => {
    const expected = rstscope('compare', ...RACE, '--json').stdout
    const [client, upstream] = RACE as [string, string]
    const near = withInput(sample(client), 'compare', '-', upstream, '--json')
    expect([near.status, near.stdout]).toEqual([0, named(expected, client)])
    const far = withInput(sample(upstream), 'compare', client, '-', '--json', '--jobs', '4')
    expect([far.status, far.stdout]).toEqual([0, named(expected, upstream)])
  })

  it('a pipe may grow slowly, in pieces that respect no record', async () => {
    const [client] = RACE as [string]
    const { child, ended } = started('analyze', '-', '--json')
    const bytes = sample(client)
    for (let at = 0; at < bytes.length; at += 1501) {
      child.stdin.write(bytes.subarray(at, at + 1501))
      await pause(at < 6000 ? 60 : 5)
    }
    child.stdin.end()
    const { code, out, err } = await ended
    expect([code, err]).toEqual([0, ''])
    expect(out).toBe(named(rstscope('analyze', client, '--json').stdout, client))
  })

  it('a pipe that is cut in the middle of a record is a cut capture', () => {
    const run = withInput(sample(RACE[0]!).subarray(0, -5), 'analyze', '-', '--json')
    expect(run.status).toBe(3)
    expect(JSON.parse(run.stdout).captures[0].warnings[0].code).toBe('truncated-file')
  })

  it.each(FORMATS)('a reader that leaves after one line ends %s quietly', (format) => {
    const command = `"$0" "$1" compare ${RACE.join(' ')} --format ${format} | head -n 1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = spawnSync(
      'bash',
      ['--norc', '-c', command, process.execPath, BUILT_COMMAND],
      {
        cwd: root,
        encoding: 'utf8',
        env,
      },
    )
    expect(stdout.trimEnd().split('\n')).toHaveLength(2)
    expect([stdout.trimEnd().split('\n')[1], stderr]).toEqual(['0', ''])
  })

  it('--out writes each file in the format of its extension, and says so', () => {
    const paths = ['a.json', 'b.ndjson', 'c.txt'].map((name) => join(folder, name))
    const run = rstscope('compare', ...RACE, ...paths.flatMap((path) => ['--out', path]))
    expect(run.status).toBe(0)
    expect(run.stderr).toBe(paths.map((path) => `Wrote ${path}\n`).join(''))
    const [json, ndjson, text] = paths.map((path) => readFileSync(path, 'utf8'))
    expect(json).toBe(rstscope('compare', ...RACE, '--format', 'json').stdout)
    expect(ndjson).toBe(rstscope('compare', ...RACE, '--format', 'ndjson').stdout)
    expect(text).toBe(rstscope('compare', ...RACE, '--width', '100').stdout)
    expect(run.stdout).not.toBe('')
  })

  it('an older --out file stays when the run fails, and no empty one is left behind', () => {
    const older = file('older.json', 'kept\n')
    const newer = join(folder, 'newer.json')
    const run = rstscope('analyze', join(folder, 'absent.pcap'), '--out', older, '--out', newer)
    expect(run.status).toBe(2)
    expect(readFileSync(older, 'utf8')).toBe('kept\n')
    expect(() => readFileSync(newer)).toThrow('ENOENT')
  })
})

describe('selection', () => {
  const chosen = (...argv: string[]): Connection[] => {
    const { stdout, status } = rstscope('compare', ...KILL, ...argv, '--json')
    expect(status).toBe(0)
    return JSON.parse(stdout).connections
  }
  const all = () => chosen()
  const ids = (connections: Connection[]) => connections.map(({ id }) => id)

  it('--connection takes one, by its number', () => {
    expect(chosen('--connection', '7')).toEqual(all().filter(({ id }) => id === 7))
    expect(chosen('--connection', '99')).toEqual([])
  })

  it('--host and --port take either end, as either tap saw it', () => {
    const everything = ids(all())
    expect(ids(chosen('--host', '10.96.88.12'))).toEqual(everything)
    expect(ids(chosen('--host', '10.42.7.5'))).toEqual(everything)
    // One connection is to another port: 8001 of the service, 9001 of the pod.
    expect(ids(chosen('--host', '10.42.7.5', '--port', '9001'))).toEqual([1])
    expect(ids(chosen('--port', '8000'))).toEqual(everything.slice(1))
    expect(chosen('--host', '192.0.2.1')).toEqual([])
    const { client, id } = all()[2]!
    expect(ids(chosen('--port', String(client.port)))).toEqual([id])
  })

  it('--since and --until take what was there in between, by the clock of the client capture', () => {
    const ends = all().map(({ endedAt }) => endedAt)
    const latest = ends.toSorted().at(-1)!
    expect(ids(chosen('--since', latest))).toEqual(
      ids(all().filter(({ endedAt }) => endedAt >= latest)),
    )
    const first = all()[0]!.startedAt
    expect(ids(chosen('--until', first))).toContain(1)
    expect(ids(chosen('--until', first)).length).toBeLessThan(ends.length)
    // The same moment in another time zone.
    const zoned = `${new Date(Date.parse(latest) + 7_200_000).toISOString().slice(0, 19)}+02:00`
    expect(ids(chosen('--since', zoned)).length).toBeGreaterThan(0)
    expect(chosen('--since', '2030-01-01T00:00:00Z')).toEqual([])
  })

  it('--fail-on asks only about what was selected', () => {
    const healthy = all().find(({ firstReset, causes }) => !firstReset && causes.length === 0)!
    const code = (id: number) =>
      rstscope('compare', ...KILL, '--connection', String(id), '--fail-on', 'error').status
    expect(code(healthy.id)).toBe(0)
    expect(code(all().find(({ firstReset }) => firstReset)!.id)).toBe(1)
  })
})

describe('the README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')

  it('shows what npm start really prints', () => {
    expect(readme).toContain('npm start')
    const printed = execFileSync('npm', ['start', '--silent'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, LANG: 'C.UTF-8', NO_COLOR: '1', FORCE_COLOR: undefined },
    })
    const shown = /\$ rstscope compare client\.pcap upstream\.pcap\n([^`]*)```/.exec(readme)
    expect(shown![1]!.split('\n').length).toBeGreaterThan(10)
    expect(printed.slice(0, shown![1]!.length)).toBe(shown![1])
  })

  it('names only flags and commands that exist', () => {
    const help = rstscope('--help').stdout
    const known = new Set(help.match(/--[a-z][a-z-]+/g))
    const used = readme.match(/rstscope (?:compare|analyze)[^\n`]*/g)!
    expect(used.length).toBeGreaterThan(2)
    for (const line of used) {
      for (const flag of line.match(/--[a-z][a-z-]+/g) ?? []) expect(known).toContain(flag)
    }
  })
})
