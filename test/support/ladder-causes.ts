import { vi } from 'vitest'
import { compare, type Report } from '../../src/index.ts'
import { background, captures, type LadderOptions, play } from './ladder.ts'

vi.mock('../../src/version.ts', () => ({ VERSION: '0.0.0' }))

/** One connection of a story: when it starts (seconds) and its ladder; the client's port counts up from 41001. */
export type Part = [at: number, ladder: string, options?: LadderOptions]

/** Two captures of all parts, with other traffic that shows both taps running. */
export async function reportOf(parts: readonly Part[]): Promise<Report> {
  const played = parts.map(([at, ladder, options], i) =>
    play(ladder, {
      client: `10.1.0.2:${41001 + i}`,
      isn: { client: 0x1c3a5e70 + i * 0x1000193, upstream: 0x71c4a9d2 + i * 0x1000193 },
      ...options,
      at,
    }),
  )
  const other = background(0.5, 300, { upstream: '10.2.0.99:9999' })
  return compare(captures(...played, other), { jobs: 1 })
}

/** `id confidence` of the causes of each part. */
export async function causesOfParts(parts: readonly Part[]): Promise<string[][]> {
  const report = await reportOf(parts)
  return parts.map((_, i) => {
    const connection = report.connections.find(({ client }) => client.port === 41001 + i)
    return connection!.causes.map(({ id, confidence }) => `${id} ${confidence}`)
  })
}
