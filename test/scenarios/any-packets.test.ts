import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { analyzed, compared } from '../support/ladder-verdict.ts'

/** Lines that no TCP stack would send in this order. */
const line = fc
  .record({
    who: fc.constantFrom('c>', 'u>', 'm>c', 'm>u'),
    flags: fc.constantFrom('S', 'SA', 'A', 'PA', 'FA', 'F', 'R', 'RA', 'SF', 'FRA', 'SRA', 'P'),
    size: fc.constantFrom(0, 0, 1, 30, 1400),
    seq: fc.constantFrom('', '', 'seq-1', 'seq+1', 'seq-1400', 'seq+70000', 'seq+2147483648'),
    ack: fc.constantFrom('', '', 'ack+1', 'ack-100', 'ack+2147483647'),
    more: fc.constantFrom('', '', 'lost', 'nocap@client', 'nocap@upstream', 'win=0', 'dup@client'),
    delay: fc.constantFrom('', '', '+0.01ms', '+4s', '+90s'),
  })
  .map((l) => Object.values(l).join(' '))

const classes = [
  'handshake-never-completed',
  'tls-aborted',
  'rst-without-fin',
  'rst-after-fin',
  'fin-close',
  'open',
]

describe('any packets at all', () => {
  it('end in one class each, with a verdict that contradicts itself nowhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 25 }), async (lines) => {
        const text = lines.join('\n')
        const alone = await analyzed(text, 'client')
        for (const c of [...(await compared(text)), ...alone]) {
          expect(classes).toContain(c.termination)
          const reset = c.firstReset
          if (c.termination.startsWith('rst-')) expect(reset, text).not.toBeNull()
          if (c.termination === 'open' || c.termination === 'fin-close')
            expect(reset, text).toBeNull()
          if (reset === null) continue
          expect(reset.evidence.length, text).toBeGreaterThan(0)
          expect(reset.confidence === 'unclear', text).toBe(reset.by === 'undetermined')
          if (reset.confidence !== 'certain') expect(reset.settles.length, text).toBeGreaterThan(0)
          if (c.firstClose?.kind === 'rst') expect(c.firstClose.by, text).toBe(reset.by)
        }
        for (const c of alone) expect(c.firstReset?.confidence, text).not.toBe('certain')
      }),
      { numRuns: 300, seed: 20_261_121 },
    )
  })
})
