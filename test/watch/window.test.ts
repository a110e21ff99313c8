import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { Told, WindowOptions } from '../../src/watch/connection-window.ts'
import { type LadderOptions, play } from '../support/ladder.ts'
import { type WrittenRecord, writePcap } from '../support/write-pcap.ts'
import { playLive } from './play.ts'

// The version is read beside the built files, which are one folder deeper than the source.
vi.mock('../../src/version.ts', () => ({ VERSION: '0.0.0' }))

const folder = mkdtempSync(join(tmpdir(), 'rstscope-window-'))
afterAll(() => rmSync(folder, { recursive: true }))

const REQUEST = `
  c> S
  u> SA
  c> A
  c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
  u> A
`
const ANSWER = `u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
  c> A`
const CLOSE = `c> FA
  u> FA
  c> A`

let files = 0

async function live(records: readonly WrittenRecord[], options: Partial<WindowOptions> = {}) {
  const path = join(folder, `${files++}.pcap`)
  const sorted = [...records].sort((a, b) => Number(a.time - b.time))
  writeFileSync(path, writePcap(sorted, { magic: 'nanosecond' }))
  return playLive(path, options)
}

function words({ connection, before, isOpen }: Told): string {
  const { termination, detail, firstReset } = connection
  const again = before === null ? '' : 'again '
  return `${again}${isOpen ? '(open) ' : ''}${termination}, ${detail}${firstReset ? ` by ${firstReset.by}` : ''}`
}

const tapped = (ladder: string, options: LadderOptions = {}) => play(ladder, options).client

/** Packets of others, one a second, that show the capture going on; their connection stays open. */
function goingOn(from: number, to: number): WrittenRecord[] {
  const beats = Array.from({ length: to - from }, () => 'c> PA 1 +1s\nu> A').join('\n')
  return play(`c> S\nu> SA\nc> A\n${beats}`, {
    client: '10.9.9.9:50999',
    upstream: '10.9.9.8:9999',
    isn: { client: 77_000_000, upstream: 88_000_000 },
    at: from,
  }).client
}

/** What is told of a ladder while the capture goes on for so long, and, behind `at the end:`, when it ends. */
async function told(ladder: string, seconds: number, options: Partial<WindowOptions> = {}) {
  const records = [...tapped(ladder), ...goingOn(0, seconds)]
  const { told, toldBeforeEnd } = await live(records, options)
  return told.flatMap((one, i) => {
    if (one.connection.upstream.port === 9999) return []
    return [`${i < toldBeforeEnd ? '' : 'at the end: '}${words(one)}`]
  })
}

/** Connections of so many clients, one after another; each is left as `ladder` leaves it. */
function crowd(count: number, ladder: string): Uint8Array {
  const records = Array.from({ length: count }, (_, i) =>
    tapped(ladder, {
      client: `10.${i >> 14}.${(i >> 7) & 127}.${1 + (i & 127)}:40000`,
      isn: { client: 1_000_000 + i * 7919, upstream: 2_000_000 + i * 104_729 },
      at: i * 0.01,
    }),
  )
  return writePcap(records.flat().sort((a, b) => Number(a.time - b.time)))
}

describe('what is held is bounded', () => {
  test('what ended is forgotten, and each end is told once all the same', async () => {
    const count = 2000
    const options = { mostRemembered: 200 }
    const { told, window } = await playLive(crowd(count, 'c> S\nu> RA refuse'), options, 100)
    expect(told).toHaveLength(count)
    expect(new Set(told.map(({ connection }) => connection.client.address)).size).toBe(count)
    expect(told.every(({ connection }) => connection.detail === 'refused')).toBe(true)
    expect([window.givenUp, window.held < 700]).toEqual([0, true])
  })

  test('of more open connections than there is room for, the quietest are given up and counted', async () => {
    const count = 2600
    const options = { maxMemory: 2 ** 21, mostRemembered: 100 }
    const { told, window } = await playLive(crowd(count, REQUEST), options, 500)
    expect(window.held).toBeLessThan(2300)
    expect(window.givenUp).toBeGreaterThan(1000)
    // Nobody is lost: told as open at the end, or counted.
    expect(told.length + window.givenUp).toBe(count)
  })
})

describe('when a connection counts as ended', () => {
  test('a RST, as soon as nothing follows it', async () => {
    expect(await told(`${REQUEST} ${ANSWER}\nu> RA`, 3)).toEqual([
      'rst-without-fin, after-complete-response by upstream',
    ])
  })

  test('a FIN of both sides', async () => {
    expect(await told(`${REQUEST} ${ANSWER}\n${CLOSE}`, 3)).toEqual(['fin-close, by-client'])
  })

  test('a FIN of one side only is open, and told at the end', async () => {
    expect(await told(`${REQUEST} ${ANSWER}\nc> FA\nu> A`, 30)).toEqual([
      'at the end: (open) open, half-closed',
    ])
  })

  test('a SYN that nothing answers, once no kernel would repeat it', async () => {
    expect(await told('c> S lost', 20)).toEqual(['handshake-never-completed, no-answer'])
  })

  test('a SYN is waited for as long as the pauses before it promise another', async () => {
    // Linux repeats after 1, 3 and 7 s: four seconds of silence before the last one are no end.
    const answered = 'u> SA\nc> A\nc> RA'
    const slow = `c> S lost\nc> S lost again +1s\nc> S lost again +2s\nc> S again +4s\n${answered}`
    expect(await told(slow, 20)).toEqual(['rst-without-fin, no-data by client'])
  })

  test('silence where an answer is owed, by the time of the capture', async () => {
    const unanswered = [0.3, 0.6, 1.2, 2.4].map((s) => `c> PA 100 lost again +${s}s`).join('\n')
    expect(await told(`${REQUEST} ${ANSWER}\nc> PA 100 lost\n${unanswered}`, 40)).toEqual([
      'open, silent-loss',
    ])
  })

  test('no packet for as long as --idle-after says', async () => {
    const options = { goneAfterNs: 90e9 }
    expect(await told(`${REQUEST} ${ANSWER}`, 100, options)).toEqual(['(open) open, idle'])
    expect(await told(`${REQUEST} ${ANSWER}`, 80, options)).toEqual([
      'at the end: (open) open, idle',
    ])
  })
})

describe('what looks otherwise later is told again', () => {
  test('a RST that ended nothing: the connection goes on', async () => {
    const ignored = `${REQUEST} ${ANSWER}\nu> R\nc> PA 10 +2s\nu> A\nu> PA 10\nc> A`
    expect(await told(ignored, 5)).toEqual([
      'rst-without-fin, after-complete-response by upstream',
      'again (open) open, active',
      'at the end: (open) open, active',
    ])
  })

  test('a RST after a close', async () => {
    expect(await told(`${REQUEST} ${ANSWER}\n${CLOSE}\nu> R +2s`, 5)).toEqual([
      'fin-close, by-client',
      'again fin-close, late-rst',
    ])
  })
})

test('connections that the selection leaves out are neither told nor counted', async () => {
  const records = [...tapped(`${REQUEST} ${ANSWER}\nu> RA`), ...goingOn(0, 3)]
  const { told } = await live(records, { selection: { port: 9999 } })
  expect(told.map(words)).toEqual(['(open) open, active'])
})
