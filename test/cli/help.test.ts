import { expect, test } from 'vitest'
import { FLAGS } from '../../src/cli/options.ts'
import { runFake } from './fake-host.ts'

const HELPS: [argv: string[], file: string][] = [
  [['-h'], 'short-help.txt'],
  [['--help'], 'long-help.txt'],
  [['compare', '-h'], 'compare-short-help.txt'],
  [['compare', '--help'], 'compare-long-help.txt'],
  [['analyze', '-h'], 'analyze-short-help.txt'],
  [['analyze', '--help'], 'analyze-long-help.txt'],
  [['batch', '-h'], 'batch-short-help.txt'],
  [['batch', '--help'], 'batch-long-help.txt'],
  [['worker', '-h'], 'worker-short-help.txt'],
  [['worker', '--help'], 'worker-long-help.txt'],
  [['render', '-h'], 'render-short-help.txt'],
  [['render', '--help'], 'render-long-help.txt'],
  [['schema', '-h'], 'schema-short-help.txt'],
  [['schema', '--help'], 'schema-long-help.txt'],
  [['explain', '-h'], 'explain-short-help.txt'],
  [['explain', '--help'], 'explain-long-help.txt'],
  [['completion', '-h'], 'completion-short-help.txt'],
  [['completion', '--help'], 'completion-long-help.txt'],
]

test.each(HELPS)('%j prints the help kept in %s', async (argv, file) => {
  const { out, err, code } = await runFake(argv)
  expect(code).toBe(0)
  expect(err).toBe('')
  await expect(out).toMatchFileSnapshot(`__snapshots__/${file}`)
})

test('the short helps fit a screen of 24 lines and 100 columns and begin with three examples', async () => {
  for (const argv of [
    ['-h'],
    ['compare', '-h'],
    ['analyze', '-h'],
    ['batch', '-h'],
    ['render', '-h'],
    ['explain', '-h'],
  ]) {
    const lines = (await runFake(argv)).out.split('\n')
    expect(lines.length).toBeLessThanOrEqual(24)
    expect(lines.filter((line) => line.length > 100)).toEqual([])
    expect(
      lines
        .filter((line) => line.startsWith('  '))
        .slice(0, 3)
        .join('\n'),
    ).toMatch(/rstscope.*\n.*rstscope.*\n.*rstscope/)
  }
})

test('the long help names every flag and keeps to 100 columns', async () => {
  const { out } = await runFake(['--help'])
  for (const flag of FLAGS) expect(out).toContain(`  --${flag.name}`)
  expect(out.split('\n').filter((line) => line.length > 100)).toEqual([])
})

test('help COMMAND is COMMAND --help', async () => {
  expect((await runFake(['help', 'analyze'])).out).toBe((await runFake(['analyze', '--help'])).out)
})

test('bare rstscope prints the short help on standard error and ends with 2', async () => {
  const { code, out, err } = await runFake([])
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toBe((await runFake(['-h'])).out)
})

test('--version names the version, Node and the schema', async () => {
  const { out, code } = await runFake(['--version'])
  expect(code).toBe(0)
  expect(out).toMatch(/^rstscope \d+\.\d+\.\d+\nNode \d+\.\d+\.\d+\nschema rstscope\.report\/1\n$/)
})

test('help and version do not reach for the engine', async () => {
  for (const argv of [['--help'], ['--version'], ['compare', '-h']]) {
    expect((await runFake(argv)).asked).toEqual([])
  }
})
