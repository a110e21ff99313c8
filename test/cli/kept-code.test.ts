import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import * as nodeModule from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { root } from '../source-files.ts'
import { BUILT_COMMAND, ensureBuilt } from '../support/built.ts'

const CAPTURE = `${root}samples/still-open/upstream.pcap`
const folder = mkdtempSync(join(tmpdir(), 'rstscope-kept-'))
const caches = join(folder, 'caches')
const compiled = join(caches, 'rstscope', 'compiled')

beforeAll(ensureBuilt, 120_000)
beforeEach(() => rmSync(caches, { recursive: true, force: true }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function ran(command = BUILT_COMMAND, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, 'analyze', CAPTURE], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', XDG_CACHE_HOME: caches, ...env },
  })
  return { status, stdout, stderr }
}

/** The one file that is kept. */
function kept(): string {
  const files = readdirSync(compiled)
  expect(files).toHaveLength(1)
  return join(compiled, files[0]!)
}

// Where Node does this by itself (22.8 on), its own tests are to say how.
describe.skipIf('enableCompileCache' in nodeModule)('compiled code of the bundle', () => {
  test('is left to this user alone, and taken by the next run, which answers the same', () => {
    const first = ran()
    expect(first).toMatchObject({ status: 0, stderr: '' })
    expect(statSync(kept()).mode & 0o777).toBe(0o600)
    expect(statSync(compiled).mode & 0o777).toBe(0o700)
    const { ino, mtimeMs } = statSync(kept())
    expect(ran()).toEqual(first)
    // It was taken: a run that cannot use it writes another.
    expect(statSync(kept())).toMatchObject({ ino, mtimeMs })
  })

  test.each([
    ['cut', (bytes: Buffer) => bytes.subarray(0, 300_000)],
    ['empty', () => Buffer.alloc(0)],
    [
      'changed in one bit',
      (bytes: Buffer) => Buffer.from(bytes).fill(bytes[300_000]! ^ 1, 300_000, 300_001),
    ],
    ['something else', () => Buffer.alloc(600_000, 'x')],
  ])('that is %s is not believed, and replaced', (_, damage) => {
    const first = ran()
    const whole = readFileSync(kept())
    writeFileSync(kept(), damage(whole))
    const { ino } = statSync(kept())
    expect(ran()).toEqual(first)
    expect(statSync(kept()).ino).not.toBe(ino)
    expect(ran()).toEqual(first)
  })

  test('is not taken for a bundle of other content, though of the same length', () => {
    const other = join(folder, 'other')
    cpSync(`${root}dist/cli`, join(other, 'dist', 'cli'), { recursive: true })
    cpSync(`${root}package.json`, join(other, 'package.json'))
    symlinkSync(`${root}node_modules`, join(other, 'node_modules'))
    expect(ran().stdout).toMatch(/none of them reset/)
    const path = join(other, 'dist', 'cli', 'read.js')
    const source = readFileSync(path, 'utf8')
    const changedSource = source.replaceAll('none of them reset', 'NONE OF THEM RESET')
    expect(changedSource).not.toBe(source)
    writeFileSync(path, changedSource)
    const changed = ran(join(other, 'dist', 'cli', 'main.js'))
    expect(changed).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/NONE OF THEM RESET/),
    })
  })

  test('is neither taken from nor left in a folder that others may write to', () => {
    mkdirSync(compiled, { recursive: true })
    chmodSync(compiled, 0o777)
    expect(ran()).toMatchObject({ status: 0, stderr: '' })
    expect(readdirSync(compiled)).toEqual([])
  })

  test('that others may write to is not taken', () => {
    ran()
    chmodSync(kept(), 0o666)
    const { ino } = statSync(kept())
    expect(ran()).toMatchObject({ status: 0, stderr: '' })
    expect(statSync(kept()).ino).not.toBe(ino)
    expect(statSync(kept()).mode & 0o777).toBe(0o600)
  })

  test.skipIf(process.getuid?.() !== 0)('that belongs to somebody else is not taken', () => {
    ran()
    chownSync(kept(), 1000, 1000)
    expect(ran()).toMatchObject({ status: 0, stderr: '' })
    expect(statSync(kept()).uid).toBe(0)
    chownSync(compiled, 1000, 1000)
    writeFileSync(kept(), 'x')
    expect(ran()).toMatchObject({ status: 0, stderr: '' })
    expect(readFileSync(kept(), 'latin1')).toBe('x')
  })

  test('loads on demand what any other loads', () => {
    const argv = ['compare', CAPTURE, CAPTURE.replace('upstream.pcap', 'client.pcapng'), '--json']
    const runs = [0, 1].map(() => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [
          BUILT_COMMAND,
          ...argv,
          '--redact',
          '--redact-key',
          'a key of 16 bytes or more',
          '--jobs',
          '2',
        ],
        { encoding: 'utf8', env: { PATH: process.env.PATH, XDG_CACHE_HOME: caches } },
      )
      return { status, stdout, stderr }
    })
    expect(runs[0]).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('"sha256"'),
    })
    expect(runs[1]).toEqual(runs[0])
  })

  test('that cannot be left anywhere changes nothing', () => {
    const first = ran()
    expect(ran(BUILT_COMMAND, { XDG_CACHE_HOME: '/dev/null' })).toEqual(first)
    expect(ran(BUILT_COMMAND, { XDG_CACHE_HOME: '/proc/self' })).toEqual(first)
  })
})
