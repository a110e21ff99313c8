import { spawn, spawnSync } from 'node:child_process'
import { beforeAll, expect, test } from 'vitest'
import { ensureBuilt, BUILT_COMMAND as main } from '../support/built.ts'

beforeAll(ensureBuilt, 120_000)

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
