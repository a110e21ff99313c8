import { describe, expect, it } from 'vitest'
import { OPEN } from '../scenarios/ladders.ts'
import { analyzed } from '../support/ladder-verdict.ts'

const historyOf = async (ladder: string) => {
  const [connection] = await analyzed(ladder, 'client')
  return connection!.views.capture!.history
}

/** Letters of Zeek's conn.log (docs.zeek.org, `history`): upper case for who opened the connection. */
describe('history', () => {
  it.each([
    [
      'an exchange and an orderly close',
      `${OPEN}
      c> PA 10
      u> A
      u> PA 10
      c> A
      c> FA
      u> FA
      c> A`,
      'ShADadFf',
    ],
    ['refused', 'c> S\nu> RA refuse', 'Sr'],
    ['a scan', 'c> S\nu> SA\nc> R', 'ShR'],
    ['each letter once', `${OPEN}\nc> PA 10\nu> PA 10\nc> PA 10\nu> PA 10\nc> A\nu> A`, 'ShADda'],
    ['payload sent again', `${OPEN}\nc> PA 10\nc> PA again +300ms\nu> A`, 'ShADTa'],
    ['a closed window', `${OPEN}\nu> PA 10\nc> A win=0`, 'ShAdW'],
    ['a gap', `${OPEN}\nu> PA 10 nocap@client\nu> PA 10\nc> A\nu> PA 10`, 'ShAdg'],
    ['half a connection', 'c> PA 10\nc> PA 10\nc> A', 'DA'],
  ])('%s', async (_, ladder, letters) => {
    const shown = await historyOf(ladder)
    expect([...shown].sort()).toEqual([...letters].sort())
    expect(shown.slice(0, 2)).toBe(letters.slice(0, 2))
  })
})
