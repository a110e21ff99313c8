import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LogInput, readLog } from '../../../src/context/access-log/open-log.ts'
import { LineSplitter, MOST_LINE_BYTES } from '../../../src/context/access-log/split-lines.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function split(chunks: Uint8Array[]) {
  const lines: [number, string][] = []
  const splitter = new LineSplitter()
  const onLine = (text: string, number: number) => lines.push([number, text])
  for (const chunk of chunks) splitter.push(chunk, onLine)
  splitter.end(onLine)
  return { lines, splitter }
}

describe('lines', () => {
  it('are numbered from 1, blank ones counted and left out, the last one without its end', () => {
    expect(split([bytes('a\r\n\n  \nb\nc')]).lines).toEqual([
      [1, 'a'],
      [4, 'b'],
      [5, 'c'],
    ])
  })

  it('do not depend on where chunks are cut', () => {
    const text = 'first\nsecond ü€😀\r\n\nthird'
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 8 }), (cuts) => {
        const all = bytes(text)
        const at = [0, ...cuts.map((cut) => Math.min(cut, all.length)), all.length].sort(
          (a, b) => a - b,
        )
        const chunks = at.slice(1).map((end, i) => all.slice(at[i]!, end))
        expect(split(chunks).lines).toEqual(split([all]).lines)
      }),
    )
  })

  it('that are too long are counted and skipped, however they come', () => {
    const long = 'x'.repeat(MOST_LINE_BYTES + 1)
    const whole = bytes(`a\n${long}\nb\n${long}`)
    const pieces = Array.from({ length: Math.ceil(whole.length / 65_536) }, (_, i) =>
      whole.slice(i * 65_536, (i + 1) * 65_536),
    )
    for (const chunks of [[whole], pieces]) {
      const { lines, splitter } = split(chunks)
      expect(lines).toEqual([
        [1, 'a'],
        [3, 'b'],
      ])
      expect([splitter.tooLong, splitter.firstTooLong, splitter.number]).toEqual([2, 2, 4])
    }
  })

  it('may be UTF-16, as PowerShell writes them', () => {
    const text = '\ufeffone\r\ntwo\r\n'
    const wide = new Uint8Array(Uint16Array.from(text, (c) => c.charCodeAt(0)).buffer)
    expect(split([wide.slice(0, 7), wide.slice(7)]).lines.map(([, line]) => line)).toEqual([
      'one',
      'two',
    ])
    expect(split([bytes('\ufeffone')]).lines).toEqual([[1, 'one']])
  })
})

async function contents(input: LogInput) {
  const damage: string[] = []
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of readLog(input, (message) => damage.push(message))) {
    text += decoder.decode(chunk, { stream: true })
  }
  return { text, damage }
}

describe('a log', () => {
  it('may be plain or gzip', async () => {
    expect(await contents(bytes('a\nb\n'))).toEqual({ text: 'a\nb\n', damage: [] })
    expect(await contents(gzipSync('a\nb\n'))).toEqual({ text: 'a\nb\n', damage: [] })
    expect(await contents(new Uint8Array(0))).toEqual({ text: '', damage: [] })
  })

  it('that is damaged is read as far as it goes', async () => {
    const packed = gzipSync('line\n'.repeat(10_000))
    const cut = await contents(packed.subarray(0, packed.length - 9))
    expect(cut.text.startsWith('line\n')).toBe(true)
    expect(cut.damage).toEqual(['the gzip data end before their end mark'])
    const broken = Uint8Array.from(packed)
    broken.fill(0xff, 12, 30)
    expect((await contents(broken)).damage).toHaveLength(1)
  })

  it('that cannot be read is an error', async () => {
    await expect(contents('/no/such/file')).rejects.toMatchObject({ code: 'RSTSCOPE_UNREADABLE' })
    await expect(contents('/')).rejects.toMatchObject({ code: 'RSTSCOPE_UNREADABLE' })
  })
})
