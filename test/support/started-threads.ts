import type { Worker } from 'node:worker_threads'

/** Runs something and says how many worker threads it started; they must all have ended a moment later. */
export async function startedThreads(run: () => Promise<unknown>): Promise<number> {
  const exits: Array<Promise<unknown>> = []
  const onWorker = (worker: Worker) => {
    exits.push(new Promise((resolve) => worker.once('exit', resolve)))
  }
  process.on('worker', onWorker)
  try {
    await run()
    // Node tells of a new worker when everything that is ready to run has run.
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('worker', onWorker)
  }
  await Promise.all(exits)
  return exits.length
}
