import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runFake } from './cli/fake-host.ts'
import { root } from './source-files.ts'

test('docs/batch.md shows what batch prints', async () => {
  const page = readFileSync(join(root, 'docs/batch.md'), 'utf8')
  const [, command, shown] = /```console\n\$ rstscope (batch [^\n]+)\n([^`]+)```/.exec(page)!
  const argv = command!
    .split(' ')
    .map((word) => (word.startsWith('samples/') ? join(root, word) : word))
  const { out, code } = await runFake(argv)
  expect(code).toBe(0)
  expect(out).toBe(shown)
})
