import type { Redis } from 'ioredis'
import { PREFIX, versionOfQueue } from './queue-job.ts'

/** How many workers of each version of rstscope are connected; null where the server does not tell. */
async function workersByVersion(redis: Redis): Promise<Map<string, number> | null> {
  let list: string
  try {
    list = String(await redis.client('LIST'))
  } catch (error) {
    // An account that may not ask for the clients is a right thing to have.
    if (/NOPERM|unknown command/i.test((error as Error).message)) return null
    throw error
  }
  const versions = new Map<string, number>()
  for (const [, queue] of list.matchAll(CLIENT)) {
    const version = versionOfQueue(Buffer.from(queue!, 'base64').toString())
    if (version !== null) versions.set(version, (versions.get(version) ?? 0) + 1)
  }
  return versions
}

/** BullMQ gives the connections of a worker this name. */
const CLIENT = new RegExp(` name=${PREFIX}:([A-Za-z0-9+/=]+):w:`, 'g')

/** A sentence where nobody is there to take the samples of this version; null where somebody is. */
export async function missingWorkers(redis: Redis, version: string): Promise<string | null> {
  const versions = await workersByVersion(redis)
  if (versions === null || versions.has(version)) return null
  const others = [...versions.keys()].sort()
  const there = others.length === 0 ? '' : ` (there are workers of ${others.join(', ')})`
  return `no worker of rstscope ${version} takes samples from the queue${there}; the samples wait`
}
