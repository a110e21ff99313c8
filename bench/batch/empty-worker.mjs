// A worker that answers at once, with a row of usual size: what is left is what the queue costs.
import { queueAddress } from '../../dist/src/batch/queue/connection.js'
import { serveQueue } from '../../dist/src/batch/queue/queue-worker.js'
import { failedRow } from '../../dist/src/batch/row-of.js'

const ROW_BYTES = 3000
const [url, jobs] = process.argv.slice(2)
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
process.stdout.write('ready\n')
await serveQueue({
  address: queueAddress(url),
  name: 'empty',
  jobs: Number(jobs),
  signal: stop.signal,
  onRow() {},
  onNotice: (text) => process.stderr.write(`${text}\n`),
  run: async (task) => ({
    ...failedRow(task, {
      code: 'RSTSCOPE_NOT_A_CAPTURE',
      message: 'x'.repeat(ROW_BYTES),
      hint: null,
    }),
  }),
})
