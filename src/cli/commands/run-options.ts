import { RstscopeError } from '../../errors.ts'
import type { EngineOptions, Selection } from '../engine.ts'
import { isEvidence } from '../evidence-files.ts'
import type { Host } from '../host.ts'
import type { OptionValues } from '../options.ts'
import type { Progress } from '../progress.ts'

/** What the engine is asked for, from what was typed. */
export function engineOptions(
  values: OptionValues,
  needsHashes: boolean,
  host: Host,
  progress: Progress,
): EngineOptions {
  return {
    reader: values.reader,
    // The text does not show them.
    hash: needsHashes,
    signal: host.signal,
    onProgress: (state) => progress.update(state),
    selection: selectionOf(values),
    ...(values.accessLog === undefined
      ? {}
      : { accessLogs: values.accessLog.map((input) => ({ input })) }),
    ...(values.accessLogFormat === undefined ? {} : { accessLogFormat: values.accessLogFormat }),
    ...(values.line === undefined ? {} : { line: values.line }),
    ...(values.jobs === undefined ? {} : { jobs: values.jobs }),
    ...(values.maxMemory === undefined ? {} : { maxMemory: values.maxMemory }),
    ...(values.server === undefined ? {} : { server: values.server }),
    ...(values.at === undefined ? {} : { at: values.at }),
    ...(values.clockOffset === undefined ? {} : { clockOffsetSeconds: values.clockOffset }),
    ...(values.kubernetes === undefined ? {} : { kubernetes: values.kubernetes }),
  }
}

export function selectionOf(values: OptionValues): Selection {
  const selection: Selection = {}
  if (values.host !== undefined) selection.host = values.host
  if (values.port !== undefined) selection.port = values.port
  if (values.connection !== undefined) selection.connection = values.connection
  if (values.since !== undefined) selection.since = values.since
  if (values.until !== undefined) selection.until = values.until
  return selection
}

/** Refuses what cannot be meant together, before anything is opened. */
export function checkTogether(values: OptionValues, inputs: string[], host: Host): void {
  const fail = (message: string, hint: string): never => {
    throw new RstscopeError('RSTSCOPE_USAGE', message, hint)
  }
  if (values.json && values.format !== 'json' && values.format !== 'text') {
    fail(`--json and --format ${values.format} cannot both be meant`, 'leave one of them out')
  }
  if (values.since && values.until && Date.parse(values.since) > Date.parse(values.until)) {
    fail('--since is later than --until', 'exchange the two times')
  }
  const pipes = inputs.filter((path) => path === '-').length
  if (pipes > 1) fail('standard input can be one input only', 'name a file for the other')
  if (values.accessLogFormat !== undefined && !values.accessLog && values.line === undefined) {
    fail('--access-log-format is given without --access-log or --line', 'add --access-log FILE')
  }
  const evidence = values.out?.some(isEvidence) ?? false
  if (values.withPayload && !evidence) {
    fail('--with-payload is about evidence, and none is written', 'add --out evidence.pcapng')
  }
  if (values.withPayload && values.redact) {
    fail(
      '--with-payload and --redact cannot both be meant',
      'payload would tell what --redact hides',
    )
  }
  if (values.redactKey === '') fail('--redact-key is empty', 'leave it out for a random key')
  if (pipes === 1 && host.stdinIsTerminal) {
    fail('- means standard input, and nothing is piped in', 'tcpdump -w - | rstscope analyze -')
  }
}
