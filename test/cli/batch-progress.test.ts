import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { failedRow } from '../../src/batch/row-of.ts'
import type { SampleTask } from '../../src/batch/sample-task.ts'
import { startBatchProgress } from '../../src/cli/batch-progress.ts'
import type { Host } from '../../src/cli/host.ts'
import { aloneOf, taskOf } from '../batch/sample-tasks.ts'

function fakeHost(isTTY: boolean, env: Record<string, string> = {}) {
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 100 })
  let text = ''
  stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const clock = { ms: 0 }
  const host = { stderr, env, now: () => clock.ms } as unknown as Host
  return { host, clock, written: () => text }
}

function sampleOf(id: string, bytes: number): SampleTask {
  return taskOf({ ...aloneOf(id, `${id}.pcap`), bytes })
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 50))
const TASKS = [sampleOf('a', 60e6), sampleOf('b', 40e6)]

test('lines: a line every five seconds, and each failure when it happens', async () => {
  const { host, clock, written } = fakeHost(false)
  const progress = startBatchProgress('lines', TASKS, host)
  clock.ms = 500
  progress.progress(TASKS[0]!, 10e6, 60e6)
  clock.ms = 2000
  progress.progress(TASKS[0]!, 20e6, 60e6)
  clock.ms = 2500
  const reason = { code: 'RSTSCOPE_UNREADABLE', message: 'cannot read \x1b[2J', hint: null }
  progress.ended(failedRow(TASKS[1]!, reason), false)
  clock.ms = 4000
  progress.progress(TASKS[0]!, 50e6, 60e6)
  progress.stop()
  await settled()
  expect(written().trimEnd().split('\n')).toEqual([
    'rstscope: 0 of 2 samples  20 of 100 MB  10 MB/s  about 8 s left',
    'rstscope: b: cannot read \\x1b[2J',
  ])
})

test('in CI lines are written without being asked for; elsewhere a pipe gets none', async () => {
  for (const [env, lines] of [
    [{ CI: 'true' }, 1],
    [{}, 0],
  ] as const) {
    const { host, clock, written } = fakeHost(false, env)
    const progress = startBatchProgress('auto', TASKS, host)
    clock.ms = 9000
    progress.progress(TASKS[0]!, 20e6, 60e6)
    progress.stop()
    await settled()
    expect(written().split('\n').filter(Boolean)).toHaveLength(lines)
  }
})

test('on a terminal: a bar for the run and one for each sample that is read, gone at the end', async () => {
  const { host, clock, written } = fakeHost(true)
  const progress = startBatchProgress('auto', TASKS, host)
  progress.progress(TASKS[0]!, 1e6, 60e6)
  await settled()
  expect(written()).toBe('')
  clock.ms = 2000
  const isShown = () => {
    progress.progress(TASKS[0]!, 31e6, 60e6)
    progress.progress(TASKS[1]!, 4e6, 40e6)
    return written()
  }
  await expect.poll(isShown, { timeout: 30_000 }).toMatch(/#+-+ 51%\s+a/)
  await expect.poll(isShown, { timeout: 30_000 }).toMatch(/#+-+ 10%\s+b/)
  expect(written()).toContain('0 of 2 samples')
  progress.ended(failedRow(TASKS[0]!, { code: 'x', message: 'y', hint: null }), false)
  progress.stop()
  const before = written()
  progress.progress(TASKS[1]!, 5e6, 40e6)
  await settled()
  expect(written().slice(before.length)).not.toContain('%')
})
