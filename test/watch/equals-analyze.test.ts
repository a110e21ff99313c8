import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { analyze } from '../../src/index.ts'
import type { Connection } from '../../src/model/report.ts'
import { root } from '../source-files.ts'
import { lastTold, playLive } from './play.ts'

// The version is read beside the built files, which are one folder deeper than the source.
vi.mock('../../src/version.ts', () => ({ VERSION: '0.0.0' }))

const samples = join(root, 'samples')
const captures = readdirSync(samples, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'lab')
  .flatMap(({ name }) =>
    readdirSync(join(samples, name))
      .filter((file) => /\.(?:pcap|pcapng|snoop|cap)(?:\.|$)/.test(file))
      .map((file) => `${name}/${file}`),
  )

/** Causes that only what comes later can name: several ends of one kind in a row. */
const NEEDS_WHAT_COMES: Record<string, string[]> = {
  'envoy-descriptor-exhaustion/gateway.pcap': ['descriptor-exhaustion'],
  'envoy-descriptor-exhaustion/upstream.pcap': ['descriptor-exhaustion'],
}

const keyOf = (c: Connection) => c.views.capture!.firstFrame
const endOf = (c: Connection) =>
  `${c.termination}, ${c.detail}; ${c.firstReset?.by} ${c.firstReset?.confidence}`

describe.each(captures)('%s', (name) => {
  test('endings told packet by packet are those of the whole capture', async () => {
    const path = join(samples, name)
    const report = await analyze(path, { hash: false, jobs: 1 })
    if (report.captures.length > 1) return
    const { told } = await playLive(path)
    const watched = [...lastTold(told).values()].map(({ connection }) => connection)
    const lines = (list: Connection[]) => list.map((c) => `${keyOf(c)} ${endOf(c)}`).sort()
    expect(lines(watched)).toEqual(lines(report.connections))
    const causes = (list: Connection[]) =>
      list.map((c) => `${keyOf(c)} ${c.causes[0]?.id ?? 'none'}`).sort()
    const known = causes(watched)
    const beyond = causes(report.connections).filter((cause) => !known.includes(cause))
    expect([...new Set(beyond.map((cause) => cause.split(' ')[1]))]).toEqual(
      NEEDS_WHAT_COMES[name] ?? [],
    )
  })
})
