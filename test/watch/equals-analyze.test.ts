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
    const causes = (list: Connection[]) => list.map((c) => `${keyOf(c)} ${c.causes[0]?.id}`).sort()
    if (causes(watched).join() !== causes(report.connections).join())
      console.log(
        name,
        causes(watched).filter((c) => !causes(report.connections).includes(c)),
        causes(report.connections).filter((c) => !causes(watched).includes(c)),
      )
  })
})
