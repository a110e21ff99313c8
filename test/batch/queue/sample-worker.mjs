// A worker process of the tests: analyses the two captures of a sample with the built library, as slowly as it is told.
import { setTimeout } from 'node:timers/promises'
import { queueAddress } from '../../../dist/src/batch/queue/connection.js'
import { serveQueue } from '../../../dist/src/batch/queue/queue-worker.js'
import { compare } from '../../../dist/src/index.js'

const { url, ca, name, jobs, takesMs, stalledAfterMs, graceMs, version, fails } = JSON.parse(
  process.argv[2],
)
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)

await serveQueue({
  address: queueAddress(url, { ca }),
  version,
  name,
  jobs,
  stalledAfterMs,
  graceMs,
  signal: stop.signal,
  onRow: (row) => say({ done: row.sample }),
  onNotice: (text) => say({ notice: text }),
  async run({ sample, key }, { signal, onProgress }) {
    say({ begun: sample.id })
    if (fails === 'defect') throw new Error('defect in rstscope://user:secret@host')
    await setTimeout(takesMs, undefined, { signal })
    const unreadable = { code: 'RSTSCOPE_UNREADABLE', message: 'no such file', hint: null }
    const isRead = fails !== 'unreadable'
    const report = isRead ? await compare(sample.captures, { jobs: 1 }) : null
    onProgress(sample.bytes ?? 1, sample.bytes)
    return {
      schema: 'rstscope.batch/1',
      tool: { name: 'rstscope', version },
      sample: sample.id,
      key,
      status: isRead ? 'done' : 'failed',
      error: isRead ? null : unreadable,
      level: null,
      inputs: { captures: sample.captures, accessLogs: [], kubernetes: [], basis: sample.basis },
      reports: [],
      bytes: sample.bytes,
      packets: report?.captures[0].packets ?? 0,
      firstPacketAt: null,
      lastPacketAt: null,
      verdict: null,
      summary: report?.summary ?? null,
      findings: [],
      limits: [],
      warnings: [],
    }
  },
})
process.exit(0)
