import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Finding, Report } from '../../../src/model/report.ts'
import { type MarkdownOptions, renderMarkdown } from '../../../src/reports/markdown/markdown.ts'
import { streamOf } from '../../../src/reports/stream-of.ts'
import { compareReport, loggedReport, REPORTS, unsharedReport } from '../report-fixtures.ts'

const OPTIONS: MarkdownOptions = { all: false, ascii: false, time: 'utc' }

function markdown(report: Report, options: Partial<MarkdownOptions> = {}): string {
  return [...renderMarkdown(streamOf(report), { ...OPTIONS, ...options })].join('')
}

test.each(REPORTS)('%s: the page', async (name, report) => {
  await expect(markdown(report)).toMatchFileSnapshot(`../__snapshots__/${name}.md`)
})

test('the first two paragraphs are the answer, the first of them bold', () => {
  const [first, second] = markdown(compareReport()).split('\n\n')
  expect(first).toBe(
    '**UPSTREAM reset first: `10.8.1.15:8443` sent RST `14:02:10.004191Z`, client got it 3.6 ms later. Certain.**',
  )
  expect(second).toBe(
    'Cause: silent for 60.002 s, then the RST answered the next request — idle timeout. Probable.',
  )
})

test('a page names its inputs with their hashes, and the version', () => {
  const page = markdown(compareReport())
  expect(page).toContain(`- \`client\` \`client.pcap\` SHA-256 \`${'00'.repeat(32)}\``)
  expect(page.trimEnd()).toMatch(/\nrstscope `0\.1\.0`, report `rstscope\.report\/1`$/)
})

test('the inputs stand under a heading of their own, in no list of limits', () => {
  for (const [, report] of REPORTS) {
    expect(markdown(report)).toMatch(/\n\n\*\*Inputs\*\*\n\n- `[^`]+` `[^`]+` SHA-256 /)
  }
})

test('a step that is a command is code as a whole, whatever it names', () => {
  const report = compareReport()
  const leading = report.connections.find(({ id }) => id === 7)!
  leading.causes[0]!.next = [
    'kubectl -n shop logs a|b -c `x` --previous',
    'look at @you and #1',
    'rstscope explain RS241',
  ]
  const page = markdown(report)
  expect(page).toContain(
    '1. `kubectl -n shop logs a\\x7cb -c \\x60x\\x60 --previous`\n2. look at `@you` and `#1`\n3. `rstscope explain RS241`\n',
  )
})

test('access log and Kubernetes facts are in the table', () => {
  const page = markdown(loggedReport())
  expect(page).toContain('| Access log | `gateway.log:701` ')
  expect(page).toMatch(/: 503 `UC,URX`, 4 ms, 3 attempts/)
  expect(page).toMatch(/\n\| Workload \| client: node /)
  expect(page).toContain('`Deployment/pay`')
  expect(page).toMatch(/\n\| Kubernetes \| coincident: /)
  expect(page).not.toMatch(/[\x1b\x07]/)
})

test('captures that share no connection are shown for what they hold', () => {
  expect(markdown(unsharedReport())).toMatch(/```text\n {2}client .*client\.pcap\n/)
})

test('a ticket has its summary, severity and description under headings of their own', () => {
  const finding: Finding = {
    code: 'RS241',
    severity: 'error',
    title: 'A request crossed the close of an idle connection',
    why: 'silent for 60.002 s',
    next: [],
    connections: [7],
    evidence: [],
    against: [],
  }
  const page = markdown({ ...compareReport(), findings: [finding] }, { template: 'ticket' })
  expect(page).toMatch(
    /^## Summary\n\nUPSTREAM reset first: .* Certain\.\n\n## Severity\n\nerror: `RS241` A request crossed the close of an idle connection\n\n## Description\n\nCause: /,
  )
  expect(markdown(compareReport(), { template: 'ticket' })).toContain(
    '## Severity\n\nnone: nothing was found\n',
  )
})

test('in ASCII nothing else is left', () => {
  for (const [, report] of REPORTS) {
    expect(markdown(report, { ascii: true })).toMatch(/^[\x0a\x20-\x7e]*$/)
  }
})

/** A report of many findings, each with a long text. */
function longReport(findings: number): Report {
  const finding = {
    severity: 'error' as const,
    ...{ title: 'many', why: 'word '.repeat(390), next: [], connections: [7] },
    ...{ evidence: [], against: [] },
  }
  return {
    ...compareReport(),
    findings: Array.from({ length: findings }, (_, i) => ({ ...finding, code: `RS${i}` })),
  }
}

test('a page keeps to its budget and says what it left out', () => {
  const page = markdown(longReport(200))
  expect(page.length).toBeLessThanOrEqual(60_000)
  expect(page).toMatch(/\*Cut to 60000 characters; left out: .*findings \(\d+\)/)
  expect(page).toContain('SHA-256')
  const small = markdown(longReport(30), { maxCharacters: 20_000 })
  expect(small.length).toBeLessThanOrEqual(20_000)
  expect(small).toMatch(/left out: .*findings \(\d+\)/)
  expect(markdown(longReport(3))).not.toContain('left out')
})

test('findings that a page has no room to name are counted', () => {
  expect(markdown(longReport(51), { maxCharacters: 1e6 })).toContain('\n1 more finding.\n')
})

test('whatever a report holds, the page stays within its budget and its blocks are closed', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 })
  const evil = fc.oneof(
    text,
    fc.constantFrom('```\n# x', '</details>\n\n<script>', '| a | b |\n|---|---|', '\n\n[x](y)'),
    fc.integer({ min: 1, max: 70_000 }).map((length) => '漢`'.repeat(length)),
  )
  fc.assert(
    fc.property(evil, evil, fc.boolean(), (one, other, ascii) => {
      const report = loggedReport()
      report.verdict.headline = one
      report.verdict.cause!.headline = other
      report.captures[0]!.paths = [other]
      const [, leading] = report.connections
      leading!.causes[0]!.next = [one, other]
      leading!.upstream.name = one
      leading!.fates[1]!.note = other
      leading!.accessLog[0]!.path = one
      report.findings[0]!.title = other
      report.findings[0]!.why = one
      const page = markdown(report, { ascii, maxCharacters: 20_000 })
      expect(page.length).toBeLessThanOrEqual(20_000)
      const lines = page.split('\n')
      expect(lines.filter((line) => line.startsWith('```')).length % 2).toBe(0)
      const outside = page.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]+`/g, '')
      const count = (part: string) => outside.split(part).length - 1
      expect(count('<details>')).toBe(count('</details>'))
      const tags = outside.match(/<\/?[a-z!][^>]*>/g) ?? []
      expect(tags.filter((tag) => !/^<\/?(?:details|summary|code)>$/.test(tag))).toEqual([])
    }),
    { numRuns: 200 },
  )
})
