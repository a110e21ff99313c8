import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { analyze, redact } from '../../src/index.ts'
import { root } from '../source-files.ts'
import { runSource } from '../support/run-source.ts'

const files = ['client.pcap', 'upstream.pcap'].map((name) =>
  join(root, 'samples', 'upstream-kill', name),
)

test('without a key one is made up and told, and gives the same again', async () => {
  const first = await runSource(['compare', ...files, '--redact'])
  const key = /--redact-key=(\S{24}) \(a secret/.exec(first.err)?.[1]
  expect(key).toBeDefined()
  const again = await runSource(['compare', ...files, '--redact', `--redact-key=${key}`])
  expect(again).toEqual({ code: 0, out: first.out, err: '' })
  const other = await runSource(['compare', ...files, '--redact'])
  expect(other.out).not.toBe(first.out)
})

test('a saved report is redacted by render as it would have been at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rstscope-redact-'))
  const path = join(folder, 'report.json')
  const key = ['--redact', '--redact-key', 'k']
  await runSource(['compare', ...files, '--out', path, '--quiet'])
  const later = await runSource(['render', path, '--json', ...key])
  const atOnce = await runSource(['compare', ...files, '--json', ...key])
  rmSync(folder, { recursive: true })
  expect(later).toEqual(atOnce)
})

test('payload and redaction contradict each other', async () => {
  const { code, err } = await runSource([
    'compare',
    ...files,
    '--redact',
    '--with-payload',
    '--out',
    'e.pcapng',
  ])
  expect(code).toBe(2)
  expect(err).toContain('--with-payload and --redact cannot both be meant')
})

test('a report value is redacted like its renderings', async () => {
  const report = await analyze(files[0]!, { jobs: 1 })
  const hidden = redact(report, { key: 'k' })
  const { out } = await runSource(['analyze', files[0]!, '--json', '--redact', '--redact-key', 'k'])
  expect(JSON.parse(out).connections).toEqual(hidden.connections)
  expect(hidden.connections[0]!.client.address).not.toBe(report.connections[0]!.client.address)
  expect(hidden.connections[0]!.client.port).toBe(report.connections[0]!.client.port)
})

test('names of unusual shape in a report do not survive, wherever they are told', async () => {
  const report = await analyze(files[0]!, { jobs: 1 })
  const [connection] = report.connections
  connection!.workload = {
    client: null,
    upstream: {
      ...{
        kind: 'pod',
        namespace: 'acme-bank',
        name: 'client',
        podName: 'ledger-0',
        container: 'ledger',
      },
      ...{
        port: 'ledger-api',
        node: 'ip-10-1-2-3.eu.acme.example',
        service: 'acme-bank/ledger',
        owner: 'StatefulSet/ledger',
      },
      ...{ sidecar: 'none', since: null, until: null, basis: 'pod IP' },
    },
  }
  report.verdict.headline =
    'UPSTREAM reset first: acme-bank/ledger-0 (ledger.acme-bank.svc.cluster.local), asked by www.acme.example'
  const text = JSON.stringify(redact(report, { key: 'k' }))
  expect(text).not.toMatch(/acme|ledger/)
  // The role is a word of the report; the pod that is called so is not.
  expect(text).toContain('"client":{"address"')
})
