import { parentPort, workerData } from 'node:worker_threads'
import { transferList } from '../connections/read-out.ts'
import { RstscopeError } from '../errors.ts'
import { ArchiveFile } from './archive-file.ts'
import type { ThreadMessage, ThreadTask } from './thread.ts'
import { trackCapture } from './track-capture.ts'

/** The entry of a worker thread: one capture, or one shard of it, from bytes to columns. */
const task = workerData as ThreadTask
const port = parentPort!
const say = (message: ThreadMessage, transfer: ArrayBuffer[] = []) =>
  port.postMessage(message, transfer)

trackCapture(task.input, {
  reader: task.reader,
  maxMemory: task.maxMemory,
  thin: task.thin,
  hash: task.hash,
  place: task.place,
  shard: task.shard,
  shards: task.shards,
  openFile: () => (task.archiveFd === null ? null : new ArchiveFile(task.archiveFd)),
  onProgress: (bytesRead, totalBytes, packets) =>
    say({ kind: 'progress', bytesRead, totalBytes, packets }),
}).then(
  ({ facts, data }) => {
    // The file is the other thread's own.
    const archive = { ...data.archive, file: null }
    say({ kind: 'done', tracked: { facts, data: { ...data, archive } } }, transferList(data))
  },
  (error: unknown) => {
    // Anything that is not ours to explain becomes the thread's error, stack and all.
    if (!(error instanceof RstscopeError)) throw error
    say({ kind: 'failed', code: error.code, message: error.message, hint: error.hint })
  },
)
