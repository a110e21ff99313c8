import { describe, expect, it } from 'vitest'
import { type ScenarioOptions, verdict } from '../support/ladder-verdict.ts'
import { EXCHANGE, HALF_RESPONSE, OPEN, REQUEST } from './ladders.ts'

type Case = [name: string, ladder: string, expected: object, options?: ScenarioOptions]

describe('whether a RST was accepted (VERDICTS §3)', () => {
  it.each<Case>([
    ['exactly in sequence', `${HALF_RESPONSE}\nu> RA`, { acceptance: 'exact', ignored: 0 }],
    [
      'the number of the FIN again',
      `${HALF_RESPONSE}
      u> FA
      c> PA 100 +1ms
      u> R`,
      { acceptance: 'after-fin', anatomy: 'passive', termination: 'rst-after-fin' },
    ],
    [
      'in the window but inexact: asked back, then exact',
      `${HALF_RESPONSE}
      m>c R seq+20 ttl=61
      c> A
      u> A
      m>c R ttl=61
      u> PA 100 +1s
      c> R`,
      { by: 'between', acceptance: 'exact', ignored: 1 },
    ],
    [
      'in the window but inexact, asked back, and the connection goes on',
      `${HALF_RESPONSE}
      m>c R seq+20 ttl=61
      c> A
      u> PA 969 +10ms
      c> A
      c> FA
      u> FA
      c> A`,
      { by: null, termination: 'fin-close', ignored: 1 },
    ],
    [
      'far outside the window',
      `${HALF_RESPONSE}
      m>c R seq+90000000 ttl=61
      u> PA 969 +10ms
      c> A
      c> FA
      u> FA
      c> A`,
      { by: null, termination: 'fin-close', ignored: 1 },
    ],
    [
      'in SYN-SENT: the ACK of the SYN',
      `
      c> S
      u> RA refuse`,
      {
        acceptance: 'exact',
        anatomy: 'refusal',
        by: 'upstream',
        confidence: 'certain',
        causedBy: 'upstream',
      },
    ],
    [
      'in SYN-SENT: another number is ignored',
      `
      c> S
      m>c RA seq-1908713938 ack+77 ttl=61
      u> SA
      c> A
      c> FA
      u> FA
      c> A`,
      { by: null, termination: 'fin-close', ignored: 1 },
    ],
  ])('%s', async (_, ladder, expected) => {
    expect(await verdict(ladder)).toMatchObject(expected)
  })
})

describe('several RSTs', () => {
  it.each<Case>([
    [
      'repeats of one abort are one end',
      `${HALF_RESPONSE}
      u> RA
      u> R +1ms
      u> R +1ms`,
      { by: 'upstream', confidence: 'certain', anatomy: 'active', ignored: 0, crossed: false },
    ],
    [
      'one that answers another end’s data in flight is second',
      `${HALF_RESPONSE}
      c> RA
      u> PA 100 +1ms
      c> R +6ms`,
      { by: 'client', confidence: 'certain', anatomy: 'active', crossed: false },
    ],
    [
      'the upstream’s arrives before the client’s leaves',
      `${HALF_RESPONSE}
      u> RA
      c> RA +6ms`,
      { by: 'upstream', confidence: 'certain', crossed: false },
    ],
    [
      'they cross, and the clocks tell who was first',
      `${HALF_RESPONSE}
      u> RA +1s transit=0.05
      c> RA +20ms transit=0.05`,
      { by: 'upstream', crossed: true, confidence: 'certain' },
      { offset: 12.5 },
    ],
    [
      'they cross the other way',
      `${HALF_RESPONSE}
      c> RA +1s transit=0.05
      u> RA +20ms transit=0.05`,
      { by: 'client', crossed: true },
    ],
    [
      'of two that cross, one unseen where it left: nobody is known to be first',
      `${HALF_RESPONSE}
      u> RA +1s nocap@upstream
      c> RA +3ms`,
      { by: 'undetermined', confidence: 'unclear' },
    ],
  ])('%s', async (_, ladder, expected, options) => {
    expect(await verdict(ladder, options)).toMatchObject(expected)
  })

  it('that cross within what the clocks leave open are nobody’s first', async () => {
    const ladder = `${HALF_RESPONSE}\nu> RA +1s\nc> RA +1ms`
    expect(await verdict(ladder, { transit: 0.03 })).toMatchObject({
      by: 'undetermined',
      confidence: 'unclear',
      causedBy: 'undetermined',
      firstClose: 'undetermined rst',
      crossed: true,
    })
  })
})

describe('RST after FIN', () => {
  it.each<Case>([
    [
      'after both FINs were acknowledged: late',
      `${EXCHANGE}
      u> FA
      c> FA
      u> A
      c> RA`,
      { termination: 'fin-close', detail: 'late-rst', by: null, benign: true, ignored: 1 },
    ],
    [
      'before the second FIN was acknowledged',
      `${EXCHANGE}
      u> FA
      c> FA
      u> R`,
      { termination: 'rst-after-fin', firstClose: 'upstream fin' },
    ],
    [
      'a FIN that had not arrived where the RST was sent does not count',
      `${HALF_RESPONSE}
      c> FA +1s
      u> RA +1ms`,
      { termination: 'rst-without-fin', crossed: true, by: 'upstream', confidence: 'certain' },
    ],
    [
      'a FIN that had arrived does',
      `${HALF_RESPONSE}
      c> FA +1s
      u> RA +8ms`,
      {
        termination: 'rst-after-fin',
        crossed: false,
        by: 'upstream',
        firstClose: 'client fin',
        detail: 'mid-response',
      },
    ],
  ])('%s', async (_, ladder, expected, options) => {
    expect(await verdict(ladder, options)).toMatchObject(expected)
  })
})

describe('whose doing it was', () => {
  it.each<Case>([
    [
      'closed in the middle of a response: the closer’s',
      `${REQUEST}
      u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\nhalf"
      c> FA +1ms
      u> PA 969 +1ms
      c> R`,
      { by: 'client', causedBy: 'client', anatomy: 'passive', termination: 'rst-after-fin' },
    ],
    [
      'an idle close met a new request: nobody’s',
      `${EXCHANGE}
      u> FA +60s
      c> PA "GET /2 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +1ms
      u> R`,
      {
        by: 'upstream',
        confidence: 'certain',
        causedBy: 'undetermined',
        anatomy: 'passive',
        detail: 'keep-alive-race',
        termination: 'rst-after-fin',
        firstClose: 'upstream fin',
        benign: false,
      },
    ],
    [
      'written on although the FIN was acknowledged: the writer’s',
      `${EXCHANGE}
      u> FA +60s
      c> A
      c> PA "GET /2 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +1s
      u> R`,
      { by: 'upstream', causedBy: 'client', detail: 'data-after-close' },
    ],
    [
      'an un-NATed segment of an open connection',
      `${HALF_RESPONSE}
      u> PA 100 +1s src@client=10.9.9.9:8080
      c> R dst=10.9.9.9:8080`,
      { by: 'client', causedBy: 'between', anatomy: 'passive', match: 'isn' },
      { nat: { upstream: '10.9.9.9:8080' } },
    ],
    [
      'a RST forged at the upstream makes the upstream refuse the client',
      `${EXCHANGE}
      m>u RA ttl=61 +1s
      c> PA 40 +1s
      u> R`,
      { by: 'between', confidence: 'certain', causedBy: 'between' },
    ],
  ])('%s', async (_, ladder, expected, options) => {
    expect(await verdict(ladder, options)).toMatchObject(expected)
  })

  it('a lone RST is a lone RST', async () => {
    expect(await verdict('u> RA seq+5 ack+9')).toMatchObject({
      termination: 'rst-without-fin',
      detail: 'lone-reset',
    })
    expect(OPEN).not.toContain('R')
  })
})
