import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { queueAddress } from '../../../src/batch/queue/connection.ts'
import { runOnQueue } from '../../../src/batch/queue/queue-run.ts'
import type { SampleRow } from '../../../src/batch/sample-row.ts'
import type { SampleTask } from '../../../src/batch/sample-task.ts'
import { VERSION } from '../../../src/version.ts'
import { ensureBuilt } from '../../support/built.ts'
import { REDIS_SERVER, type RedisServer, startRedis } from '../../support/redis-server.ts'
import { killWorkers, makeTasks, startWorker } from './workers.ts'

const withRedis = describe.skipIf(REDIS_SERVER === null)
let redis: RedisServer | null = null

beforeAll(ensureBuilt)
afterEach(async () => {
  await killWorkers()
  await redis?.remove()
  redis = null
})

interface Seen {
  rows: SampleRow[]
  notices: string[]
}

function run(tasks: SampleTask[], url: string, seen: Seen, onRow = () => {}): Promise<void> {
  return runOnQueue(tasks, {
    address: queueAddress(url),
    run: 'test-run',
    signal: new AbortController().signal,
    onRow(row) {
      seen.rows.push(row)
      onRow()
    },
    onStarted() {},
    onProgress() {},
    onNotice: (text) => seen.notices.push(text),
  })
}

/** Every sample has one row, as if it had been read here. */
function expectEachOnce(rows: SampleRow[], tasks: SampleTask[]): void {
  expect(rows.map(({ sample }) => sample).sort()).toEqual(
    tasks.map(({ sample }) => sample.id).sort(),
  )
  expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['done']))
  for (const row of rows) expect(row.packets).toBeGreaterThan(0)
}

async function keysLeft(server: RedisServer): Promise<string[]> {
  const client = server.client()
  const keys = await client.keys('*')
  client.disconnect()
  return keys.map((key) => key.slice(`rstscope:samples-${VERSION}:`.length))
}

withRedis(`with a real Redis${REDIS_SERVER ? '' : ' (not installed)'}`, () => {
  test('200 samples, 4 workers, two killed, Redis started again: each is reported once', async () => {
    redis = await startRedis()
    const tasks = makeTasks(200)
    const workers = Array.from({ length: 4 }, (_, at) =>
      startWorker({ url: redis!.url, name: `w${at}`, takesMs: 60, jobs: 2 }),
    )
    const seen: Seen = { rows: [], notices: [] }
    let restart: Promise<void> = Promise.resolve()
    const incidents = async () => {
      await workers[seen.rows.length === 40 ? 0 : 1]!.kill('SIGKILL')
    }
    await run(tasks, redis.url, seen, () => {
      if (seen.rows.length === 40 || seen.rows.length === 70) void incidents()
      if (seen.rows.length !== 100) return
      restart = (async () => {
        await redis!.stop('SIGKILL')
        await setTimeout(1000)
        await redis!.start()
      })()
    })
    await restart
    expectEachOnce(seen.rows, tasks)
    // The killed ones had begun samples that they did not finish.
    const lost = workers.slice(0, 2).map(({ begun, done }) => begun.length - done.length)
    expect(Math.max(...lost)).toBeGreaterThan(0)
    expect(seen.notices.join('\n')).toMatch(/does not answer.*\n.*answers again/)
    expect(await keysLeft(redis)).not.toContainEqual(expect.stringMatching(/^[0-9a-f]{64}/))
  }, 180_000)

  test('Redis forgets everything: what is owed is put there again', async () => {
    redis = await startRedis({ keeps: 'none' })
    const tasks = makeTasks(40)
    startWorker({ url: redis.url, takesMs: 30, jobs: 2 })
    const seen: Seen = { rows: [], notices: [] }
    await run(tasks, redis.url, seen, () => {
      if (seen.rows.length === 10) void redis!.stop('SIGKILL').then(() => redis!.start())
    })
    expectEachOnce(seen.rows, tasks)
  })
})
