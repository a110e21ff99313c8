import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../../source-files.ts'
import { BUILT_COMMAND, ensureBuilt } from '../../support/built.ts'
import { PASSWORD, REDIS_SERVER, type RedisServer, startRedis } from '../../support/redis-server.ts'

let redis: RedisServer
const folder = mkdtempSync(join(tmpdir(), 'rstscope-command-'))

beforeAll(async () => {
  ensureBuilt()
  if (REDIS_SERVER !== null) redis = await startRedis()
})
afterAll(async () => {
  await redis?.remove()
  rmSync(folder, { recursive: true, force: true })
})

interface Run {
  child: ChildProcess
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>
}

function rstscope(argv: string[], env: Record<string, string> = {}, cwd = root): Run {
  const child = spawn(process.execPath, [BUILT_COMMAND, ...argv], {
    cwd,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout!.on('data', (chunk: Buffer) => {
    stdout += chunk
  })
  child.stderr!.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
  return { child, ended }
}

const index = (name: string) => readFileSync(join(folder, name, 'index.ndjson'), 'utf8')
const files = (name: string) => readdirSync(join(folder, name), { recursive: true }).sort()

describe.skipIf(REDIS_SERVER === null)(
  `batch and worker${REDIS_SERVER ? '' : ' (no redis-server here)'}`,
  { timeout: 120_000 },
  () => {
    test('a batch through the queue is the batch of one machine, byte by byte', async () => {
      const samples = ['keepalive-race', 'idle-timeout', 'middlebox-reset-both'].map(
        // Relative: the worker is started somewhere else.
        (name) => join('samples', name),
      )
      const broken = join(folder, 'broken.pcap')
      writeFileSync(broken, 'no capture')
      const argv = ['batch', ...samples, broken, '--report', 'json', '--quiet', '--results']
      const here = await rstscope([...argv, join(folder, 'here')]).ended

      const password = join(folder, 'password')
      writeFileSync(password, `${PASSWORD}\n`)
      const env = {
        RSTSCOPE_QUEUE: `redis://127.0.0.1:${redis.port}`,
        RSTSCOPE_QUEUE_PASSWORD_FILE: password,
      }
      const worker = rstscope(['worker', '--jobs', '2', '--grace', '5'], env, folder)
      const there = await rstscope([...argv, join(folder, 'there')], env).ended
      worker.child.kill('SIGTERM')
      const { code, stderr } = await worker.ended

      // The batch may look for workers before this one is there; then it says so.
      expect(there.stderr).toMatch(/^(rstscope: no worker of [^\n]*; the samples wait\n)?$/)
      expect({ ...there, stderr: '' }).toEqual(here)
      expect(there.code).toBe(3)
      // But for where the captures are: a worker was not told in which folder they were named.
      const named = '{"client":["samples/'
      const resolved = index('here').replaceAll(named, `{"client":["${root}samples/`)
      const both = resolved.replaceAll('"upstream":["samples/', `"upstream":["${root}samples/`)
      expect(index('there')).toBe(both)
      expect(files('there')).toEqual(files('here'))
      expect(code).toBe(0)
      expect(stderr).toMatch(
        /^rstscope: takes samples from redis:\/\/127\.0\.0\.1:\d+\/0, 2 at a time\n/,
      )
      expect(stderr).toContain('samples/keepalive-race: done, 168 packets')
      expect(stderr).not.toContain(PASSWORD)
    })

    test('interrupted it keeps what is done; with --resume and the same name it goes on', async () => {
      const argv = ['batch', 'samples/keepalive-race', 'samples/idle-timeout', '--report', 'none']
      const results = join(folder, 'resumed')
      argv.push('--results', results, '--queue', redis.url, '--run-id', 'mine')
      const first = rstscope(argv)
      await new Promise<void>((resolve) => {
        first.child.stderr!.on('data', (chunk: Buffer) => {
          if (/no worker of rstscope/.test(chunk.toString())) resolve()
        })
      })
      first.child.kill('SIGINT')
      const interrupted = await first.ended
      expect(interrupted.code).toBe(130)
      expect(interrupted.stderr).toContain('0 of 2 samples are done and kept')
      expect(interrupted.stderr).not.toContain(encodeURIComponent(PASSWORD))

      const worker = rstscope(['worker', '--quiet', '--queue', redis.url])
      const second = await rstscope([...argv, '--resume']).ended
      worker.child.kill('SIGTERM')
      expect((await worker.ended).code).toBe(0)
      expect(second.code).toBe(0)
      expect(index('resumed').trim().split('\n')).toHaveLength(2)
    })
  },
)

test('slices of the same list are all of it', async () => {
  const names = ['idle-timeout', 'keepalive-race', 'lossy-path', 'still-open', 'upstream-kill']
  const paths = names.map((name) => `samples/${name}`)
  const list = async (shard: string, env = {}) => {
    const { stdout } = await rstscope(
      ['batch', ...paths, '--format', 'ndjson', '--progress', 'none', '--shard', shard],
      env,
    ).ended
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).sample as string)
  }
  const slices = await Promise.all([list('1/2'), list('job/2', { JOB_COMPLETION_INDEX: '1' })])
  expect(Math.min(...slices.map(({ length }) => length))).toBeGreaterThan(0)
  expect(slices.flat().sort()).toEqual(names)
})

test('what is typed wrongly is said before anything begins', async () => {
  const refused = async (...argv: string[]) => {
    const { code, stderr } = await rstscope(argv).ended
    expect(code).toBe(2)
    return stderr
  }
  expect(await refused('worker')).toContain('worker needs --queue')
  expect(await refused('worker', 'a.pcap', '--queue', 'redis://h')).toContain('from the queue')
  expect(await refused('batch', 'samples', '--run-id', 'x')).toContain('--run-id is given without')
  expect(await refused('batch', 'samples', '--shard', '3/2')).toContain('no slice 3 of 2')
  const secret = await refused('batch', 'samples', '--queue', 'redis://:s3cret@h/words')
  expect(secret).not.toContain('s3cret')
})
