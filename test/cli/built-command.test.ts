import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const main = `${root}dist/src/cli/main.js`

beforeAll(() => {
  if (!existsSync(main)) spawnSync('npx', ['tsc', '-b'], { cwd: root })
}, 120_000)

function rstscope(...argv: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [main, ...argv], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
  })
  return { stdout, stderr, status }
}

test('the built command prints its version and its help', () => {
  expect(rstscope('--version')).toMatchObject({ status: 0, stderr: '' })
  expect(rstscope('-h').stdout).toMatch(/^rstscope — who reset this TCP connection/)
  expect(rstscope()).toMatchObject({ status: 2, stdout: '' })
})

test('a usage error ends with 2 and never with a stack trace', () => {
  const { status, stdout, stderr } = rstscope('compare', 'only-one.pcap')
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^rstscope: .*\n {2}try: .*\n$/)
})

test('help and version load neither the engine, nor reports, nor zod', () => {
  const run = spawnSync(process.execPath, [main, '--help'], {
    encoding: 'utf8',
    // Node then tells every module that it loads.
    env: { PATH: process.env.PATH, NODE_DEBUG: 'esm,module' },
    maxBuffer: 64 * 2 ** 20,
  })
  expect(run.stdout).toContain('Exit codes')
  expect(run.stderr).toContain('commander')
  for (const heavy of ['dist/src/index.js', 'dist/src/reports', 'node_modules/zod', 'cli-table3']) {
    expect(run.stderr).not.toContain(heavy)
  }
})

test('a reader that leaves early ends the command quietly with 0', async () => {
  const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect([code, errors]).toEqual([0, ''])
})
