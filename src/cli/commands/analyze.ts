import { RstscopeError } from '../../errors.ts'
import type { Host } from '../host.ts'
import type { OptionValues } from '../options.ts'
import { reportCommand } from './report-command.ts'

/** `rstscope analyze`: one capture, or the files of one rotated set. */
export async function analyzeCommand(
  captures: string[],
  values: OptionValues,
  host: Host,
): Promise<number> {
  if (captures.length === 0) {
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      'analyze takes a capture, none given',
      'rstscope analyze CAPTURE, or - for standard input',
    )
  }
  return reportCommand(values, captures, host, (engine, options) =>
    engine.analyzeStream(captures, options),
  )
}
