import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { manPage } from '../../src/cli/man-page.ts'
import { COMMAND_NAMES, FLAGS } from '../../src/cli/options.ts'
import { root } from '../source-files.ts'

const PATH = join(root, 'man', 'rstscope.1')
const isThere = (command: string) => spawnSync(command, { input: '' }).error === undefined

test('the page in the package is what the tables give: npm run man', () => {
  expect(readFileSync(PATH, 'utf8')).toBe(manPage())
})

test('bears nothing that changes by itself, in ASCII and lines that a terminal shows', () => {
  const page = manPage()
  expect(page).toMatch(/^[\x20-\x7e\n]+$/)
  expect(page).toContain('.TH RSTSCOPE 1 "" "rstscope" "User Commands"\n')
  // Only these requests: no text begins like one.
  const requests = [...page.matchAll(/^[.'](\S*)/gm)].map((match) => match[1])
  const known = ['\\"', 'TH', 'SH', 'SS', 'TP', 'PP', 'IP', 'B', 'BI', 'BR', 'nf', 'fi']
  expect(requests.filter((request) => !known.includes(request!))).toEqual([])
})

describe.skipIf(!isThere('groff'))('groff', () => {
  const { stdout, stderr } = spawnSync('groff', ['-man', '-ww', '-Tascii', '-P-cbou', PATH], {
    encoding: 'utf8',
  })

  test('has nothing to warn of', () => {
    expect(stderr).toBe('')
  })

  test('shows every command, flag and exit code', () => {
    for (const name of COMMAND_NAMES) expect(stdout).toMatch(new RegExp(`^ {7}${name}\\b`, 'm'))
    for (const { name } of FLAGS) expect(stdout).toMatch(new RegExp(`^ {7}--${name}\\b`, 'm'))
    for (const code of [0, 1, 2, 3, 130]) expect(stdout).toMatch(new RegExp(`^ {7}${code} `, 'm'))
    expect(stdout).toContain("tcpdump -U -w - 'tcp or icmp or icmp6' | rstscope analyze -")
  })
})

test.skipIf(!isThere('mandoc'))('mandoc misses nothing but a date', () => {
  const { stdout, stderr } = spawnSync('mandoc', ['-T', 'lint', PATH], { encoding: 'utf8' })
  const faults = `${stdout}${stderr}`.split('\n').filter(Boolean)
  expect(faults.filter((line) => !line.includes('missing date'))).toEqual([])
})
