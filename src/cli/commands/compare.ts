import { RstscopeError } from '../../errors.ts'
import type { Host } from '../host.ts'
import type { OptionValues } from '../options.ts'
import { reportCommand } from './report-command.ts'

const FORMS =
  'rstscope compare CLIENT UPSTREAM, or rstscope compare --client FILE… [--via FILE…] --upstream FILE…'

/** `rstscope compare`: captures of both sides, and of points between; one answer. */
export function compareCommand(
  positionals: string[],
  values: OptionValues,
  host: Host,
): Promise<number> {
  const inputs = sidesOf(positionals, values)
  const { client, via = [], upstream, replicas = [] } = inputs
  const files = [client, ...via, upstream, ...replicas].flat()
  return reportCommand(values, files, host, (engine, options) =>
    engine.compareStream(inputs, options),
  )
}

interface Sides {
  client: string[]
  upstream: string[]
  via?: string[][]
  replicas?: string[][]
}

function sidesOf(positionals: string[], values: OptionValues): Sides {
  const fail = (message: string): never => {
    throw new RstscopeError('RSTSCOPE_USAGE', message, FORMS)
  }
  const { client, upstream, via, hops = [], upstreams = [] } = values
  if (client || upstream) {
    if (positionals.length > 0) {
      fail(`${positionals[0]} is given beside --client or --upstream: of which side is it?`)
    }
    if (!client) fail('--upstream is given without --client')
    if (!upstream) fail('--client is given without --upstream')
    const [first, ...replicas] = upstreams
    return {
      client: client!,
      upstream: first ?? upstream!,
      ...(hops.length > 0 ? { via: hops } : {}),
      ...(replicas.length > 0 ? { replicas } : {}),
    }
  }
  if (via) fail('--via is given without --client and --upstream')
  const [first, second] = positionals
  if (first === undefined || second === undefined || positionals.length > 2) {
    return fail(`compare takes two captures, ${positionals.length} given`)
  }
  return { client: [first], upstream: [second] }
}
