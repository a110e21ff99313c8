import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Sample } from '../../src/batch/sample.ts'
import type { SampleTask } from '../../src/batch/sample-task.ts'
import { root } from '../source-files.ts'

/** A file of a shipped sample. */
export function samplePath(name: string, file: string): string {
  return join(root, 'samples', name, file)
}

/** Both sides of a shipped sample, whatever their format. */
export function pairOf(name: string, id = name): Sample {
  const files = readdirSync(samplePath(name, '.'))
  const fileOf = (side: string) =>
    samplePath(name, files.find((file) => file.startsWith(`${side}.pcap`))!)
  const client = fileOf('client')
  const upstream = fileOf('upstream')
  return {
    id,
    captures: { client: [client], upstream: [upstream] },
    accessLogs: [],
    kubernetes: [],
    bytes: statSync(client).size + statSync(upstream).size,
    basis: 'client and upstream in their names',
  }
}

/** One capture alone. */
export function aloneOf(id: string, path: string): Sample {
  return {
    id,
    captures: { capture: [path] },
    accessLogs: [],
    kubernetes: [],
    bytes: null,
    basis: 'alone',
  }
}

/** What would be asked of a sample without further flags. */
export function taskOf(sample: Sample, more: Partial<SampleTask> = {}): SampleTask {
  return {
    sample,
    key: `key of ${sample.id}`,
    options: {
      accessLogs: [],
      kubernetes: [],
      render: { all: false, time: 'utc', width: 100, ascii: false },
      redactKey: null,
    },
    jobs: 1,
    results: null,
    reports: [],
    rows: null,
    ...more,
  }
}
