import { describe, expect, it } from 'vitest'
import { recording } from '../decoders/application/recordings.ts'
import { EXCHANGE, HALF_RESPONSE, OPEN, REQUEST } from '../scenarios/ladders.ts'
import type { LadderOptions } from '../support/ladder.ts'
import { causesOfParts, type Part, reportOf } from '../support/ladder-causes.ts'

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
    const cutAfter = (seconds: number) => `${OPEN}
      c> PA "hello" +${seconds}s
      u> R`
    expect((await first([10, cutAfter(0.1)]))[0]).toBe('accept-queue-overflow probable')
    expect(await first([10, cutAfter(60)])).toEqual([
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

describe('a 408', () => {
  const answered = `
    u> PA "HTTP/1.1 408 Request Timeout\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n" +5s
    c> A
    u> FA
    c> FA
    u> A`
  const why = async (ladder: string) =>
    (await reportOf([[10, ladder]])).connections.find(({ client }) => client.port === 41001)!
      .causes[0]?.why ?? ''

  it('to an idle connection is no timeout of a request', async () => {
    expect(await first([10, `${EXCHANGE}${answered}`])).toEqual([])
  })

  it('to a whole request does not say that the request was late', async () => {
    expect(await why(`${REQUEST}${answered}`)).toContain('had been sent in full')
    const half = `${OPEN}
      c> PA "POST / HTTP/1.1\\r\\nContent-Length: 50\\r\\n\\r\\nxx"
      u> A`
    expect(await why(`${half}${answered}`)).toContain('did not arrive in full')
  })
})

describe('a closed window', () => {
  const cutAfter = (seconds: number) => `${HALF_RESPONSE}
    u> PA "more"
    c> A win=0
    u> RA +${seconds}s`

  it('is a stall only where it stayed closed', async () => {
    expect((await first([10, cutAfter(0.02)])).join()).not.toContain('zero-window')
    expect((await first([10, cutAfter(5)]))[0]).toBe('zero-window-stall probable')
  })
})

describe('unread data', () => {
  it('is only perhaps what a reset right behind a whole answer comes of', async () => {
    const cut = `${REQUEST}
      u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
      u> RA +0.1ms`
    expect((await first([10, cut]))[0]).toBe('upstream-close-unread-data unclear')
  })

  it('in several uploads at once is what a killed process leaves', async () => {
    const upload = `${OPEN}
      c> PA "POST / HTTP/1.1\\r\\nContent-Length: 5000\\r\\n\\r\\nxx"
      u> A
      u> RA +5s`
    const alone = await first([10, upload])
    expect(alone[0]).toBe('upstream-close-unread-data probable')
    expect((await first([10, upload], [10.001, upload], [10.002, upload]))[0]).toBe(
      'upstream-crash probable',
    )
  })
})

describe('a record of the size of an alert', () => {
  const ended = (turn: string, seconds: number) => `${OPEN}
    c> PA $hello
    u> PA $flight
    c> PA ${turn}
    u> PA $alert +${seconds}s
    u> FA
    c> FA
    u> A`

  it('may be a close_notify', async () => {
    expect((await first([10, ended('$finished', 0.01), options]))[0]).toBe(
      'tls-handshake-refused unclear',
    )
    const [atOnce] = await first([10, ended('$certificate', 0.01), options])
    expect(atOnce).toBe('client-certificate-refused probable')
    const [later] = await first([10, ended('$certificate', 20), options])
    expect(later).toBe('client-certificate-refused unclear')
  })
})

describe('a device that answers data with a RST', () => {
  const cutAfter = (seconds: number) => `${EXCHANGE}
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +${seconds}s lost
    m>c R ttl=64`

  it('has hardly forgotten the connection within a second', async () => {
    const [expired, reset] = await first([10, cutAfter(1.2)])
    expect(expired).toBe('middlebox-state-expired unclear')
    expect(reset).toContain('middlebox-reset')
    expect((await first([10, cutAfter(60)]))[0]).toBe('middlebox-state-expired probable')
  })
})

describe('a RST that answers a close_notify', () => {
  const alert = { payloads: { ...options.payloads, notify: record(23, 19) } }
  const causes = async (ladder: string) => {
    const { connections } = await reportOf([[10, `${TLS}${ladder}`, alert]])
    const { benign, causes } = connections.find(({ client }) => client.port === 41001)!
    return [benign, ...causes.map(({ id }) => id)]
  }

  it('is an ordinary end, whoever closed', async () => {
    const byUpstream = `
      u> PA $notify +1s
      u> FA
      c> PA $notify
      u> R`
    const byClient = `
      c> PA $notify +1s
      c> FA
      u> PA $notify
      c> R`
    expect(await causes(byUpstream)).toEqual([true])
    expect(await causes(byClient)).toEqual([true])
  })

  it('is none where a request or a response was under way', async () => {
    const late = `
      u> FA +1s
      c> PA $request
      u> R`
    const cancelled = `
      c> PA $request
      u> A
      c> PA $notify +1s
      c> FA
      u> PA $notify
      c> R`
    const midResponse = `
      c> FA +1s
      u> PA $response
      c> R`
    expect((await causes(late))[0]).toBe(false)
    expect((await causes(cancelled))[0]).toBe(false)
    expect((await causes(midResponse)).slice(0, 2)).toEqual([false, 'client-cancel'])
  })
})

it('connections that ended alike but for their last status are counted apart', async () => {
  const answered = (status: string) => `${REQUEST}
    u> PA "HTTP/1.1 ${status}\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n" +0.1s
    c> A
    u> FA
    c> FA
    u> A`
  const timeout = answered('408 Request Timeout')
  const fine = answered('200 OK')
  const counted = async (...ladders: string[]) => {
    const { summary } = await reportOf(ladders.map((ladder, i): Part => [10 + i, ladder]))
    return summary.byCause['application-timeout']
  }
  expect(await counted(timeout, fine, fine, fine)).toBe(1)
  expect(await counted(fine, fine, timeout, fine)).toBe(1)
})

const CLOSE = `
  c> FA +0.1s
  u> FA
  c> A`
const REFUSED = `
  c> S
  u> RA`
const GET = `c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"`
const OK = `u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"`
const BAD = `
  u> PA "HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"
  u> FA
  c> FA
  u> A`
const busy = (times: number) =>
  `${EXCHANGE}${`
  ${GET} +1s
  ${OK}
  c> A`.repeat(times)}`

describe('an endpoint that others still use', () => {
  const cut = (at: number): Part => [at, `${HALF_RESPONSE}\n u> RA +5s`]
  const longest: Part = [1, busy(60)]
  const survivor: Part = [95, busy(20)]

  it('did not crash, though its longest connection was over before', async () => {
    const burst = [cut(100), cut(100.001), cut(100.002)]
    expect((await first(...burst, longest))[0]).toBe('upstream-crash probable')
    expect((await first(...burst, longest, survivor))[0]).toBe('upstream-crash unclear')
  })

  it('was not at the end of its grace', async () => {
    const refused: Part = [101, REFUSED]
    expect((await first(cut(100), refused))[0]).toBe('graceful-shutdown probable')
    expect((await first(cut(100), refused, survivor))[0]).toBe('graceful-shutdown unclear')
  })

  it('is reached: only then a silent path may have forgotten one connection', async () => {
    const lost = `${EXCHANGE}
      ${GET} +3s lost
      c> PA again +0.3s lost
      c> PA again +0.6s lost
      c> PA again +1.2s lost`
    const elsewhere: Part = [1, busy(40), { upstream: '10.2.0.77:80' }]
    const there: Part = [1, busy(40)]
    expect((await first([10, lost], elsewhere))[0]).toBe('middlebox-state-expired unclear')
    expect((await first([10, lost], there))[0]).toBe('middlebox-state-expired probable')
  })
})

describe('what an endpoint takes from others', () => {
  const header = `c> PA "PROXY TCP4 192.0.2.7 192.0.2.8 40000 443\\r\\nGET / HTTP/1.1\\r\\n\\r\\n"`
  const served = (request: string) => `${OPEN}
    ${request}
    ${OK}${CLOSE}`

  it('is no PROXY header too many, nor one too few', async () => {
    const mismatch = ['proxy-protocol-mismatch probable']
    const withIt = `${OPEN}\n ${header}${BAD}`
    expect(await first([10, withIt])).toEqual(mismatch)
    expect(await first([10, withIt], [5, served(header)])).toEqual([])
    const later = `${OPEN}\n ${header}\n ${OK}\n c> A\n ${GET} +1s${BAD}`
    expect(await first([10, later])).toEqual([])
    const without = `${REQUEST}${BAD}`
    expect(await first([10, without], [5, served(header)])).toEqual(mismatch)
    expect(await first([10, without], [5, served(header)], [6, served(GET)])).toEqual([])
  })

  it('is no plaintext to a TLS port', async () => {
    const cut = `${REQUEST}\n u> RA +0.1s`
    const tls: Part = [5, `${TLS}${CLOSE}`, options]
    expect((await first([10, cut], tls))[0]).toBe('plaintext-to-tls-port probable')
    const [doubted] = await first([10, cut], tls, [6, served(GET)])
    expect(doubted).toBe('plaintext-to-tls-port unclear')
  })
})
