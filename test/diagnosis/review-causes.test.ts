import { describe, expect, it } from 'vitest'
import { recording } from '../decoders/application/recordings.ts'
import { OPEN, REQUEST } from '../scenarios/ladders.ts'
import type { LadderOptions } from '../support/ladder.ts'
import { causesOfParts, type Part } from '../support/ladder-causes.ts'

const first = async (...parts: Part[]): Promise<string[]> => (await causesOfParts(parts))[0]!

const [hello, flight] = recording('tls13').map(({ bytes }) => bytes)
const record = (type: number, length: number) => [
  ...[type, 3, 3, length >> 8, length & 255],
  ...new Array<number>(length).fill(0xaa),
]
const options: LadderOptions = {
  payloads: {
    hello: hello!,
    flight: flight!,
    finished: [...record(20, 1), ...record(23, 69)],
    certificate: [...record(20, 1), ...record(23, 1100)],
    alert: record(23, 19),
    request: record(23, 300),
    response: record(23, 900),
  },
}
const TLS = `${OPEN}
  c> PA $hello
  u> PA $flight
  c> PA $finished
  c> PA $request
  u> PA $response
  c> A`

describe('a kernel that knows nothing of a connection', () => {
  it('had no full accept queue where it had acknowledged data before', async () => {
    const sink = `${OPEN}
      ${'c> PA "a line of a log" +5s\nu> A\n'.repeat(5)}
      c> PA "a line of a log" +5s
      u> R`
    expect((await first([10, sink])).join()).not.toContain('accept-queue')
  })

  it('may have had one where it answers at once, and is another host perhaps where it answers late', async () => {
    const answeredAfter = (seconds: number) => `${OPEN}
      c> PA "hello" +${seconds}s
      u> R`
    expect((await first([10, answeredAfter(0.1)]))[0]).toBe('accept-queue-overflow probable')
    expect(await first([10, answeredAfter(60)])).toEqual([
      'accept-queue-overflow unclear',
      'stale-endpoint unclear',
      'firewall-reject unclear',
    ])
  })
})

describe('an idle timeout', () => {
  it('is none while an answer is owed', async () => {
    const waiting = `${TLS}
      c> PA $request
      u> A`
    const fin = `
      u> FA +30s
      c> FA
      u> A`
    const aborted = await first([10, `${waiting}\n u> RA +60s`, options])
    expect(aborted).toEqual(['idle-timeout unclear', 'upstream-abort probable'])
    expect((await first([10, `${waiting}${fin}`, options])).join()).not.toContain('idle')
    const given = `${REQUEST}
      c> FA +5s
      u> FA
      c> A`
    expect((await first([10, given])).join()).not.toContain('idle')
  })

  it('is only perhaps one after a few seconds that nobody is known for', async () => {
    expect((await first([10, `${TLS}\n u> RA +4.1s`, options]))[0]).toBe('idle-timeout unclear')
    expect((await first([10, `${TLS}\n u> RA +60s`, options]))[0]).toBe('idle-timeout probable')
  })
})
