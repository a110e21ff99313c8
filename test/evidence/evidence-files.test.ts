import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Report } from '../../src/index.ts'
import { root } from '../source-files.ts'
import { runSource } from '../support/run-source.ts'

const folder = mkdtempSync(join(tmpdir(), 'rstscope-evidence-'))
afterAll(() => rmSync(folder, { recursive: true }))
const sample = (name: string) => join(root, 'samples', 'upstream-kill', name)
const CAPTURES = [sample('client.pcap'), sample('upstream.pcap')]
const hasTshark = spawnSync('tshark', ['--version']).status === 0

describe('--out evidence.pcapng', () => {
  const path = join(folder, 'e.pcapng')

  it.skipIf(!hasTshark)(
    'opens in tshark, with the sentences of the report as comments',
    async () => {
      const { code, err, out } = await runSource(['compare', ...CAPTURES, '--json', '--out', path])
      expect([code, err]).toEqual([
        0,
        expect.stringMatching(
          /^Wrote .*e\.pcapng\nrstscope: evidence: \d+ packets of \d+ connections, headers only\n$/,
        ),
      ])
      const { verdict }: Report = JSON.parse(out)
      const fields = ['frame.interface_name', 'frame.comment', 'frame.time_epoch']
      const { stdout, stderr } = spawnSync(
        'tshark',
        ['-r', path, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])],
        { encoding: 'utf8' },
      )
      expect(stderr.replace(/^Running as user.*\n/gm, '')).toBe('')
      const rows = stdout
        .trimEnd()
        .split('\n')
        .map((row) => row.split('\t'))
      expect(new Set(rows.map(([name]) => name))).toEqual(new Set(['client', 'upstream']))
      for (const { capture, frame, text } of verdict.because) {
        const cited = rows.filter(([, comment]) =>
          comment?.includes(`${text} (${capture} frame ${frame})`),
        )
        expect(cited.map(([name]) => name)).toEqual([capture])
        expect(cited[0]![1]).toMatch(/^rstscope: /)
      }
      const info = execFileSync('capinfos', ['-k', path], { encoding: 'utf8' })
      expect(info).toContain(verdict.headline)
      for (const capture of CAPTURES) {
        expect(info).toContain(createHash('sha256').update(readFileSync(capture)).digest('hex'))
      }
    },
  )

  it('% stands for each capture', async () => {
    const { code } = await runSource([
      'compare',
      ...CAPTURES,
      '--out',
      join(folder, 'x.%.pcapng'),
      '--quiet',
    ])
    expect(code).toBe(0)
    const names = readdirSync(folder).filter((name) => name.startsWith('x.'))
    expect(names.sort()).toEqual(['x.client.pcapng', 'x.upstream.pcapng'])
  })

  it('of one capture, gives the verdict again', async () => {
    const one = join(folder, 'one.pcapng')
    const first = await runSource(['analyze', CAPTURES[0]!, '--json', '--out', one])
    const second = await runSource(['analyze', one, '--json'])
    const verdictOf = (out: string) => (JSON.parse(out) as Report).verdict
    expect(verdictOf(second.out).by).toBe(verdictOf(first.out).by)
    expect(verdictOf(second.out).cause).toEqual(verdictOf(first.out).cause)
  })

  it('--with-payload keeps whole packets', async () => {
    const whole = join(folder, 'whole.pcapng')
    await runSource(['compare', ...CAPTURES, '--out', path, '--quiet'])
    await runSource(['compare', ...CAPTURES, '--out', whole, '--with-payload', '--quiet'])
    expect(readFileSync(whole).length).toBeGreaterThan(readFileSync(path).length)
  })
})

describe('what cannot be', () => {
  const refused = async (argv: string[]) => {
    const { code, err } = await runSource(argv)
    expect(code).toBe(2)
    return err
  }

  it('a pipe cannot be read again', async () => {
    const err = await refused(['analyze', '-', '--out', join(folder, 'p.pcapng')])
    expect(err).toMatch(/standard input can be read only once\n {2}try: save the capture/)
  })

  it('an input is not written over', async () => {
    const copy = join(folder, 'in.pcapng')
    copyFileSync(CAPTURES[0]!, copy)
    expect(await refused(['analyze', copy, '--out', copy])).toContain('is one of the inputs')
    expect(readFileSync(copy)).toEqual(readFileSync(CAPTURES[0]!))
  })

  it('nor one that % leads to', async () => {
    const own = join(folder, 'in.capture.pcapng')
    copyFileSync(CAPTURES[0]!, own)
    expect(await refused(['analyze', own, '--out', join(folder, 'in.%.pcapng')])).toContain(
      'is one of the inputs',
    )
    expect(readFileSync(own)).toEqual(readFileSync(CAPTURES[0]!))
  })

  it('a folder that is not there is told before captures are read', async () => {
    const err = await refused(['analyze', join(folder, 'none.pcap'), '--out', '/nowhere/e.pcapng'])
    expect(err).toContain('cannot write /nowhere/e.pcapng: ENOENT')
  })

  it('--with-payload without evidence is refused', async () => {
    expect(await refused(['compare', ...CAPTURES, '--with-payload'])).toContain('evidence')
  })

  it('a capture that grew meanwhile is not what the report is about', async () => {
    const { analyzeStream, collectEvidence } = await import('../../src/index.ts')
    const live = join(folder, 'live.pcap')
    const bytes = readFileSync(CAPTURES[0]!)
    writeFileSync(live, bytes)
    const stream = await analyzeStream(live, { jobs: 1 })
    writeFileSync(live, Buffer.concat([bytes, bytes.subarray(24)]))
    await expect(collectEvidence(stream)).rejects.toThrow('has changed since it was read')
  })
})
