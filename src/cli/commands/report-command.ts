import type { ReportStream } from '../../model/report.ts'
import type { Engine, EngineOptions } from '../engine.ts'
import { checkEvidence, isEvidence, writeEvidence } from '../evidence-files.ts'
import { FORMATS, type Format } from '../formats.ts'
import type { Host } from '../host.ts'
import type { OptionValues } from '../options.ts'
import { type OutputFile, openOutputs } from '../output-files.ts'
import { startProgress } from '../progress.ts'
import { redactionOf } from '../redact-option.ts'
import { exitCode } from '../report-exit-code.ts'
import { textOptions } from '../terminal-style.ts'
import { writeText } from '../write-text.ts'
import { checkTogether, engineOptions } from './run-options.ts'

type MakeReport = (engine: Engine, options: EngineOptions) => Promise<ReportStream>

/** What `compare` and `analyze` share: read captures, write the files, print the answer, tell the exit code. */
export async function reportCommand(
  values: OptionValues,
  captures: string[],
  host: Host,
  make: MakeReport,
): Promise<number> {
  const inputs = [...captures, ...(values.accessLog ?? [])]
  checkTogether(values, inputs, host)
  const readFrom = [...inputs, ...(values.kubernetes ?? [])]
  const evidence = (values.out ?? []).filter(isEvidence)
  await checkEvidence(evidence, captures, readFrom)
  const outputs = (values.out ?? []).filter((path) => !isEvidence(path))
  const files = await openOutputs(outputs, readFrom)
  const progress = startProgress(values.quiet ? 'none' : values.progress, host)
  const printed: Format = values.json ? 'json' : values.format
  const formats = [...files.map((file) => file.format), printed]
  const needsHashes = evidence.length > 0 || formats.some((format) => FORMATS[format].hashes)
  const started = host.now()
  try {
    const engine = await host.loadEngine()
    const found = await make(engine, engineOptions(values, needsHashes, host, progress))
    progress.stop()
    const redaction = await redactionOf(found, values, engine, host)
    const stream = redaction?.stream(found) ?? found
    if (values.verbose) sayWhatWasRead(stream, host, host.now() - started)
    const code = exitCode(stream, values.failOn)
    await deliver(stream, values, files, host)
    await writeEvidence(evidence, found, engine, values, host, redaction)
    found.close?.()
    return code
  } catch (error) {
    progress.stop()
    await Promise.all(files.map((file) => file.discard()))
    throw error
  }
}

/** Writes the files, prints the answer, and says where the files are. */
export async function deliver(
  stream: ReportStream,
  values: OptionValues,
  files: OutputFile[],
  host: Host,
): Promise<void> {
  for (const file of files) {
    const style = { color: false, ascii: values.ascii ?? false, width: values.width ?? 100 }
    await file.write(await render(stream, file.format, values, style), host.signal)
  }
  if (!values.quiet || values.out?.includes('-')) {
    const style = textOptions(values, host)
    const format: Format = values.json ? 'json' : values.format
    await writeText(host.stdout, await render(stream, format, values, style), host.signal)
  }
  if (values.quiet || files.length === 0) return
  const { escapeText } = await import('../../reports/text-escape.ts')
  for (const file of files) host.stderr.write(`Wrote ${escapeText(file.path)}\n`)
}

async function render(
  stream: ReportStream,
  format: Format,
  values: OptionValues,
  style: { color: boolean; ascii: boolean; width: number },
): Promise<Iterable<string>> {
  const renderer = await FORMATS[format].load()
  const { all = false, time, template } = values
  return renderer(stream, { ...style, all, time, template })
}

function sayWhatWasRead(stream: ReportStream, host: Host, milliseconds: number): void {
  for (const { id, format, compression, packets, tcpPackets } of stream.head.captures) {
    const packed = compression ? `, ${compression}` : ''
    host.stderr.write(
      `rstscope: ${id}: ${format}${packed}, ${packets} packets, ${tcpPackets} of them TCP\n`,
    )
  }
  for (const { source, format, lines, joined } of stream.head.accessLogs ?? []) {
    host.stderr.write(
      `rstscope: ${source}: access log (${format ?? 'unknown'}), ${lines} lines, ${joined} of them joined\n`,
    )
  }
  host.stderr.write(
    `rstscope: ${stream.head.summary.connections} connections in ${(milliseconds / 1000).toFixed(2)} s\n`,
  )
}
