import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compileCacheFolder } from '../../src/cli/compile-cache.ts'
import { root } from '../source-files.ts'
import { BUILT_COMMAND, ensureBuilt } from '../support/built.ts'

test('what was compiled lies in a folder of the user, where the system keeps caches', () => {
  const home = '/home/ann'
  const own = join(home, '.cache', 'rstscope', 'compiled')
  expect(compileCacheFolder({}, 'linux', home)).toBe(own)
  expect(compileCacheFolder({ XDG_CACHE_HOME: '' }, 'darwin', home)).toBe(own)
  expect(compileCacheFolder({ XDG_CACHE_HOME: '/c' }, 'linux', home)).toBe(
    join('/c', 'rstscope', 'compiled'),
  )
  expect(compileCacheFolder({ LOCALAPPDATA: 'local' }, 'win32', home)).toBe(
    join('local', 'rstscope', 'compiled'),
  )
})

/** A run with this folder for caches: what it printed, and whether it left anything. */
function ranWith(caches: string, env: Record<string, string>, ...argv: string[]) {
  ensureBuilt()
  const { status, stdout } = spawnSync(process.execPath, [BUILT_COMMAND, ...argv], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', XDG_CACHE_HOME: caches, ...env },
  })
  return { status, stdout, left: existsSync(join(caches, 'rstscope')) }
}

test('it is kept, but not for a single word, and not where a variable forbids it', () => {
  const caches = mkdtempSync(join(tmpdir(), 'rstscope-caches-'))
  try {
    const capture = 'samples/still-open/upstream.pcap'
    expect(ranWith(caches, {}, '--version').left).toBe(false)
    const forbidden = ranWith(caches, { NODE_DISABLE_COMPILE_CACHE: '1' }, 'analyze', capture)
    expect(forbidden).toMatchObject({ status: 0, left: false })
    const first = ranWith(caches, {}, 'analyze', capture)
    expect(first.left).toBe(true)
    // The same answer from what was kept, and where nothing can be.
    expect(ranWith(caches, {}, 'analyze', capture).stdout).toBe(first.stdout)
    expect(ranWith('/dev/null', {}, 'analyze', capture).stdout).toBe(first.stdout)
  } finally {
    rmSync(caches, { recursive: true, force: true })
  }
}, 60_000)
