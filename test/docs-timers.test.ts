import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { timerText } from '../src/diagnosis/timers.ts'
import { root } from './source-files.ts'

const page = readFileSync(join(root, 'docs/causes.md'), 'utf8')
const sections = page
  .split(/^##+ /m)
  .slice(1)
  .map((text) => ({ title: text.split('\n', 1)[0]!, body: text }))
  .filter(({ body }) => body.includes('**Packets**'))

/** Ids that one `id:` of a rule can take: a literal, the branches of a condition, or a side and a literal. */
function idsOf(expression: string): string[] {
  const template = /^`\$\{close\.by\}(-[a-z-]+)`$/.exec(expression)
  if (template) return ['client', 'upstream'].map((side) => `${side}${template[1]}`)
  return [...expression.matchAll(/'([a-z]+(?:-[a-z0-9]+)+)'/g)].map(([, id]) => id!)
}

function idsInRules(): string[] {
  const folder = join(root, 'src/diagnosis/rules')
  const files = readdirSync(folder).filter((name) => name !== 'rule.ts')
  const lines = files.flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
  return lines
    .flatMap((line) => /^\s+id: (.+),$/.exec(line)?.[1] ?? [])
    .flatMap((expression) => {
      const ids = idsOf(expression)
      if (ids.length === 0) throw new Error(`no id found in: id: ${expression}`)
      return ids
    })
}

describe('docs/causes.md', () => {
  it('has a section for every cause that a rule can name, and for no other', () => {
    const known = [...new Set(idsInRules())].sort()
    expect(known.length).toBeGreaterThan(30)
    expect(sections.map(({ title }) => title).sort()).toEqual(known)
    expect(page.match(/^### /gm)!.length).toBe(sections.length)
  })

  it.each(sections)(
    'says of $title what it shows, what looks alike and what is next',
    (section) => {
      for (const part of ['Packets', 'Looks alike', 'Next']) {
        expect(section.body.split(`\n- **${part}**: `).length - 1).toBe(1)
      }
    },
  )
})

describe('the timers of docs/causes.md', () => {
  const rows = [...page.matchAll(/^\| (\d+) \| (server|client|middlebox) \| (.+) \|$/gm)].map(
    ([, seconds, who, name]) => ({
      seconds: Number(seconds),
      who: who as 'server' | 'client' | 'middlebox',
      name: name!,
    }),
  )

  it.each(rows)('$seconds s of a $who: $name', ({ seconds, who, name }) => {
    expect(timerText(seconds * 1e9, who)).toMatch(`≈ ${seconds} s: `)
    expect(timerText(seconds * 1e9, who)).toContain(name)
  })

  it('are all there are', () => {
    const source = readFileSync(join(root, 'src/diagnosis/timers.ts'), 'utf8')
    expect(rows.length).toBe(source.match(/\{ seconds: \d/g)!.length)
  })

  it('match within the tolerance that the page names, and not outside', () => {
    const named = (seconds: number) => timerText(seconds * 1e9, 'server') !== ''
    expect([4.74, 4.76, 5.24, 5.26].map(named)).toEqual([false, true, true, false])
    // 1 % of 60 s, and a second more when late.
    expect([59.3, 59.5, 61.5, 61.7].map(named)).toEqual([false, true, true, false])
  })

  it('name those of the side that acted only; else a round time looks configured', () => {
    expect(timerText(350e9, 'middlebox')).toContain('AWS NLB')
    expect(timerText(350e9, 'server')).toBe('')
    const round = /a round time \(([\d, ]+) or (\d+) s\)/.exec(page)!
    const seconds = [...round[1]!.split(',').map(Number), Number(round[2])]
    expect(seconds.length).toBeGreaterThan(10)
    for (const s of seconds) expect(timerText(s * 1e9, 'client')).toContain(`≈ ${s} s`)
    expect(timerText(7e9, 'client')).toBe('')
  })
})
