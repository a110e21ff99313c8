import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { compileFormat } from '../src/context/access-log/line-format.ts'
import { flagByLength, reasonsByLength } from '../src/context/access-log/reset-reasons.ts'
import { RESPONSE_FLAGS } from '../src/context/access-log/response-flags.ts'
import { root } from './source-files.ts'

const page = readFileSync(join(root, 'docs/access-logs.md'), 'utf8')

it('the page lists every flag with what the report says of it', () => {
  const rows = [...page.matchAll(/^\| ([A-Z]{2,5}) \| (\w+) \| (.+?) \| .+ \|$/gm)]
  expect(rows.map(([, short, long, meaning]) => [short, long, meaning])).toEqual(
    RESPONSE_FLAGS.map(({ short, long, meaning }) => [short, long, meaning]),
  )
})

it("the page has the lengths of Envoy's answers as the report reads them", () => {
  const rows = [...page.matchAll(/^\| (\d+) \| ([a-z ,]+) \|$/gm)]
  expect(rows.length).toBe(8)
  for (const [, bytes, reasons] of rows) {
    const code = Number(bytes) === 87 ? 502 : 503
    const found = reasonsByLength(Number(bytes), code).map(({ reason }) => reason)
    // 22 letters have two reasons: the flag of the other one is another.
    expect(found.filter((reason) => reason !== 'overload manager reset').sort()).toEqual(
      reasons!.split(', ').sort(),
    )
  }
  expect(flagByLength(19, 503)?.flag).toBe('UH')
  expect(flagByLength(24, 504)?.flag).toBe('UT')
})

it('the format that the page recommends can be read, and has what it promises', () => {
  const [, format] = /^```\n(\[%START_TIME%\].+)\n```$/m.exec(page)!
  const { fields, warnings } = compileFormat(format!)
  expect(warnings).toEqual([])
  for (const field of [
    ...(['upstreamLocal', 'upstreamRemote', 'downstreamDirectRemote', 'downstreamLocal'] as const),
    ...(['upstreamDetectedClose', 'downstreamDetectedClose', 'attempts', 'startTime'] as const),
  ]) {
    expect(fields).toContain(field)
  }
})

it('the page explains every warning of a log', () => {
  const sources = ['log-reader.ts', 'join-logs.ts'].map((name) =>
    readFileSync(join(root, 'src/context/access-log', name), 'utf8'),
  )
  const codes = sources.flatMap((text) =>
    [...text.matchAll(/warn\(\s*'([a-z-]+)'/g)].map(([, code]) => code!),
  )
  expect(new Set(codes).size).toBe(7)
  expect(codes.filter((code) => !page.includes(`| \`${code}\` |`))).toEqual([])
})
