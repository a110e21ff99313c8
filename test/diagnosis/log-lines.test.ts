import { expect, it } from 'vitest'
import { notingSurroundings } from '../../src/diagnosis/surroundings.ts'
import type { JoinedLine } from '../../src/model/access-log.ts'
import type { Case } from '../../src/model/case.ts'

const third = { id: 3 } as Case

it('asking for access-log lines counts only where logs were given', () => {
  const without = notingSurroundings(null, { cluster: null, lines: null })
  expect(without.logLines(third)).toEqual([])
  expect(without.asked.lines).toBe(false)
})

it('the lines of a connection are known before anything else is', () => {
  const line = { leg: 'upstream' } as JoinedLine
  const around = notingSurroundings(null, {
    cluster: null,
    lines: (index) => (index === 2 ? [line] : []),
  })
  expect(around.logLines(third)).toEqual([line])
  expect(around.asked.lines).toBe(true)
})
