import { expect, test } from 'vitest'
import { hasUtf8, textColumns, useColor } from '../../src/cli/terminal-style.ts'
import { runFake } from './fake-host.ts'

const COLORS: [
  when: 'auto' | 'always' | 'never',
  env: Record<string, string>,
  tty: boolean,
  used: boolean,
][] = [
  ['auto', {}, true, true],
  ['auto', {}, false, false],
  ['never', { FORCE_COLOR: '1' }, true, false],
  ['always', { NO_COLOR: '1' }, false, true],
  ['auto', { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  ['auto', { NO_COLOR: '' }, true, true],
  ['auto', { FORCE_COLOR: '1', TERM: 'dumb' }, false, true],
  ['auto', { FORCE_COLOR: '0' }, true, false],
  ['auto', { FORCE_COLOR: '' }, false, false],
  ['auto', { TERM: 'dumb' }, true, false],
]

test.each(COLORS)('--color %s with %j, terminal %s: colours %s', (when, env, tty, used) => {
  expect(useColor(when, env, tty)).toBe(used)
})

test('the width is told, else COLUMNS, else the terminal, else 100, and at least 60', () => {
  expect(textColumns(72, { COLUMNS: '90' }, 80)).toBe(72)
  expect(textColumns(undefined, { COLUMNS: '90' }, 80)).toBe(90)
  expect(textColumns(undefined, { COLUMNS: 'x' }, 80)).toBe(80)
  expect(textColumns(undefined, {}, undefined)).toBe(100)
  expect(textColumns(undefined, {}, 30)).toBe(60)
})

test('LC_ALL outranks LC_CTYPE outranks LANG', () => {
  expect(hasUtf8({ LANG: 'de_DE.UTF-8' }, 'linux')).toBe(true)
  expect(hasUtf8({ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, 'linux')).toBe(false)
  expect(hasUtf8({ LANG: 'C', LC_CTYPE: 'C.utf8' }, 'linux')).toBe(true)
  expect(hasUtf8({}, 'linux')).toBe(false)
  expect(hasUtf8({}, 'darwin')).toBe(true)
})

test('colours appear on a terminal only, and the words are the same without them', async () => {
  const argv = ['compare', 'a', 'b', '--width', '100']
  const onTerminal = (await runFake(argv, { isTerminal: true })).out
  const piped = (await runFake(argv)).out
  expect(onTerminal).toContain('\x1b[')
  expect(piped).not.toContain('\x1b')
  expect(onTerminal.replace(/\x1b\[\d+m/g, '')).toBe(piped)
})

test('a locale without UTF-8 gets ASCII only', async () => {
  const { out } = await runFake(['compare', 'a', 'b'], { env: { LANG: 'C' } })
  expect(out).toMatch(/^[\x20-\x7e\n]+$/)
})
