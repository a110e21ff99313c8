import { parentPort } from 'node:worker_threads'
import type { PoolMessage } from './pool.ts'
import { runSample } from './run-sample.ts'
import type { SampleTask } from './sample-task.ts'

/** The entry of a thread of the pool: one sample after the other. It is ended from outside. */
const port = parentPort!
const say = (message: PoolMessage) => port.postMessage(message)
const signal = new AbortController().signal

port.on('message', (task: SampleTask) => {
  runSample(task, {
    signal,
    onProgress: (bytesRead, totalBytes) => say({ kind: 'progress', bytesRead, totalBytes }),
  }).then(
    (row) => say({ kind: 'done', row }),
    (error: Error) => say({ kind: 'failed', error }),
  )
})
