import type { ReportStream } from '../model/report.ts'
import type { Engine, Redaction } from './engine.ts'
import type { Host } from './host.ts'
import type { OptionValues } from './options.ts'

const RANDOM_KEY_BYTES = 18

/** What `--redact` asks for; undefined without it. A key that was made up is told, so that the run can be repeated. */
export async function redactionOf(
  stream: ReportStream,
  values: OptionValues,
  engine: Engine,
  host: Host,
): Promise<Redaction | undefined> {
  if (!values.redact) return undefined
  const { randomBytes } = await import('node:crypto')
  const made =
    values.redactKey === undefined ? randomBytes(RANDOM_KEY_BYTES).toString('base64url') : null
  if (made !== null && !values.quiet) {
    host.stderr.write(
      `rstscope: redacted; the same pseudonyms again: --redact-key=${made} (a secret: who has it can undo them)\n`,
    )
  }
  return engine.redactionOf(stream, values.redactKey ?? made!)
}
