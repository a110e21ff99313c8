import { RstscopeError } from '../../errors.ts'

/** BullMQ, which is installed only where there is a queue. */
export async function loadBullmq(): Promise<typeof import('bullmq')> {
  return installed(() => import('bullmq'))
}

/** The client of Redis that BullMQ uses. */
export async function loadRedis(): Promise<typeof import('ioredis').Redis> {
  const { Redis } = await installed(() => import('ioredis'))
  return Redis
}

async function installed<Package>(load: () => Promise<Package>): Promise<Package> {
  try {
    return await load()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      'a queue needs two packages that are not installed: bullmq and ioredis',
      'npm install bullmq@6 ioredis@6',
      { cause: error },
    )
  }
}
