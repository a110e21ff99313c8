import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../src/diagnosis/catalogue.ts'
import { runFake } from './fake-host.ts'

describe('rstscope explain', () => {
  test.each([['RS241'], ['rs241'], ['keepalive-race'], ['Keepalive-Race']])(
    'prints the page of %s',
    async (name) => {
      const { code, out, err, asked } = await runFake(['explain', name])
      expect([code, err, asked]).toEqual([0, '', []])
      expect(out).toMatch(
        /^RS241 keepalive-race: A request crossed the close of an idle connection\n/,
      )
      expect(out).toMatch(/\nWhat speaks against it\n/)
      expect(out).not.toMatch(/^#|\]\(|```|\*\*/m)
    },
  )

  test('prints several pages in the order in which they are asked for', async () => {
    const { out } = await runFake(['explain', 'stale-endpoint', 'RS101'])
    const headings = out.split('\n').filter((line) => /^RS\d{3} /.test(line))
    expect(headings).toEqual([
      'RS252 stale-endpoint: The address does not know the connection',
      'RS101 upstream-reset: The upstream reset the connection',
    ])
  })

  test('alone lists every finding of the catalogue with its title, by code', async () => {
    const { code, out } = await runFake(['explain'])
    expect(code).toBe(0)
    const rows = out.split('\n').flatMap((line) => {
      const row = /^(RS\d{3}) {2}(\S+) +(.+)$/.exec(line)
      return row === null ? [] : [row.slice(1)]
    })
    const expected = CATALOGUE.map((entry) => [entry.code, entry.id, entry.title])
    expect(rows).toEqual(expected.sort((a, b) => (a[0]! < b[0]! ? -1 : 1)))
  })

  test('keeps to the width that it is told, in the list and on a page', async () => {
    for (const argv of [['explain'], ['explain', 'RS101']]) {
      const wide = await runFake([...argv, '--width', '200'])
      const narrow = await runFake([...argv, '--width', '60'])
      expect(narrow.out.split('\n').length).toBeGreaterThan(wide.out.split('\n').length)
    }
    const list = (await runFake(['explain', '--width', '60'])).out
    expect(list.split('\n').filter((line) => line.length > 60)).toEqual([])
  })

  test('colours on a terminal, and only there', async () => {
    expect((await runFake(['explain', 'RS101'])).out).not.toContain('\x1b')
    expect((await runFake(['explain', 'RS101'], { isTerminal: true })).out).toContain('\x1b[1m')
    expect((await runFake(['explain', 'RS101', '--ascii'])).out).toMatch(/^[\x20-\x7e\n]+$/)
  })

  test.each([
    ['RS24', 'rstscope explain RS241'],
    ['rs205x', 'rstscope explain RS205'],
    ['keep-alive-race', 'rstscope explain keepalive-race'],
    ['upstream-crahs', 'rstscope explain upstream-crash'],
    ['goaway', 'rstscope explain h2-goaway'],
    ['frobnicate', 'rstscope explain'],
    ['RS999', 'rstscope explain'],
    ['', 'rstscope explain'],
    ['../../package', 'rstscope explain'],
    ['x'.repeat(100_000), 'rstscope explain'],
  ])('an unknown name is a usage error with the nearest one: %.20s', async (name, hint) => {
    const { code, out, err } = await runFake(['explain', 'RS101', name])
    expect([code, out]).toEqual([2, ''])
    expect(err).toBe(`rstscope: no finding has the code or id '${name}'\n  try: ${hint}\n`)
  })

  test('a name cannot steer the terminal', async () => {
    const { err } = await runFake(['explain', '\x1b[2J'])
    expect(err).toContain("'\\x1b[2J'")
    expect(err).not.toContain('\x1b')
  })
})
