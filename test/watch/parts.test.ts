import { describe, expect, test } from 'vitest'
import type { Ending } from '../../src/model/ending.ts'
import type { Connection } from '../../src/model/report.ts'
import { placeOfFrame } from '../../src/model/watch.ts'
import { CaptureClock } from '../../src/watch/capture-clock.ts'
import { EndingTally } from '../../src/watch/ending-tally.ts'
import { FileTrail } from '../../src/watch/file-trail.ts'

describe('the clock of a capture', () => {
  test('goes on with the clock on the wall while nothing arrives', () => {
    const clock = new CaptureClock()
    clock.arrived(null, 5e9, 1000)
    expect(clock.packetTime).toBe(5e9)
    expect(clock.now(1000)).toBe(5e9)
    expect(clock.now(3500)).toBe(7.5e9)
  })

  test('does not take for silence what the capturing program holds back', () => {
    const clock = new CaptureClock()
    // Packets of four seconds came at once: the next may be as late.
    clock.arrived(1e9, 5e9, 1000)
    expect(clock.now(5000)).toBe(5e9)
    expect(clock.now(6000)).toBe(6e9)
  })

  test('is not led astray by one packet with a wrong time, and forgets what was held back long ago', () => {
    const clock = new CaptureClock()
    clock.arrived(0, 9e18, 0)
    expect(clock.packetTime).toBe(9e18)
    clock.arrived(9e9, 9e9, 100)
    expect(clock.packetTime).toBe(9e9)
    for (let i = 0; i < 16; i++) clock.arrived(9e9, 9e9, 200)
    expect(clock.now(1200)).toBe(10e9)
  })
})

describe('the trail of files', () => {
  const trail = new FileTrail()
  trail.begin('a', 1)
  trail.begin('empty', 11)
  trail.begin('b', 11)
  trail.begin('c', 21)

  test('names the files that hold some frames', () => {
    const paths = (first: number, last: number) =>
      trail.between(first, last).map(({ path }) => path)
    expect(paths(1, 10)).toEqual(['a'])
    expect(paths(10, 11)).toEqual(['a', 'b'])
    expect(paths(1, 99)).toEqual(['a', 'b', 'c'])
  })

  test('numbers a frame as a person sees it who opens that file', () => {
    const files = trail.between(1, 99)
    expect(placeOfFrame(files, 1)).toEqual({ path: 'a', frame: 1 })
    expect(placeOfFrame(files, 20)).toEqual({ path: 'b', frame: 10 })
    expect(placeOfFrame(files, 21)).toEqual({ path: 'c', frame: 1 })
    expect(placeOfFrame([], 21)).toBe(null)
  })

  test('forgets files that nothing refers to any more', () => {
    trail.forgetBefore(15)
    expect(trail.between(1, 99).map(({ path }) => path)).toEqual(['b', 'c'])
    trail.forgetBefore(Number.POSITIVE_INFINITY)
    expect(trail.between(21, 21)).toEqual([{ path: 'c', firstFrame: 21 }])
  })
})

describe('the tally', () => {
  const ending = (by: Ending['by'], benign = false): Ending => ({
    termination: 'rst-without-fin',
    detail: 'mid-response',
    benign,
    by,
    confidence: 'probable',
    cause: null,
    ignoredReset: false,
  })
  const example = (id: number) => ({ connection: { id } as Connection, files: [] })

  test('counts by ending and peer, with the first of each as example', () => {
    const tally = new EndingTally()
    for (const id of [3, 4]) tally.add(ending('upstream'), 'a:1', example(id))
    tally.add(ending('upstream'), 'b:1', example(5))
    tally.add(ending('client', true), 'a:1', example(6))
    const { counts, peerText } = tally.endings
    expect([...counts].map(({ peer, count, first }) => [peerText(peer), count, first])).toEqual([
      ['a:1', 2, 3],
      ['b:1', 1, 5],
      ['a:1', 1, 6],
    ])
    expect([tally.connections, tally.benign, tally.worst]).toEqual([4, 1, 'error'])
    expect(tally.example(5)?.connection.id).toBe(5)
  })

  test('takes back what looks otherwise by now', () => {
    const tally = new EndingTally()
    tally.add(ending('upstream'), 'a:1', example(1))
    tally.remove(ending('upstream'), 'a:1', example(1))
    expect([tally.connections, tally.worst, [...tally.endings.counts]]).toEqual([0, null, []])
  })

  test('tells peers apart as long as there is room, and counts all', () => {
    const tally = new EndingTally()
    for (let i = 0; i < 5000; i++) tally.add(ending('client'), `host:${i}`, example(i + 1))
    const counts = [...tally.endings.counts]
    expect(counts.length).toBeLessThan(2100)
    expect(tally.connections).toBe(5000)
    expect(tally.endings.peerText(counts.at(-1)!.peer)).toBe('(other peers)')
  })
})
