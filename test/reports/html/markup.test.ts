import fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapeHtml, html, list } from '../../../src/reports/html/markup.ts'

test('a value of a template is escaped, markup is not', () => {
  const inner = html`<b>${'<&>"\''}</b>`
  expect(html`<p title="${'"'}">${inner}${[1, ' ', null]}</p>`.markup).toBe(
    '<p title="&quot;"><b>&lt;&amp;&gt;&quot;&#39;</b>1 </p>',
  )
})

test('no text gets out of element content or of a quoted attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)|\p{Cc}|\p{Cs}/u)
    }),
  )
})

test('a list says how many it leaves out', () => {
  expect(list(['a', 'b', 'c'], 2).markup).toBe(
    '<ul><li>a</li><li>b</li><li class="muted">1 more are not listed here</li></ul>',
  )
})
