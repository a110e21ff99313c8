import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FORMAT_NAMES, FORMATS } from '../src/cli/formats.ts'
import { writeCsv } from '../src/reports/csv.ts'
import { root } from './source-files.ts'

const page = readFileSync(join(root, 'docs/report-formats.md'), 'utf8')

/** What stands in code in the first cell of the rows below a heading. */
function firstCells(heading: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!
  const cells = [...section.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell]) => cell!)
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!))
}

it('the page explains every column of the CSV, in its order', () => {
  const [names] = writeCsv({ connections: () => [] })
  expect(firstCells('CSV')).toEqual(names!.trimEnd().split(','))
})

it('the page lists every format with its extension', () => {
  for (const name of FORMAT_NAMES) {
    expect(page).toContain(`| \`${name}\` | \`${FORMATS[name].extension}\` |`)
  }
})
