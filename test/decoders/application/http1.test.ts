import { describe, expect, it } from 'vitest'
import { ApplicationWalker } from '../../../native-free-decoders/application/application-walker.ts'
import type { ApplicationSummary, HttpSummary } from '../../../src/model/application.ts'

type Turn = ['client' | 'upstream', string | number]

/** A turn of text is fed; a number is that many bytes that were not captured. */
function walk(turns: readonly Turn[]): ApplicationSummary {
  const walker = new ApplicationWalker()
  for (const [index, [side, said]] of turns.entries()) {
    const direction = side === 'client' ? 0 : 1
    if (typeof said === 'number') walker.skip(direction, said, index, index)
    else {
      const bytes = new Uint8Array(Buffer.from(said, 'latin1'))
      walker.feed(direction, bytes, 0, bytes.length, index, index)
    }
  }
  return walker.summary(0)
}

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const ok = (headers: string, body = '') => `HTTP/1.1 200 OK\r\n${headers}\r\n${body}`

const framing: [string, Turn[], Partial<HttpSummary>][] = [
  [
    'a request that nobody answered',
    [['client', get]],
    { requests: 1, responses: 0, clientState: 'between-messages', upstreamState: 'nothing' },
  ],
  [
    'a complete exchange by Content-Length',
    [
      ['client', get],
      ['upstream', ok('Content-Length: 4\r\n', 'body')],
    ],
    { requests: 1, responses: 1, lastStatus: 200, upstreamState: 'between-messages' },
  ],
  [
    'a response cut within its body',
    [
      ['client', get],
      ['upstream', ok('content-length:\t100 \r\n', 'x'.repeat(40))],
    ],
    { responses: 1, upstreamState: 'in-body', responseMissing: 60 },
  ],
  [
    'a response cut within its head',
    [
      ['client', get],
      ['upstream', 'HTTP/1.1 200 OK\r\nContent-'],
    ],
    { responses: 0, lastStatus: 200, upstreamState: 'in-head' },
  ],
  [
    'a request cut within its head',
    [['client', 'POST /upload HTTP/1.1\r\nHost: a']],
    { requests: 0, clientState: 'in-head', lastRequestLine: 'POST /upload' },
  ],
  [
    'a request body under way when the response comes',
    [
      ['client', 'POST /upload HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc'],
      [
        'upstream',
        'HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
      ],
    ],
    {
      requests: 1,
      responses: 1,
      lastStatus: 413,
      clientState: 'in-body',
      requestMissing: 997,
      upstreamState: 'between-messages',
      connectionClose: true,
    },
  ],
  [
    'a response before the end of the request head',
    [
      ['client', 'GET / HTTP/1.1\r\nCookie: xxxxxx'],
      ['upstream', 'HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n\r\n'],
      ['client', 'xxxxx\r\n\r\n'],
      ['client', 'HEAD / HTTP/1.1\r\n\r\n'],
      ['upstream', ok('Content-Length: 10\r\n')],
    ],
    { requests: 2, responses: 2, upstreamState: 'between-messages' },
  ],
  [
    'chunks with extensions and trailers',
    [
      ['client', get],
      [
        'upstream',
        ok('Transfer-Encoding: gzip, Chunked\r\n', '5;a=b\r\nhello\r\nA\r\n0123456789\r\n'),
      ],
      ['upstream', '0\r\nDigest: x\r\n\r\n'],
    ],
    { responses: 1, upstreamState: 'between-messages', responseMissing: null },
  ],
  [
    'a chunked response without its last chunk',
    [
      ['client', get],
      ['upstream', ok('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n')],
    ],
    { upstreamState: 'in-body', responseMissing: null },
  ],
  [
    'Transfer-Encoding over Content-Length',
    [
      ['client', get],
      ['upstream', ok('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    ],
    { upstreamState: 'between-messages' },
  ],
  [
    'a response that lasts until the connection ends',
    [
      ['client', get],
      ['upstream', ok('', 'some bytes')],
    ],
    { responses: 1, upstreamState: 'until-close', responseMissing: null },
  ],
  [
    'HTTP/1.0, which closes',
    [
      ['client', 'GET / HTTP/1.0\r\n\r\n'],
      ['upstream', 'HTTP/1.0 200 OK\r\n\r\nhello'],
    ],
    { upstreamState: 'until-close', connectionClose: true },
  ],
  [
    'HTTP/1.0 with keep-alive',
    [
      ['client', 'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n'],
      ['upstream', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx'],
    ],
    { upstreamState: 'between-messages', connectionClose: false },
  ],
  [
    'HEAD, 204 and 304, which have no body whatever they say',
    [
      ['client', 'HEAD / HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n'],
      ['upstream', ok('Content-Length: 500\r\n')],
      ['upstream', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'],
      ['upstream', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 700\r\n\r\n'],
    ],
    { requests: 3, responses: 3, lastStatus: 304, upstreamState: 'between-messages' },
  ],
  [
    'interim responses, which answer nothing',
    [
      ['client', 'PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'],
      ['upstream', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'],
    ],
    { requests: 1, responses: 0, lastStatus: null, requestMissing: 5, clientState: 'in-body' },
  ],
  [
    'a pipeline of which the last is owed',
    [
      ['client', get + get + get],
      ['upstream', ok('Content-Length: 1\r\n', 'a') + ok('Content-Length: 1\r\n', 'b')],
    ],
    { requests: 3, responses: 2 },
  ],
  [
    'a reused connection: the idle end is between messages',
    [
      ['client', get],
      ['upstream', ok('Content-Length: 2\r\n', 'ok')],
      [
        'client',
        'POST /second?secret=1 HTTP/1.1\r\nhOsT: other.example \r\nContent-Length: 3\r\n\r\nabc',
      ],
      [
        'upstream',
        'HTTP/1.1 503 Service Unavailable\r\nserver: istio-envoy\r\ncontent-length: 0\r\n\r\n',
      ],
    ],
    {
      requests: 2,
      responses: 2,
      lastStatus: 503,
      lastRequestLine: 'POST /second',
      host: 'other.example',
      server: 'istio-envoy',
      clientState: 'between-messages',
      upstreamState: 'between-messages',
    },
  ],
  [
    'line ends of a lone LF and empty lines before a request',
    [
      ['client', 'GET /a HTTP/1.1\nHost: a\n\n\r\n\r\nGET /b HTTP/1.1\r\n\r\n'],
      ['upstream', 'HTTP/1.1 200 OK\nContent-Length: 1\n\nx'],
    ],
    { requests: 2, responses: 1, lastRequestLine: 'GET /b' },
  ],
  [
    'control characters in what is shown',
    [['client', 'GET /a\x1b[31m\x00\xe9 HTTP/1.1\r\nHost: a\x07b\r\n\r\n']],
    { lastRequestLine: 'GET /a.[31m..', host: 'a.b' },
  ],
  [
    'lengths that contradict each other',
    [
      ['client', get],
      ['upstream', ok('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello')],
    ],
    { responses: 1, upstreamState: 'lost' },
  ],
  [
    'the same length said twice',
    [
      ['client', get],
      ['upstream', ok('Content-Length: 5, 5\r\n', 'hell')],
    ],
    { upstreamState: 'in-body', responseMissing: 1 },
  ],
  [
    'a length beyond all bounds',
    [
      ['client', get],
      ['upstream', ok('Content-Length: 99999999999999999999\r\n')],
    ],
    { upstreamState: 'lost' },
  ],
  [
    'a chunk size that is none',
    [
      ['client', get],
      ['upstream', ok('Transfer-Encoding: chunked\r\n', 'zz\r\n')],
    ],
    { upstreamState: 'lost' },
  ],
  [
    'a CONNECT that is refused, after which HTTP goes on',
    [
      ['client', 'CONNECT db:5432 HTTP/1.1\r\n\r\n'],
      ['upstream', 'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n'],
      ['client', get],
    ],
    { requests: 2, responses: 1, lastRequestLine: 'GET /', upstreamState: 'between-messages' },
  ],
  [
    'a gap within a body',
    [
      ['client', get],
      ['upstream', ok('Content-Length: 3000\r\n', 'x'.repeat(100))],
      ['upstream', 2900],
      ['client', get],
      ['upstream', ok('Content-Length: 1\r\n', 'x')],
    ],
    { requests: 2, responses: 2, upstreamState: 'between-messages' },
  ],
  [
    'a gap within the data of a chunk',
    [
      ['client', get],
      ['upstream', ok('Transfer-Encoding: chunked\r\n', '100\r\nabc')],
      ['upstream', 253],
      ['upstream', '\r\n0\r\n\r\n'],
    ],
    { responses: 1, upstreamState: 'between-messages' },
  ],
  [
    'a gap across the frame of a chunk',
    [
      ['client', get],
      ['upstream', ok('Transfer-Encoding: chunked\r\n', '100\r\nabc')],
      ['upstream', 254],
      ['upstream', '\n0\r\n\r\n'],
    ],
    { responses: 1, upstreamState: 'lost' },
  ],
  [
    'heads cut by the snap length, found again at the next message',
    [
      ['client', 'GET /one HTTP/1.1\r\nHo'],
      ['client', 400],
      ['upstream', 'HTTP/1.1 200 OK\r\nContent-Ty'],
      ['upstream', 1300],
      ['client', 'GET /two HTTP/1.1\r\nHo'],
      ['client', 400],
      ['upstream', 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\n\r\nabc'],
    ],
    {
      requests: 2,
      responses: 2,
      lastStatus: 503,
      lastRequestLine: 'GET /two',
      clientState: 'lost',
      upstreamState: 'between-messages',
    },
  ],
]

describe('HTTP/1 framing', () => {
  it.each(framing)('%s', (_, turns, facts) => {
    const summary = walk(turns)
    expect(summary.protocol).toBe('http/1')
    expect(summary.http).toMatchObject(facts)
  })

  it('says when it lost its place, and only then', () => {
    for (const [, turns, facts] of framing) {
      const isLost = facts.clientState === 'lost' || facts.upstreamState === 'lost'
      expect(walk(turns).lostPlace).toBe(isLost)
    }
  })

  it('keeps no more than 200 characters of a request line', () => {
    const { http } = walk([['client', `GET /${'x'.repeat(5000)} HTTP/1.1\r\nHost: a\r\n\r\n`]])
    expect(http!.requests).toBe(1)
    expect(http!.lastRequestLine).toBe(`GET /${'x'.repeat(195)}`)
    expect(http!.host).toBe('a')
  })

  it('remembers which of many pipelined requests was HEAD', () => {
    const requests = `${get.repeat(20)}HEAD / HTTP/1.1\r\n\r\n`
    const responses = ok('Content-Length: 1\r\n', 'x').repeat(20) + ok('Content-Length: 9\r\n')
    expect(
      walk([
        ['client', requests],
        ['upstream', responses],
      ]).http,
    ).toMatchObject({
      requests: 21,
      responses: 21,
      upstreamState: 'between-messages',
    })
  })
})

describe('tunnels', () => {
  it('CONNECT that succeeded is no HTTP any more', () => {
    const summary = walk([
      ['client', 'CONNECT db:5432 HTTP/1.1\r\n\r\n\x00\x00\x00\x08early'],
      ['upstream', 'HTTP/1.1 200 Connection Established\r\n\r\n\x16\x03\x03anything'],
      ['client', 'GET / HTTP/1.1\r\n\r\n'],
      ['upstream', 9],
    ])
    expect(summary).toMatchObject({
      protocol: 'other',
      clientFirst: 'http-request',
      lostPlace: false,
    })
    expect(summary.http).toMatchObject({
      requests: 1,
      responses: 1,
      clientState: 'until-close',
      upstreamState: 'until-close',
    })
  })

  it('so is an upgrade', () => {
    const summary = walk([
      ['client', 'GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
      ['upstream', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello'],
      ['client', '\x81\x85....'],
    ])
    expect(summary).toMatchObject({ protocol: 'other', lostPlace: false })
    expect(summary.http).toMatchObject({ requests: 1, responses: 1, lastStatus: 101 })
  })
})
