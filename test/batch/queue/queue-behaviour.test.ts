import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { checkQueue, queueAddress } from '../../../src/batch/queue/connection.ts'
import { type QueueRunOptions, runOnQueue } from '../../../src/batch/queue/queue-run.ts'
import { lockRun } from '../../../src/batch/queue/run-lock.ts'
import type { SampleRow } from '../../../src/batch/sample-row.ts'
import type { SampleTask } from '../../../src/batch/sample-task.ts'
import { VERSION } from '../../../src/version.ts'
import { ensureBuilt } from '../../support/built.ts'
import {
  makeCertificates,
  OPENSSL,
  PASSWORD,
  REDIS_SERVER,
  type RedisServer,
  startRedis,
} from '../../support/redis-server.ts'
import { killWorkers, makeTasks, startWorker } from './workers.ts'

let redis: RedisServer
let runs = 0
const folder = mkdtempSync(join(tmpdir(), 'rstscope-queue-'))

beforeAll(async () => {
  ensureBuilt()
  if (REDIS_SERVER !== null) redis = await startRedis()
})
afterEach(killWorkers)
afterAll(async () => {
  await redis?.remove()
  rmSync(folder, { recursive: true, force: true })
})

interface Seen {
  rows: SampleRow[]
  notices: string[]
  started: string[]
  progress: [string, number, number | null][]
}

const nothingSeen = (): Seen => ({ rows: [], notices: [], started: [], progress: [] })

async function run(
  tasks: SampleTask[],
  options: Partial<QueueRunOptions> = {},
  seen = nothingSeen(),
): Promise<Seen> {
  runs++
  await runOnQueue(tasks, {
    address: queueAddress(redis.url),
    run: `run-${runs}`,
    attempts: 1,
    signal: new AbortController().signal,
    onRow: (row) => void seen.rows.push(row),
    onStarted: ({ sample }) => seen.started.push(sample.id),
    onProgress: ({ sample }, read, total) => seen.progress.push([sample.id, read, total]),
    onNotice: (text) => seen.notices.push(text),
    ...options,
  })
  return seen
}

const ids = (rows: SampleRow[]) => rows.map(({ sample }) => sample).sort()
const idsOf = (tasks: SampleTask[]) => tasks.map(({ sample }) => sample.id).sort()

describe.skipIf(REDIS_SERVER === null)(
  `the queue${REDIS_SERVER ? '' : ' (no redis-server here)'}`,
  { timeout: 120_000 },
  () => {
    test('progress of a sample comes from its worker', async () => {
      startWorker({ url: redis.url })
      const { rows, started, progress } = await run(makeTasks(3))
      expect(rows).toHaveLength(3)
      expect(started.sort()).toEqual(idsOf(makeTasks(3)))
      expect(progress).toContainEqual(['night/sample-0', 1000, 1000])
    })

    test('no samples: nothing is put there', async () => {
      expect((await run([])).rows).toEqual([])
    })

    test('a sample whose worker fails each time is one failed row, without what is secret', async () => {
      const worker = startWorker({ url: redis.url, fails: 'defect' })
      const { rows } = await run(makeTasks(1), { attempts: 2 })
      expect(worker.begun).toHaveLength(2)
      expect(rows).toMatchObject([
        {
          sample: 'night/sample-0',
          key: 'key-0',
          status: 'failed',
          error: {
            code: 'RSTSCOPE_INTERNAL',
            message: 'defect in rstscope://host (tried 2 times)',
          },
        },
      ])
    })

    test('what one worker cannot read, another one is asked', async () => {
      const blind = startWorker({ url: redis.url, fails: 'unreadable' })
      const seen = nothingSeen()
      const whole = run(makeTasks(1), { attempts: 2 }, seen)
      while (blind.begun.length === 0) await setTimeout(20)
      await blind.kill('SIGTERM')
      startWorker({ url: redis.url })
      await whole
      expect(seen.rows).toMatchObject([{ status: 'done', error: null }])
    })

    test('what no worker can read fails with the reason of the last', async () => {
      const worker = startWorker({ url: redis.url, fails: 'unreadable' })
      const { rows } = await run(makeTasks(1), { attempts: 2 })
      expect(worker.begun).toHaveLength(2)
      expect(rows).toMatchObject([{ status: 'failed', error: { code: 'RSTSCOPE_UNREADABLE' } }])
    })

    test('a sample that takes longer than its lock stays with its worker', async () => {
      const [one, other] = ['one', 'other'].map((name) =>
        startWorker({ url: redis.url, name, takesMs: 8000, stalledAfterMs: 3000 }),
      )
      const { rows } = await run(makeTasks(1))
      expect(rows).toHaveLength(1)
      expect([...one!.begun, ...other!.begun]).toHaveLength(1)
    })

    test('a sample that kills every worker is given up', async () => {
      const seen = nothingSeen()
      const whole = run(makeTasks(1), {}, seen)
      for (let at = 0; seen.rows.length === 0 && at < 8; at++) {
        const worker = startWorker({ url: redis.url, takesMs: 60_000, stalledAfterMs: 300 })
        while (worker.begun.length === 0 && seen.rows.length === 0) await setTimeout(20)
        await worker.kill('SIGKILL')
      }
      await whole
      expect(seen.rows).toMatchObject([
        { status: 'failed', error: { message: expect.stringMatching(/^its workers ended/) } },
      ])
    })

    test('a worker that is asked to end finishes what it has begun', async () => {
      const worker = startWorker({ url: redis.url, takesMs: 800 })
      const seen = nothingSeen()
      const whole = run(makeTasks(2), {}, seen)
      while (worker.begun.length === 0) await setTimeout(20)
      expect(await worker.kill('SIGTERM')).toBe(0)
      expect(worker.done).toEqual(worker.begun)
      const other = startWorker({ url: redis.url })
      await whole
      expect([worker.done.length, other.done.length]).toEqual([1, 1])
    })

    test('and what takes too long goes back at once, without an attempt lost', async () => {
      const slow = startWorker({
        url: redis.url,
        takesMs: 60_000,
        graceMs: 100,
        stalledAfterMs: 30_000,
      })
      const seen = nothingSeen()
      const whole = run(makeTasks(1), {}, seen)
      while (slow.begun.length === 0) await setTimeout(20)
      expect(await slow.kill('SIGTERM')).toBe(0)
      startWorker({ url: redis.url })
      await whole
      expect(seen.rows).toMatchObject([{ status: 'done' }])
    })

    test('interrupted and started again under the same name it goes on, each row once', async () => {
      const tasks = makeTasks(30)
      const stop = new AbortController()
      const seen = nothingSeen()
      startWorker({ url: redis.url, takesMs: 20 })
      const name = 'interrupted'
      const onRow = (row: SampleRow) => {
        seen.rows.push(row)
        if (seen.rows.length === 10) stop.abort()
      }
      await expect(run(tasks, { run: name, signal: stop.signal, onRow }, seen)).rejects.toThrow(
        'interrupted',
      )
      const kept = new Set(ids(seen.rows))
      expect(kept.size).toBe(10)
      const rest = tasks.filter(({ sample }) => !kept.has(sample.id))
      await run(rest, { run: name }, seen)
      expect(ids(seen.rows)).toEqual(idsOf(tasks))
    })

    test('two runs share the workers and nothing else', async () => {
      startWorker({ url: redis.url })
      const tasks = makeTasks(20)
      const [one, other] = await Promise.all([run(tasks), run(tasks)])
      expect(ids(one!.rows)).toEqual(idsOf(tasks))
      expect(ids(other!.rows)).toEqual(idsOf(tasks))
    })

    test('a run has one collector; one that died is waited for', async () => {
      const client = redis.client()
      const { signal } = new AbortController()
      let waited = 0
      const first = await lockRun(client, 'locked', signal, () => waited++, 1000)
      const second = lockRun(client, 'locked', signal, () => waited++, 1000)
      await expect(second).rejects.toThrow('the run locked is collected by another process already')
      await first.release(false)
      await client.set('rstscope:collector:locked', 'of a dead process', 'PX', 1200)
      const third = await lockRun(client, 'locked', signal, () => waited++, 1500)
      await third.release(false)
      expect(waited).toBe(2)
      client.disconnect()
    })

    test('a worker of another version takes nothing, and is named', async () => {
      const other = startWorker({ url: redis.url, version: '1.2.3' })
      const seen = nothingSeen()
      const whole = run(makeTasks(2), {}, seen)
      while (!seen.notices.some((text) => text.includes('1.2.3'))) await setTimeout(50)
      expect(seen.notices.at(-1)).toBe(
        `no worker of rstscope ${VERSION} takes samples from the queue (there are workers of 1.2.3); the samples wait`,
      )
      startWorker({ url: redis.url })
      await whole
      expect(other.begun).toEqual([])
      expect(seen.rows).toHaveLength(2)
    })

    test('a job that somebody else put there fails in words', async () => {
      startWorker({ url: redis.url })
      const { Queue } = await import('bullmq')
      const address = queueAddress(redis.url)
      const queue = new Queue(`samples-${VERSION}`, {
        connection: address.options,
        prefix: 'rstscope',
      })
      const task = makeTasks(1)[0]!
      const bad = [null, 'text', { run: '../../etc', version: VERSION, task }]
      const jobs = await Promise.all(bad.map((data) => queue.add('sample', data)))
      const stale = await queue.add('sample', { version: '0.0.9', run: 'x', task })
      const reason = async (id: string) => {
        for (;;) {
          const job = await queue.getJob(id)
          if (job?.failedReason) return job.failedReason
          await setTimeout(20)
        }
      }
      for (const { id } of jobs) expect(await reason(id!)).toBe('the job is not one of rstscope')
      expect(await reason(stale.id!)).toBe(
        `the job is of rstscope 0.0.9, this worker is ${VERSION}`,
      )
      await queue.close()
    })

    test('a worker that does not see the results says so; one that does, takes away nothing', async () => {
      startWorker({ url: redis.url })
      const results = join(folder, 'results')
      const { rows } = await run(makeTasks(2, results))
      expect(rows).toMatchObject([{ status: 'done' }, { status: 'done' }])
      expect(readdirSync(results)).toEqual([])

      await killWorkers()
      const seen = nothingSeen()
      const hidden = join(folder, 'hidden')
      const whole = run(makeTasks(1, hidden), {}, seen)
      // As if the worker had another disk there.
      while (!existsSync(hidden) || readdirSync(hidden).length === 0) await setTimeout(5)
      rmSync(hidden, { recursive: true })
      startWorker({ url: redis.url })
      await whole
      expect(seen.rows).toMatchObject([
        {
          status: 'failed',
          error: {
            code: 'RSTSCOPE_UNREADABLE',
            message: `the worker worker does not see the folder of the results: ${hidden}`,
          },
        },
      ])
    })

    test('without its password, or with a wrong one, nothing begins, and none is told', async () => {
      const { port } = redis
      const without = checkQueue(queueAddress(`redis://127.0.0.1:${port}`))
      await expect(without).rejects.toMatchObject({
        code: 'RSTSCOPE_UNREADABLE',
        message: expect.stringContaining('NOAUTH'),
        hint: expect.stringContaining('RSTSCOPE_QUEUE'),
      })
      const error = await checkQueue(queueAddress(`redis://:wrongly@127.0.0.1:${port}`)).catch(
        (thrown) => thrown,
      )
      expect(error.message).toContain(`redis://127.0.0.1:${port}/0`)
      expect(JSON.stringify([error.message, error.hint])).not.toContain('wrongly')
    })

    test('a server that is not there is an error, not a wait', async () => {
      await expect(checkQueue(queueAddress('redis://127.0.0.1:1'))).rejects.toMatchObject({
        code: 'RSTSCOPE_UNREADABLE',
        message: expect.stringContaining('ECONNREFUSED'),
      })
    })

    test('a Redis that is gone keeps neither a run nor a worker that is asked to end', async () => {
      const gone = await startRedis()
      const worker = startWorker({ url: gone.url, graceMs: 100, takesMs: 60_000 })
      const stop = new AbortController()
      const seen = nothingSeen()
      const address = queueAddress(gone.url)
      const whole = run(makeTasks(2), { address, signal: stop.signal }, seen)
      const ended = whole.catch((error) => error)
      while (worker.begun.length === 0) await setTimeout(20)
      await gone.remove()
      await setTimeout(500)
      const began = performance.now()
      stop.abort()
      expect(await ended).toMatchObject({ code: 'RSTSCOPE_INTERRUPTED' })
      expect(await worker.kill('SIGTERM')).toBe(0)
      expect(performance.now() - began).toBeLessThan(15_000)
      expect(seen.notices.join()).toContain('does not answer')
    })

    test.skipIf(OPENSSL === null)(
      'TLS: with the authority it works, without it says so',
      async () => {
        const certificates = makeCertificates(folder)
        const secure = await startRedis({ tls: certificates })
        try {
          const ca = certificates.authority
          startWorker({ url: secure.url, ca })
          const { rows } = await run(makeTasks(4), { address: queueAddress(secure.url, { ca }) })
          expect(rows).toHaveLength(4)
          await expect(checkQueue(queueAddress(secure.url))).rejects.toMatchObject({
            hint: expect.stringContaining('--queue-ca'),
          })
          const plain = secure.url.replace('rediss:', 'redis:')
          const error = await checkQueue(queueAddress(plain)).catch((thrown) => thrown)
          expect(error.hint).toContain('rediss://')
          expect(error.message).not.toContain(PASSWORD)
        } finally {
          await killWorkers()
          await secure.remove()
        }
      },
    )
  },
)
