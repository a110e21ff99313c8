import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mermaidLadder } from '../../../src/reports/markdown/mermaid.ts'
import { compareReport } from '../report-fixtures.ts'

function diagram(change: (leading: ReturnType<typeof leadingOf>) => void = () => {}) {
  const report = compareReport()
  const leading = leadingOf(report)
  change(leading)
  return mermaidLadder(report, leading)!
}

function leadingOf(report: ReturnType<typeof compareReport>) {
  return report.connections[1]!
}

test('a segment is an arrow from its sender, crossed out where it did not arrive', () => {
  const { lines, cut } = diagram()
  expect(cut).toBe(0)
  expect(lines.slice(0, 3)).toEqual([
    'sequenceDiagram',
    '    participant C as client 10.4.7.21',
    '    participant U as upstream 10.8.1.15',
  ])
  expect(lines).toContain('    Note over C,U: 60.002 s silent')
  expect(lines.find((line) => line.includes('FIRST RESET'))).toMatch(
    /^ {4}U->>C: .* RST, u#35;378 c#35;415, FIRST RESET, in window, TTL as usual$/,
  )
  expect(lines.find((line) => line.includes('PSH 88 B'))).toMatch(
    /^ {4}C-xU: .*not seen at upstream$/,
  )
  expect(lines.at(-1)).toMatch(/^ {4}U-->>C: .*not seen at upstream, ordinary$/)
})

test('of a long ladder the last 40 segments are drawn, in at most 4,800 characters', () => {
  const many = diagram((leading) => {
    leading.fates = Array.from({ length: 100 }, () => leading.fates[1]!)
  })
  expect(many.lines.filter((line) => line.includes('->>'))).toHaveLength(40)
  expect(many.cut).toBe(60)
  const long = diagram((leading) => {
    const noted = { ...leading.fates[1]!, note: ';'.repeat(500) }
    leading.fates = Array.from({ length: 40 }, () => noted)
  })
  expect(long.lines.join('\n').length).toBeLessThanOrEqual(4800)
  expect(long.cut).toBeGreaterThan(0)
  expect(long.lines.filter((line) => line.includes('->>'))).toHaveLength(40 - long.cut)
})

test('no name or note can be a word of the diagram', () => {
  const evil = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom('x;C->>U: forged', 'x\nend', '%%{init}%%', '"<b>`#59;', 'end', '#quot;'),
  )
  fc.assert(
    fc.property(evil, evil, (note, address) => {
      const { lines } = diagram((leading) => {
        leading.fates[1]!.note = note
        leading.client.address = address
      })
      expect(lines).toHaveLength(9)
      for (const line of lines.slice(1)) {
        const text = line.replace(/^ {4}(?:participant [CU] as|Note over C,U:|[CU]\S+[CU]:) /, '')
        expect(text).toMatch(/^(?:[\p{L}\p{Nd} .,:()/…-]|#\d+;)*$/u)
      }
    }),
  )
})
