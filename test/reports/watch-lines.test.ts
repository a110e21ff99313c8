import { describe, expect, test } from 'vitest'
import { endingOf } from '../../src/model/ending.ts'
import type { Connection } from '../../src/model/report.ts'
import type { Layout } from '../../src/reports/fact-lines.ts'
import { asciiText, escapeText } from '../../src/reports/text-escape.ts'
import { textStyle } from '../../src/reports/text-style.ts'
import { isShown, type ToldEnding, watchLine } from '../../src/reports/watch-lines.ts'
import { analyzeReport } from './report-fixtures.ts'

const layout: Layout = {
  width: 100,
  time: 'utc',
  style: textStyle({ width: 100, color: false, ascii: false }),
  clean: escapeText,
}

const { connections } = analyzeReport()
const reset = connections.find(({ benign, firstReset }) => !benign && firstReset !== null)!
const ordinary = connections.find(({ benign }) => benign)!

const told = (connection: Connection, more: Partial<ToldEnding> = {}): ToldEnding => ({
  connection,
  files: [{ path: '/captures/a.pcap', firstFrame: 1 }],
  firstPacketAt: connection.startedAt,
  before: null,
  isOpen: false,
  ...more,
})

describe('a line', () => {
  const frame = reset.firstReset!.evidence[0]!.frame!

  test('says when, who to whom, how, by whom, why and where', () => {
    const parts = watchLine(told(reset), layout).split('  ')
    expect(parts[0]).toBe(`${reset.firstReset!.at.slice(0, 26)}Z`)
    expect(parts[1]).toBe(
      `${reset.client.address}:${reset.client.port} → ${reset.upstream.address}:${reset.upstream.port}`,
    )
    expect(parts[3]).toBe(`reset by ${reset.firstReset!.by} (${reset.firstReset!.confidence})`)
    expect(parts[4]).toBe(`${reset.causes[0]!.id} (${reset.causes[0]!.confidence})`)
    expect(parts.at(-1)).toMatch(new RegExp(`^a\\.pcap #${frame}(, |$)`))
  })

  test('names the file that holds the frame, and its number there', () => {
    const files = [
      { path: '/captures/a.pcap', firstFrame: 1 },
      { path: '/captures/b.pcap', firstFrame: frame },
    ]
    expect(watchLine(told(reset, { files }), layout)).toContain('  b.pcap #1')
    const piped = [{ path: '-', firstFrame: 1 }]
    expect(watchLine(told(reset, { files: piped }), layout)).toMatch(new RegExp(`  #${frame}`))
  })

  test('stays one line of harmless characters, whatever a file is called', () => {
    const files = [{ path: '/x/\u202eevil\n\x1b[2J→.pcap', firstFrame: 1 }]
    const line = watchLine(told(reset, { files }), layout)
    expect(line).toContain('\\u{202e}evil\\n\\x1b[2J')
    const ascii = { ...layout, clean: (text: string) => asciiText(escapeText(text)) }
    expect(watchLine(told(reset, { files }), ascii)).toMatch(/^[\x20-\x7e]+$/)
  })
})

describe('what is shown', () => {
  test('ordinary ends with --all only', () => {
    expect([isShown(told(ordinary), false), isShown(told(ordinary), true)]).toEqual([false, true])
    expect(isShown(told(reset), false)).toBe(true)
  })

  test('an ordinary end takes back a line that was shown, and says nothing of one that was not', () => {
    expect(isShown(told(ordinary, { before: endingOf(reset) }), false)).toBe(true)
    expect(isShown(told(ordinary, { before: endingOf(ordinary) }), false)).toBe(false)
    expect(watchLine(told(ordinary, { before: endingOf(reset) }), layout)).toMatch(
      / {2}again: not as told before$/,
    )
  })
})
