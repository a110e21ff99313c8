import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CATALOGUE } from '../src/diagnosis/catalogue.ts'
import { FINDING_PAGES } from './finding-pages.ts'
import { root } from './source-files.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')

const SECTIONS = [
  'What happened',
  'Why it matters',
  'What speaks for it',
  'What speaks against it',
  'What to do next',
  "In Envoy's log",
  'Sources',
]
/** Not every finding has anything to do with a proxy. */
const OPTIONAL = "In Envoy's log"

describe('the catalogue of findings', () => {
  it('gives each code and each id once', () => {
    const codes = CATALOGUE.map(({ code }) => code)
    const ids = CATALOGUE.map(({ id }) => id)
    expect([...new Set(codes)]).toEqual(codes)
    expect([...new Set(ids)]).toEqual(ids)
    expect(codes.filter((code) => !/^RS[123]\d\d$/.test(code))).toEqual([])
  })

  it('lists who before why, and why before what lies beside the packets', () => {
    const centuries = CATALOGUE.map(({ code }) => Number(code[2]))
    expect(centuries).toEqual([...centuries].sort((a, b) => a - b))
  })

  it('has a page for every entry, and an entry for every page', () => {
    expect(FINDING_PAGES.map(({ name }) => name).sort()).toEqual(
      CATALOGUE.map(({ code }) => code).sort(),
    )
  })

  it('knows every cause that a rule can name', () => {
    const named = [...new Set(idsInRules())].sort()
    expect(named.length).toBeGreaterThan(30)
    expect(named.filter((id) => !CATALOGUE.some((entry) => entry.id === id))).toEqual([])
  })
})

describe.each(FINDING_PAGES)('docs/findings: $name', ({ name, text }) => {
  const entry = CATALOGUE.find(({ code }) => code === name)
  const lines = text.split('\n')

  it('is headed by code, id, title and severity of the catalogue', () => {
    expect(lines[0]).toBe(`# ${name} ${entry?.id}: ${entry?.title}`)
    expect(lines[2]).toBe(`Severity: ${entry?.severity}`)
  })

  it('has the fixed sections in their order, none of them empty', () => {
    const found = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title!)
    const expected = SECTIONS.filter((title) => title !== OPTIONAL || found.includes(OPTIONAL))
    expect(found).toEqual(expected)
    const bodies = text.split(/^## .+$/m).slice(1)
    expect(bodies.filter((body) => body.trim().length < 20)).toEqual([])
  })

  it('names a command to run, what looks alike with its code, and fits a screen or two', () => {
    const [, next] = text.split('## What to do next')
    expect(next).toMatch(/^```sh\n[^`]+^```$/m)
    const [, against] = text.split('## What speaks against it')
    const likeness = against!.split('\n## ')[0]!
    if (name < 'RS300') expect(likeness).toMatch(/\[RS\d{3}\]\(RS\d{3}\.md\)/)
    expect(lines.length).toBeGreaterThanOrEqual(25)
    expect(lines.length).toBeLessThanOrEqual(60)
  })

  it('is written in no more Markdown than the terminal can show', () => {
    const prose = text.replace(/^```sh\n[^`]*^```$/gm, '').replace(/`[^`\n]+`/g, 'code')
    expect(prose).not.toMatch(/[`|<>\t]|^ |^\d+\. |^!|^#{3}/m)
    expect(prose).not.toMatch(/[^\P{Cc}\n]/u)
    expect(prose.replace(/\*\*?[^*\n]+\*\*?/g, '')).not.toContain('*')
  })

  it('links to a finding by its own code', () => {
    const wrong = [...text.matchAll(/\[(RS\d{3})\]\(([^)]*)\)/g)].filter(
      ([, code, target]) => target !== `${code}.md` || code === name,
    )
    expect(wrong.map(([link]) => link)).toEqual([])
    const bare = text.replace(/^# .*$/m, '').replace(/\[RS\d{3}\]\(RS\d{3}\.md\)/g, '')
    expect(bare).not.toMatch(/RS\d{3}/)
  })
})

describe('docs/findings/README.md', () => {
  const index = read('docs/findings/README.md')

  it('lists every finding of the catalogue by code', () => {
    const rows = [...index.matchAll(/^\| \[(RS\d+)\]\(.*$/gm)].map(([row]) => row)
    const expected = [...CATALOGUE]
      .sort((a, b) => (a.code < b.code ? -1 : 1))
      .map((e) => `| [${e.code}](${e.code}.md) | ${e.id} | ${e.severity} | ${e.title} |`)
    expect(rows).toEqual(expected)
  })
})

/** What popular articles say and is wrong. */
const ERRORS: [what: string, said: RegExp][] = [
  ['URX is UpstreamRetryLimitExceeded', /URX[^.\n]{0,60}reset before/i],
  [
    'a remote reset is an event of the codec',
    /remote reset[^.\n]{0,60}(without sending|abruptly|no FIN)/i,
  ],
  ['a timeout of a VirtualService is a duration', /timeout:\s*\{/],
  ['targetPort belongs to the Service', /containers?(\[[^\]]*\])?\.ports(\[[^\]]*\])?\.targetPort/],
  [
    'a client without Envoy gets no 503 of Envoy',
    /kubectl run curl[^\n]*\n?[^\n]*upstream connect error/,
  ],
  ['95 bytes is the body of a termination', /connection failure\W[^.\n]{0,20}\b95\b/],
]

describe.each(ERRORS)('%s', (_, said) => {
  const pages = (readdirSync(join(root, 'docs'), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)

  it('is not said otherwise in the documentation', () => {
    expect(pages.length).toBeGreaterThan(70)
    expect([...pages, 'README.md'].filter((page) => said.test(read(page)))).toEqual([])
  })
})

/** Ids that one `id:` of a rule can take: a literal, the branches of a condition, or a side and a literal. */
function idsOf(expression: string): string[] {
  const template = /^`\$\{close\.by\}(-[a-z-]+)`$/.exec(expression)
  if (template) return ['client', 'upstream'].map((side) => `${side}${template[1]}`)
  return [...expression.matchAll(/'([a-z][a-z0-9]*(?:-[a-z0-9]+)+)'/g)].map(([, id]) => id!)
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
