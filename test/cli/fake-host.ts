import { Writable } from 'node:stream'
import type { EngineOptions } from '../../src/cli/engine.ts'
import type { Host } from '../../src/cli/host.ts'
import { run } from '../../src/cli/run.ts'
import type { Report } from '../../src/model/report.ts'
import { Redaction } from '../../src/redact/redaction.ts'
import { streamOf } from '../../src/reports/stream-of.ts'
import { selectReport } from '../../src/select-report.ts'
import { analyzeReport, compareReport } from '../reports/report-fixtures.ts'

export interface Outcome {
  code: number
  out: string
  err: string
  /** What the engine was asked for; empty where it was not reached. */
  asked: { inputs: unknown; options: EngineOptions }[]
}

export interface Surroundings {
  report?: Report
  env?: Record<string, string>
  isTerminal?: boolean
  columns?: number
  signal?: AbortSignal
  engineError?: unknown
}

class Collected extends Writable {
  text = ''
  isTTY = false
  columns = 0
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

/** Runs a command line with an engine that answers with a report written by hand. */
export async function runFake(argv: string[], around: Surroundings = {}): Promise<Outcome> {
  const stdout = new Collected()
  const stderr = new Collected()
  stdout.isTTY = around.isTerminal ?? false
  stdout.columns = around.columns ?? 0
  const asked: Outcome['asked'] = []
  const answer = (report: Report) => async (inputs: unknown, options: EngineOptions) => {
    asked.push({ inputs, options })
    if (around.engineError !== undefined) throw around.engineError
    return streamOf(around.report ?? report)
  }
  const host: Host = {
    stdout,
    stderr,
    stdinIsTerminal: around.isTerminal ?? false,
    env: { LANG: 'C.UTF-8', ...around.env },
    platform: 'linux',
    signal: around.signal ?? new AbortController().signal,
    now: () => 0,
    loadEngine: async () => ({
      analyzeStream: answer(analyzeReport()),
      compareStream: answer(compareReport()),
      watch: () => {
        throw new Error('reports written by hand are not watched')
      },
      selectReport: async (report, connections) => selectReport(report, connections),
      redactionOf: async (stream, key) => new Redaction(stream, key),
      collectEvidence: async () => {
        throw new Error('reports written by hand have no packets')
      },
    }),
  }
  const code = await run(argv, host)
  return { code, out: stdout.text, err: stderr.text, asked }
}
