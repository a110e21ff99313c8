import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { RstscopeError } from '../../errors.ts'
import { PREFIX } from './queue-job.ts'
import { orAbort, pause, within } from './waiting.ts'

/** As long as this a run stays closed to others after its collector died without a word. */
const HELD_MS = 15_000
const RELEASE_MS = 5000
const IN_HASTE_MS = 500

// Held by us, or by nobody since Redis lost it: still ours. By another: not.
const RENEW = `
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 1`
const RELEASE = `
if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end
return 1`

export interface RunLock {
  /** Aborts when another collector has taken the run. */
  lost: AbortSignal
  /** In haste it is not waited for long: the lock runs out by itself. */
  release(inHaste: boolean): Promise<void>
}

/**
 * Makes this process the only one that collects a run: two would each get a part of the rows. Waits for the lock of a
 * collector that died; rejects where another one is alive.
 */
export async function lockRun(
  redis: Redis,
  run: string,
  signal: AbortSignal,
  onWait: () => void,
  heldMs = HELD_MS,
): Promise<RunLock> {
  const key = `${PREFIX}:collector:${run}`
  const token = randomUUID()
  const take = () => orAbort(redis.set(key, token, 'PX', heldMs, 'NX'), signal)
  for (let waitedMs = 0; (await take()) === null; waitedMs += 1000) {
    if (waitedMs >= heldMs * 1.5) {
      throw new RstscopeError(
        'RSTSCOPE_USAGE',
        `the run ${run} is collected by another process already`,
        'another --run-id makes it a run of its own',
      )
    }
    if (waitedMs === 0) onWait()
    await pause(1000, signal)
  }
  const lost = new AbortController()
  const renew = async () => {
    if ((await redis.eval(RENEW, 1, key, token, heldMs)) === 0) lost.abort()
  }
  const timer = setInterval(() => {
    // A connection that is down repeats the command by itself; one that was closed needs no lock.
    renew().catch(() => {})
  }, heldMs / 3)
  return {
    lost: lost.signal,
    async release(inHaste) {
      clearInterval(timer)
      const released = redis.eval(RELEASE, 1, key, token)
      await within(released, inHaste ? IN_HASTE_MS : RELEASE_MS)
    },
  }
}
