import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { reportJsonSchema } from '../../src/model/report-schema.ts'

test('the published JSON Schema is the one that the definition generates (npm run schema)', () => {
  const published = readFileSync(
    new URL('../../schema/report-1.schema.json', import.meta.url),
    'utf8',
  )
  expect(published).toBe(`${JSON.stringify(reportJsonSchema(), null, 2)}\n`)
})

test('the JSON Schema allows fields that a later version adds, and requires the present ones', () => {
  const schema = reportJsonSchema()
  expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
  expect(schema).not.toHaveProperty('additionalProperties')
  expect(schema.required).toEqual([
    'schema',
    'tool',
    'command',
    'captures',
    'verdict',
    'clock',
    'summary',
    'findings',
    'connections',
    'limits',
  ])
})
