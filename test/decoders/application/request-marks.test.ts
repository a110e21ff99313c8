import { describe, expect, it } from 'vitest'
import { ApplicationWalker } from '../../../native-free-decoders/application/application-walker.ts'
import type {
  ApplicationSummary,
  RequestMark,
} from '../../../native-free-decoders/application/summary.ts'

type Turn = ['client' | 'upstream', string | number]

/** Each turn comes in a frame of its own, one second after the other; a number is bytes that were not captured. */
function walk(turns: readonly Turn[]): ApplicationSummary {
  const walker = new ApplicationWalker()
  for (const [index, [side, said]] of turns.entries()) {
    const direction = side === 'client' ? 0 : 1
    if (typeof said === 'number') walker.skip(direction, said, index, index * 1e9)
    else {
      const bytes = new Uint8Array(Buffer.from(said, 'latin1'))
      walker.feed(direction, bytes, 0, bytes.length, index, index * 1e9)
    }
  }
  return walker.summary(0)
}

const marks = (turns: readonly Turn[]): RequestMark[] => walk(turns).http!.marks
const request = (path: string, ...headers: string[]) =>
  `GET ${path} HTTP/1.1\r\n${['Host: a', ...headers].join('\r\n')}\r\n\r\n`
const response = (status: number, ...headers: string[]) =>
  `HTTP/1.1 ${status} X\r\n${['Content-Length: 0', ...headers].join('\r\n')}\r\n\r\n`

const ID = '7d1ee0f5-6f4b-9a3c-8f4e-000000000001'
const TRACE = '0af7651916cd43dd8448eb211c80319c'

describe('what requests may be known by', () => {
  it('times of heads, statuses, and one hash for one path whatever its query', () => {
    const [first, second, third] = marks([
      ['client', request('/a?x=1')],
      ['upstream', response(200)],
      ['client', request('/a?x=2')],
      ['upstream', response(503)],
      ['client', request('/b')],
    ])
    expect(first).toMatchObject({ time: 0, answered: 1e9, status: 200, requestId: 0, traceId: 0 })
    expect(second).toMatchObject({ time: 2e9, answered: 3e9, status: 503, line: first!.line })
    expect(third).toMatchObject({ time: 4e9, answered: null, status: 0 })
    expect(third!.line).not.toBe(first!.line)
  })

  it('a single request without ids needs none', () => {
    const turns: Turn[] = [
      ['client', request('/a')],
      ['upstream', response(200)],
    ]
    expect(marks(turns)).toEqual([])
  })

  it('the request id, of the request or else of its response', () => {
    const turns = (...headers: string[]): Turn[] => [
      ['client', request('/a', ...headers)],
      ['upstream', response(200, `X-Request-Id: ${ID}`)],
    ]
    const asked = walk([['client', request('/a', `x-request-id:  ${ID} `)]]).http!
    expect(asked.lastRequestId).toBe(ID)
    expect(asked.marks[0]!.requestId).toBeGreaterThan(0)
    expect(marks(turns())[0]!.requestId).toBe(asked.marks[0]!.requestId)
    const own = marks(turns('X-REQUEST-ID: another'))[0]!
    expect(own.requestId).not.toBe(asked.marks[0]!.requestId)
  })

  it('the trace id, which all spans of a trace share', () => {
    const traceOf = (value: string) =>
      walk([['client', request('/a', `traceparent: ${value}`)]]).http!.marks[0]?.traceId ?? 0
    const one = traceOf(`00-${TRACE}-00f067aa0ba902b7-01`)
    expect(one).toBeGreaterThan(0)
    expect(traceOf(`00-${TRACE}-b7ad6b7169203331-00`)).toBe(one)
    expect(traceOf(`00-${TRACE.replace('0', '1')}-b7ad6b7169203331-00`)).not.toBe(one)
    for (const broken of ['', '00', `00-${TRACE.slice(1)}`, `00_${TRACE}-b7ad6b7169203331-00`]) {
      expect(traceOf(broken)).toBe(0)
    }
  })

  it('an id of any length is bounded as text and told apart as a whole', () => {
    const long = (end: string) =>
      walk([['client', request('/a', `X-Request-Id: ${'i'.repeat(1500)}${end}`)]])
    expect(long('1').http!.lastRequestId).toBe('i'.repeat(64))
    expect(long('1').http!.marks[0]!.requestId).not.toBe(long('2').http!.marks[0]!.requestId)
    const control = walk([['client', request('/a', 'X-Request-Id: a\x1b[31m')]])
    expect(control.http!.lastRequestId).toBe('a.[31m')
    expect(walk([['client', request('/a', 'X-Request-Id:   ')]]).http!.lastRequestId).toBeNull()
  })

  it('of many requests the first and the last, in order, and as many as that whatever comes', () => {
    const turns: Turn[] = []
    for (let i = 0; i < 1000; i++) {
      turns.push(['client', request(`/${i}`)], ['upstream', response(200 + (i % 2))])
    }
    const kept = marks(turns)
    expect(kept).toHaveLength(64)
    const numbers = kept.map(({ time }) => time / 2e9)
    expect(numbers.slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(numbers.slice(8)).toEqual(Array.from({ length: 56 }, (_, i) => 944 + i))
    for (const mark of kept) {
      expect(mark.answered).toBe(mark.time + 1e9)
      expect(mark.status).toBe(200 + ((mark.time / 2e9) % 2))
    }
  })

  it('an interim response answers nothing, an error before the end of its request does', () => {
    const [first, second] = marks([
      ['client', request('/a')],
      ['upstream', 'HTTP/1.1 100 Continue\r\n\r\n'],
      ['upstream', response(200)],
      ['client', 'POST /b HTTP/1.1\r\nCookie: xxx'],
      ['upstream', response(431)],
      ['client', 'xx\r\n\r\n'],
    ])
    expect(first).toMatchObject({ status: 200, answered: 2e9 })
    expect(second).toMatchObject({ status: 431 })
  })

  it('a response to what was asked before the capture answers no later request', () => {
    const [first, second] = marks([
      ['upstream', response(200)],
      ['client', request('/a')],
      ['upstream', response(502)],
      ['client', request('/b')],
    ])
    expect(first).toMatchObject({ status: 502, answered: 2e9 })
    expect(second).toMatchObject({ status: 0, answered: null })
  })

  it('after a gap no status is guessed', () => {
    const kept = marks([
      ['client', request('/a')],
      ['upstream', response(200)],
      ['client', 300],
      ['upstream', response(200)],
      ['client', request('/c')],
      ['upstream', response(503)],
    ])
    expect(kept.map(({ status }) => status)).toEqual([200, 0])
  })
})

describe('the addresses of a PROXY header', () => {
  const named = (prefix: string) => walk([['client', `${prefix}GET / HTTP/1.1\r\n\r\n`]])
  const V2 = '\r\n\r\n\0\r\nQUIT\n'

  it.each([
    ['v1, IPv4', 'PROXY TCP4 10.0.0.1 192.168.200.255 56324 443\r\n'],
    ['v2, IPv4', `${V2}\x21\x11\0\x0c\x0a\0\0\x01\xc0\xa8\xc8\xff\xdc\x04\x01\xbb`],
    [
      'v2, IPv4, and a TLV behind',
      `${V2}\x21\x11\0\x10\x0a\0\0\x01\xc0\xa8\xc8\xff\xdc\x04\x01\xbb\x04\0\x01x`,
    ],
  ])('%s', (_, prefix) => {
    const summary = named(prefix)
    expect(summary.proxyHeader).toEqual({
      source: { address: '10.0.0.1', port: 56324 },
      destination: { address: '192.168.200.255', port: 443 },
    })
    expect(summary.http).toMatchObject({ requests: 1 })
  })

  it.each([
    ['v1, IPv6', 'PROXY TCP6 2001:db8:0:0::1 ::ffff:10.0.0.2 1 65535\r\n'],
    [
      'v2, IPv6',
      `${V2}\x21\x21\0\x24\x20\x01\x0d\xb8${'\0'.repeat(11)}\x01${'\0'.repeat(10)}\xff\xff\x0a\0\0\x02\0\x01\xff\xff`,
    ],
  ])('%s', (_, prefix) => {
    expect(named(prefix).proxyHeader).toEqual({
      source: { address: '2001:db8::1', port: 1 },
      destination: { address: '::ffff:10.0.0.2', port: 65535 },
    })
  })

  it.each([
    ['unknown', 'PROXY UNKNOWN\r\n'],
    ['a health check of the proxy', `${V2}\x20\0\0\0`],
    ['addresses that are none', 'PROXY TCP4 10.0.0.256 10.0.0.2 1 2\r\n'],
    ['of the wrong family', 'PROXY TCP4 ::1 10.0.0.2 1 2\r\n'],
    ['too many groups', 'PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n'],
    ['two gaps', 'PROXY TCP6 1::2::3 ::1 1 2\r\n'],
    ['no port', 'PROXY TCP4 10.0.0.1 10.0.0.2 1\r\n'],
    ['a port too large', 'PROXY TCP4 10.0.0.1 10.0.0.2 1 65536\r\n'],
    ['a length too short for its family', `${V2}\x21\x21\0\x0c${'\0'.repeat(12)}`],
    ['a local socket', `${V2}\x21\x31\0\x0c${'\0'.repeat(12)}`],
  ])('none: %s', (_, prefix) => {
    const summary = named(prefix)
    expect(summary.proxyHeader).toBeNull()
    expect(summary.http).toMatchObject({ requests: 1 })
  })

  it('none where part of it was not captured', () => {
    const whole = `${V2}\x21\x11\0\x0c\x0a\0\0\x01\xc0\xa8\xc8\xff\xdc\x04\x01\xbb`
    const cut = walk([
      ['client', whole.slice(0, 20)],
      ['client', 8],
      ['client', 'GET / HTTP/1.1\r\n\r\n'],
    ])
    expect(cut).toMatchObject({ proxyHeader: null, http: { requests: 1 } })
    expect(walk([['client', whole.slice(0, 20)]]).proxyHeader).toBeNull()
  })
})
