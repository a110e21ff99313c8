import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { TIMERS, timerText } from '../src/diagnosis/timers.ts'
import { root } from './source-files.ts'

const page = readFileSync(join(root, 'docs/timers.md'), 'utf8')

describe('the timers of docs/timers.md', () => {
  const rows = [...page.matchAll(/^\| (\d+) \| (\w+) \| (\w+) \| (.+) \| (.+) \|$/gm)].map(
    ([, seconds, measures, who, name, source]) => ({
      seconds: Number(seconds),
      measures,
      who,
      name,
      source,
    }),
  )

  it('are all there are, each with its source', () => {
    expect(rows.length).toBeGreaterThan(25)
    expect(rows).toEqual(TIMERS.map(({ onNextPacket: _, ...timer }) => timer))
  })

  it.each(TIMERS)('$seconds s of a $who ($measures): $name', ({ seconds, who, name, measures }) => {
    expect(timerText(seconds * 1e9, who, measures)).toMatch(`≈ ${seconds} s: `)
    expect(timerText(seconds * 1e9, who, measures)).toContain(name)
  })

  it('match within the tolerance that the page names, and not outside', () => {
    const named = (seconds: number) => timerText(seconds * 1e9, 'server') !== ''
    expect([4.74, 4.76, 5.24, 5.26].map(named)).toEqual([false, true, true, false])
    // 1 % of 60 s, and a second more when late.
    expect([59.3, 59.5, 61.5, 61.7].map(named)).toEqual([false, true, true, false])
  })

  it('name those of the side that acted only; else a round time looks configured', () => {
    expect(timerText(350e9, 'middlebox')).toContain('AWS NLB')
    expect(timerText(350e9, 'server')).toBe('')
    const round = /a round time \(([\d, ]+) or (\d+) s\)/.exec(page)!
    const seconds = [...round[1]!.split(',').map(Number), Number(round[2])]
    expect(seconds.length).toBeGreaterThan(10)
    for (const s of seconds) expect(timerText(s * 1e9, 'client')).toContain(`≈ ${s} s`)
    expect(timerText(7e9, 'client')).toBe('')
  })

  it('say of a device that acts on the next packet that it may have fired before', () => {
    expect(timerText(400e9, 'middlebox')).toContain('longer than 350 s: AWS NLB')
    expect(timerText(100e9, 'middlebox')).toBe('')
    expect(timerText(400e9, 'server')).toBe('')
  })
})
