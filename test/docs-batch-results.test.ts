import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { summarise } from '../src/batch/summary/summarise.ts'
import { CONNECTION_COLUMNS } from '../src/batch/table/connection-columns.ts'
import { end, finding, row } from './batch/summary/row-fixtures.ts'
import { root } from './source-files.ts'

const page = readFileSync(join(root, 'docs/batch-results.md'), 'utf8')

function section(heading: string): string {
  return page.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!
}

/** The names in the first cells of the tables of a section. */
function namesIn(heading: string): string[] {
  return [...section(heading).matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([a-zA-Z_]+)`/g)].map(([, name]) => name!),
  )
}

it('names the columns of the table, in their order, with their types', () => {
  expect(namesIn('The table of connections')).toEqual(CONNECTION_COLUMNS.map(({ name }) => name))
  const types = {
    text: 'text',
    small: 'integer',
    count: 'bigint',
    number: 'double',
    boolean: 'boolean',
    time: 'timestamp',
  }
  const rows = [
    ...section('The table of connections').matchAll(/^\| (`\w+`(?:, `\w+`)*) \| ([a-z, ]+) \|/gm),
  ]
  for (const [, names, told] of rows) {
    const columns = [...names!.matchAll(/\w+/g)].map(([name]) =>
      CONNECTION_COLUMNS.find((column) => column.name === name),
    )
    const each = told!.split(', ')
    expect(columns.map((column) => types[column!.type])).toEqual(
      each.length === 1 ? columns.map(() => each[0]) : each,
    )
  }
  expect(rows.length).toBeGreaterThan(30)
})

it('names every field of the index and of a finding', () => {
  const one = row('a', [finding([end(1, 'k', 1)])])
  expect(namesIn('The index')).toEqual(expect.arrayContaining(Object.keys(one)))
  const [found] = summarise([one]).findings
  expect(namesIn('The summary')).toEqual(expect.arrayContaining(Object.keys(found!)))
  for (const field of Object.keys(found!.count)) expect(namesIn('The summary')).toContain(field)
})
