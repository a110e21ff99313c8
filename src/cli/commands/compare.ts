import { RstscopeError } from '../../errors.ts'
import type { Host } from '../host.ts'
import type { OptionValues } from '../options.ts'
import { reportCommand } from './report-command.ts'

const FORMS =
  'rstscope compare CLIENT UPSTREAM, or rstscope compare --client FILE… --upstream FILE…'

/** `rstscope compare`: two captures, one answer. */
export function compareCommand(
  positionals: string[],
  values: OptionValues,
  host: Host,
): Promise<number> {
  const inputs = twoSides(positionals, values)
  return reportCommand(values, [...inputs.client, ...inputs.upstream], host, (engine, options) =>
    engine.compareStream(inputs, options),
  )
}

function twoSides(
  positionals: string[],
  values: OptionValues,
): { client: string[]; upstream: string[] } {
  const fail = (message: string): never => {
    throw new RstscopeError('RSTSCOPE_USAGE', message, FORMS)
  }
  const { client, upstream } = values
  if (client || upstream) {
    if (positionals.length > 0) {
      fail(`${positionals[0]} is given beside --client or --upstream: of which side is it?`)
    }
    if (!client) fail('--upstream is given without --client')
    if (!upstream) fail('--client is given without --upstream')
    return { client: client!, upstream: upstream! }
  }
  const [first, second] = positionals
  if (first === undefined || second === undefined || positionals.length > 2) {
    return fail(`compare takes two captures, ${positionals.length} given`)
  }
  return { client: [first], upstream: [second] }
}
