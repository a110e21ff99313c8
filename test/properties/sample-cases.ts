import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const laboratory = join(root, '..', 'shared', 'lab-captures')

/** Whether captures that are no part of this repository are at hand. */
export const hasLaboratory = existsSync(laboratory)

export interface SampleCase {
  name: string
  client: string
  upstream: string
  /** Access logs and Kubernetes lists that were taken with it. */
  logs: string[]
  lists: string[]
  truth: unknown
}

/** The flags by which they are given. */
export function besideFlags({ logs, lists }: { logs: string[]; lists: string[] }): string[] {
  return [
    ...logs.flatMap((path) => ['--access-log', path]),
    ...lists.flatMap((path) => ['--kubernetes', path]),
  ]
}

/** Every folder of captures with a truth.json: the project's samples, and a few laboratory ones where present. */
export function sampleCases(): SampleCase[] {
  const few = /^S(01|06|10|11|13c|24|25|27|28a|31)-/
  return [
    ...casesIn(join(root, 'samples'), () => true),
    ...casesIn(laboratory, (name) => few.test(name)),
  ]
}

/** Paths of the project's own sample captures. */
export function sampleFiles(): string[] {
  const cases = casesIn(join(root, 'samples'), () => true)
  return cases.flatMap((c) => [c.client, c.upstream])
}

function casesIn(folder: string, isWanted: (name: string) => boolean): SampleCase[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .filter((name) => isWanted(name) && existsSync(join(folder, name, 'truth.json')))
    .map((name) => {
      const truth = JSON.parse(readFileSync(join(folder, name, 'truth.json'), 'utf8'))
      const file = (side: 'client' | 'upstream') => join(folder, name, truth.captures[side].file)
      const beside = readdirSync(join(folder, name)).sort()
      const paths = (wanted: RegExp) =>
        beside.filter((file) => wanted.test(file)).map((file) => join(folder, name, file))
      return {
        name,
        client: file('client'),
        upstream: file('upstream'),
        logs: paths(/^access.*\.log$/),
        lists: paths(/^kubernetes\.json$/),
        truth,
      }
    })
}
