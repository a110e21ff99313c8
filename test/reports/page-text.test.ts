import { expect, test } from 'vitest'
import { pageText } from '../../src/reports/page-text.ts'
import { textWidth } from '../../src/reports/text-width.ts'
import { FINDING_PAGES } from '../finding-pages.ts'

const PLAIN = { width: 60, color: false, ascii: false }

const PAGE = `# RS999 an-id: A title

Severity: error

## What happened

First **bold** and *leaning* words, \`code *as* it is\`, a [RS101](RS101.md) link and [docs/timers.md](../timers.md).

- an item that is long enough to need a second line of its own here
- another one

\`\`\`sh
kubectl get pod POD -o jsonpath='{range .items[*]}{.metadata.name}{"\\n"}{end}' # long, and never broken

# [no](link) and *no* emphasis
\`\`\`
`

test('headings, paragraphs, items and commands as text of a given width', () => {
  expect(pageText(PAGE, PLAIN)).toBe(`RS999 an-id: A title

  Severity: error

What happened

  First bold and leaning words, \`code *as* it is\`, a RS101
  link and docs/timers.md.

  • an item that is long enough to need a second line of its
    own here
  • another one

    kubectl get pod POD -o jsonpath='{range .items[*]}{.metadata.name}{"\\n"}{end}' # long, and never broken

    # [no](link) and *no* emphasis
`)
})

test('a name in backticks is not broken, and stays as it is written', () => {
  const page = 'Somewhere near the end of this line stands `a name of words`.'
  expect(pageText(page, PLAIN)).toBe(
    '  Somewhere near the end of this line stands\n  `a name of words`.\n',
  )
})

test('colour marks headings and commands, and changes no character', () => {
  const coloured = pageText(PAGE, { ...PLAIN, color: true })
  expect(coloured).toContain('\x1b[1mWhat happened\x1b[22m')
  expect(coloured).toContain('    \x1b[36mkubectl')
  expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(pageText(PAGE, PLAIN))
})

test.each(FINDING_PAGES)('$name fits 60 columns but for its commands, in ASCII too', ({ text }) => {
  const commands = [...text.matchAll(/^```sh\n([^`]*)^```$/gm)].flatMap(([, block]) =>
    block!.split('\n').map((line) => `    ${line}`),
  )
  const lines = pageText(text, PLAIN).split('\n')
  // A word may be longer than a line; it then stands alone.
  const tooLong = lines.filter((line) => textWidth(line) > 60 && !commands.includes(line))
  expect(tooLong.filter((line) => !/^ {2,4}(• )?(`[^`]+`\S*|\S+)$/.test(line))).toEqual([])
  expect(pageText(text, { ...PLAIN, ascii: true })).toMatch(/^[\x20-\x7e\n]+$/)
  expect(pageText(text, { ...PLAIN, ascii: true })).not.toContain('\\u{')
})
