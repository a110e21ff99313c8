import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openCapture } from '../../src/capture/open-capture.ts'
import { RstscopeError } from '../../src/errors.ts'

const CORPUS = fileURLToPath(new URL('../../../shared/corpus', import.meta.url))

describe.skipIf(!existsSync(CORPUS))('captures of other projects', () => {
  it('have as many packets as tshark counts, and never fail otherwise than with a clear error', async () => {
    const differences: string[] = []
    let compared = 0
    const lines = readFileSync(`${CORPUS}/manifest.csv`, 'utf8').split('\n').slice(1)
    for (const line of lines) {
      const name = line.split(',', 1)[0]
      if (!name || !existsSync(`${CORPUS}/files/${name}`)) continue
      const expected = JSON.parse(readFileSync(`${CORPUS}/expected/${name}.json`, 'utf8'))
      let found: number | string
      try {
        const reader = await openCapture(`${CORPUS}/files/${name}`, { hash: false })
        while ((await reader.next()) !== null);
        await reader.close()
        found = reader.facts.packets
      } catch (error) {
        expect(error).toBeInstanceOf(RstscopeError)
        found = (error as RstscopeError).message
      }
      if (expected.reader_error) continue
      compared++
      if (found !== Number(expected.packets)) {
        differences.push(`${name}: ${found}, tshark ${expected.packets}`)
      }
    }
    expect(differences).toEqual([])
    expect(compared).toBeGreaterThan(600)
  })
})
