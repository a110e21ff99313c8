import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { evidenceBlocks } from '../../src/evidence/evidence-file.ts'
import { compareReport } from '../reports/report-fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'rstscope-comments-'))
afterAll(() => rmSync(folder, { recursive: true }))
const hasTshark = spawnSync('tshark', ['--version']).status === 0

const HOSTILE = 'x\nupstream: forged sha256 00\r\x1b[31m\u2028forged\u2029forged\u202e\x07\x9b2J'

/** Evidence of one packet, with a hostile text wherever the report has one. */
function hostileEvidence(): Uint8Array {
  const { tool, verdict, captures } = compareReport()
  const cause = { ...verdict.cause!, headline: HOSTILE }
  const blocks = evidenceBlocks(
    { tool, verdict: { ...verdict, headline: HOSTILE, cause } },
    [
      {
        name: 'client',
        captures: [{ ...captures[0]!, paths: [HOSTILE] }],
        interfaces: [{ linkType: 1, snapLength: 0, name: HOSTILE, filter: HOSTILE }],
        packets: [
          {
            ...{ frame: 7, timeNs: 1_000_000_000n, data: new Uint8Array(60) },
            ...{ originalLength: 60, interface: 0, direction: 0 },
          },
        ],
        sentences: new Map([[7, [HOSTILE]]]),
        offsetNs: 0,
        leftOut: 0,
      },
    ],
    [HOSTILE],
  )
  return Buffer.concat([...blocks])
}

test('no text steers a terminal, and none makes a line of its own', () => {
  const text = Buffer.from(hostileEvidence()).toString('utf8')
  // Headline, cause, path and note of the section, name and filter of the interface, and the packet's comment.
  expect(text.match(/sha256 00/g)!.length).toBeGreaterThanOrEqual(6)
  for (const [said] of text.matchAll(/x\\u\{a\}upstream: [^\0]{1,60}/g)) {
    expect(said).toMatch(/^x\\u\{a\}upstream: forged sha256 00\ufffd\ufffd\[31m\\u\{2028\}forged/)
  }
  expect(text).not.toMatch(/^upstream: forged|\x1b|\u2028|\u2029|\u202e|\x9b/m)
})

test.skipIf(!hasTshark)('tshark and capinfos show them as one line each', () => {
  const path = join(folder, 'hostile.pcapng')
  writeFileSync(path, hostileEvidence())
  const fields = ['-T', 'fields', '-e', 'frame.comment']
  const shown = execFileSync('tshark', ['-r', path, ...fields], { encoding: 'utf8' })
  expect(shown.trimEnd().split('\n')).toHaveLength(1)
  expect(shown).toContain('rstscope: x\\u{a}upstream: forged sha256 00')
  expect(shown).toContain('(client frame 7)')
  expect(shown).not.toMatch(/[\x1b\x07\u2028]/)
  const section = execFileSync('capinfos', ['-k', path], { encoding: 'utf8' })
  expect(section.split('\n').filter((line) => line.includes('forged')).length).toBeLessThanOrEqual(
    4,
  )
  expect(section).not.toMatch(/^upstream: forged/m)
})
