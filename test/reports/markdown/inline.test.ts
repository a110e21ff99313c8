import fc from 'fast-check'
import { expect, test } from 'vitest'
import { code, fencedText, inline, inlineHtml } from '../../../src/reports/markdown/inline.ts'

// Read without this project's idea of what is harmless: what CommonMark, GFM, GitHub and GitLab give a meaning to.
const ACTIVE = /[`*_[\]<>{}|~\\&$@#^\n\r]/
const LINK_LIKE = /:\/\/|www\.|mailto:|xmpp:|\bGH-\d|(?:^|[^\p{L}\p{Nd}])[!%~]\p{L}|:[a-z_]+:/u
const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u

/** What a reader of Markdown sees outside of code, which begins and ends with single backticks. */
function outsideCode(markdown: string): string {
  return markdown.replace(/`[^`]+`/g, '\u0000')
}

const PIECES = [
  ...['`', '``', '```', '|', '||', '[x](http://e.example)', '<b>', '</details>', '<!--', '-->'],
  ...['@octocat', '@org/team', '#38', 'GH-38', 'a/b#1', 'www.e.example', 'https://e.example'],
  ...['mailto:a@e.example', 'a@e.example', '![i](u)', '[r]: http://e', '\n', '\r\n', '\n\n# x'],
  ...['\t', '    x', '- x', '1. x', '> x', '***', '---', '===', '~~~', '$$', '\\', '\\|', '\\`'],
  ...[
    '&lt;',
    '&#96;',
    ':smile:',
    '!12',
    '%3',
    '~bug',
    '^x',
    '{panel}',
    '|---|',
    '\u202e',
    '\u001b[',
  ],
  ...['client', 'upstream', '10.0.0.1:80', '(', ')', '"', "'", ':', '.', ' ', 'é', '漢', '\ud800'],
]
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 6 })), {
    maxLength: 14,
  })
  .map((pieces) => pieces.join(''))

test('no text can open a link, a tag, a fence, a mention, a reference or a table cell', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const shown = inline(text)
      const rest = outsideCode(shown)
      expect(rest).not.toMatch(ACTIVE)
      expect(rest).not.toMatch(LINK_LIKE)
      expect(shown).not.toMatch(/[|\n\r]/)
      expect(shown).not.toMatch(CONTROL)
      expect(shown).not.toMatch(/``/)
      // The first word begins no list, quotation, heading or rule.
      expect(rest).not.toMatch(/^(?:[-+=>#]|\p{Nd}+[.)])(?:\s|$)/u)
    }),
    { numRuns: 3000 },
  )
})

test('no text can open an element in a line of HTML', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const shown = inlineHtml(text)
      const rest = shown.replace(/<code>[^<>`\n]*<\/code>/g, '')
      expect(rest).not.toMatch(ACTIVE)
      expect(rest).not.toMatch(LINK_LIKE)
      expect(shown).not.toMatch(/&(?!(?:amp|lt|gt|quot|#96);)/)
    }),
    { numRuns: 3000 },
  )
})

test('no line of a fenced block can end it', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(fencedText(text)).not.toMatch(/[`\n\r]/)
      expect(code(text).slice(1, -1)).not.toMatch(/[`|\n\r]/)
    }),
  )
})

test('sentences stay readable, and what a platform would link stands in code', () => {
  expect(inline("RST leaves the upstream's tap (in window), 3.6 ms later.")).toBe(
    "RST leaves the upstream's tap (in window), 3.6 ms later.",
  )
  expect(inline('answer to #413 from 10.8.1.15:8443, see https://e.example/x.')).toBe(
    'answer to `#413` from `10.8.1.15:8443`, see `https://e.example/x`.',
  )
  expect(inline('ask @octocat about GH-7 and deadbeef0')).toBe(
    'ask `@octocat` about `GH-7` and `deadbeef0`',
  )
  expect(inline('a|b `c`')).toBe('`a\\x7cb` `\\x60c\\x60`')
  expect(inlineHtml('<b>x</b> & @y')).toBe(
    '<code>&lt;b&gt;x&lt;/b&gt;</code> <code>&amp;</code> <code>@y</code>',
  )
})

test('a text longer than any of the report is cut, and says so', () => {
  const shown = inline('word '.repeat(10_000))
  expect(shown.length).toBeLessThan(2100)
  expect(shown).toMatch(/\(48000 more characters\)$/)
})
