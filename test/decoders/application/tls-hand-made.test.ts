import { describe, expect, it } from 'vitest'
import { ApplicationWalker } from '../../../native-free-decoders/application/application-walker.ts'
import { recording } from './recordings.ts'

const record = (type: number, body: number | readonly number[]) => {
  const bytes = typeof body === 'number' ? new Array<number>(body).fill(0xaa) : body
  return [type, 3, 3, bytes.length >> 8, bytes.length & 255, ...bytes]
}
const protectedRecords = (...lengths: number[]) => lengths.flatMap((length) => record(23, length))
const alert = (level: number, description: number) => record(21, [level, description])
const changeCipherSpec = record(20, [1])
const ascii = (value: string) => [...Buffer.from(value, 'latin1')]

type Step = [0 | 1, readonly number[] | Uint8Array | { missing: number }]

function walk(...steps: Step[]) {
  const walker = new ApplicationWalker()
  for (const [index, [direction, said]] of steps.entries()) {
    const frame = index + 1
    if ('missing' in said) walker.skip(direction, said.missing, frame, frame)
    else walker.feed(direction, Uint8Array.from(said), 0, said.length, frame, frame)
  }
  return walker
}

const tlsOf = (...steps: Step[]) => walk(...steps).summary(0).tls!

const [hello13, flight13] = recording('tls13').map((piece) => piece.bytes)
const [hello12, flight12] = recording('tls12').map((piece) => piece.bytes)
const [retryHello, retry] = recording('tls13-retry').map((piece) => piece.bytes)
/** ClientHello and the server's flight of TLS 1.3 with AES-256-GCM-SHA384: Finished is 69 bytes. */
const opened: Step[] = [
  [0, hello13!],
  [1, flight13!],
]

describe("the client's last flight in TLS 1.3, by sizes", () => {
  it.each([
    ['three records', [900, 281, 69], 'sent', 0],
    ['one record, then nothing', [1100], 'sent', 0],
    ['one record, then a request', [1100, 400, 500], 'sent', 2],
    ['one record, then two requests of the size of a signature', [1100, 281, 281], 'sent', 2],
    ['one record, then close_notify', [1100, 19], 'sent', 1],
    ['a certificate of several records', [16401, 16401, 5000, 537, 69, 400], 'sent', 1],
    ['an empty certificate', [25, 69], 'empty', 0],
    ['an empty certificate and Finished in one record', [77, 300], 'empty', 1],
    ['only Finished', [69, 300, 19], 'not-requested', 2],
    ['something of no known size', [120], 'unknown', 0],
  ] as const)('%s', (_, lengths, clientCertificate, clientApplicationRecords) => {
    const tls = tlsOf(...opened, [0, changeCipherSpec], [0, protectedRecords(...lengths)])
    expect(tls).toMatchObject({
      stage: 'client-finished',
      clientCertificate,
      clientApplicationRecords,
      clientFinished: { frame: 4 },
      upstreamApplicationData: null,
    })
  })

  it.each([
    ['a certificate without Finished', [900, 281]],
    ['an empty certificate without Finished', [25]],
    ['an encrypted alert in place of it', [19]],
  ])('is not there with %s', (_, lengths) => {
    const tls = tlsOf(...opened, [0, protectedRecords(...lengths)])
    expect(tls).toMatchObject({ stage: 'server-flight', clientFinished: null })
  })

  it('has the moment of its last record', () => {
    const parts: Step[] = [900, 281, 69].map((length) => [0, protectedRecords(length)])
    expect(tlsOf(...opened, ...parts).clientFinished).toEqual({ frame: 5, time: 5 })
    expect(tlsOf(...opened, [0, protectedRecords(1100)]).clientFinished).toEqual({
      frame: 3,
      time: 3,
    })
  })

  it('was complete when the server answers it', () => {
    const tls = tlsOf(...opened, [0, protectedRecords(1100, 281)], [1, protectedRecords(250)])
    expect(tls).toMatchObject({
      stage: 'established',
      clientApplicationRecords: 1,
      upstreamApplicationData: { frame: 4 },
    })
  })

  it('needs no server to be seen when no early data was offered', () => {
    const tls = tlsOf([0, hello13!], [0, changeCipherSpec], [0, protectedRecords(69, 500)])
    expect(tls).toMatchObject({ clientFinished: { frame: 3 }, clientApplicationRecords: 1 })
  })
})

describe('refusals', () => {
  it('by an alert-sized record in place of use, told from an answer', () => {
    const refused = tlsOf(...opened, [0, protectedRecords(25, 69)], [1, protectedRecords(19)])
    expect(refused).toMatchObject({
      stage: 'client-finished',
      alert: { by: 'upstream', name: 'encrypted', frame: 4 },
      upstreamEndsWithAlertSize: true,
      upstreamApplicationRecords: 1,
    })
    const used = tlsOf(...opened, [0, protectedRecords(25, 69)], [1, protectedRecords(19, 250)])
    expect(used).toMatchObject({ stage: 'established', alert: null })
  })

  it.each([
    ['fatal handshake_failure', alert(2, 40), 'handshake_failure'],
    ['a warning that TLS 1.3 treats as fatal', alert(1, 48), 'unknown_ca'],
    ['an unknown description', alert(2, 200), 'alert_200'],
    ['close_notify', alert(1, 0), undefined],
    ['a warning about the server name', alert(1, 112), undefined],
    ['a fatal one about the server name', alert(2, 112), 'unrecognized_name'],
  ])('%s', (_, bytes, name) => {
    const tls = tlsOf([0, hello12!], [1, bytes])
    expect(tls.alert?.name).toBe(name)
    expect(tls.stage).toBe('client-hello')
    if (name !== undefined) expect(tls.alert?.by).toBe('upstream')
  })

  it('an alert whose bytes were not captured', () => {
    const tls = tlsOf([0, hello12!], [1, [21, 3, 3, 0, 2, 2]], [1, { missing: 1 }])
    expect(tls.alert).toMatchObject({ by: 'upstream', name: 'not-captured' })
  })

  it('a TLS 1.2 alert after ChangeCipherSpec is encrypted', () => {
    const clientFlight = recording('tls12')[2]!.bytes
    const tls = tlsOf([0, hello12!], [1, flight12!], [0, clientFlight], [1, record(21, 26)])
    expect(tls).toMatchObject({
      stage: 'client-finished',
      alert: { by: 'upstream', name: 'encrypted', frame: 4 },
      upstreamEndsWithAlertSize: true,
    })
  })
})

describe('hellos', () => {
  it('are read over any number of records', () => {
    const message = [...hello13!.subarray(5)]
    const split = [0, 1, 3, 40, 41, 150, message.length]
    const records = split.slice(1).map((end, index) => {
      return record(22, message.slice(split[index], end))
    })
    // The first record has to show the type of its message.
    const tls = tlsOf([0, records.flat()], [1, flight13!])
    expect(tls).toMatchObject({ sni: 'orders.example', stage: 'server-flight', version: '1.3' })
  })

  it('give the name that lies before the cut of the snap length', () => {
    const name = Buffer.from(hello13!).indexOf('orders.example') + 'orders.example'.length
    const rest = hello13!.length - name
    const cut = tlsOf([0, hello13!.subarray(0, name)], [0, { missing: rest }])
    expect(cut).toMatchObject({ sni: 'orders.example', clientHello: { frame: 2 } })
    const short = tlsOf([0, hello13!.subarray(0, name - 1)], [0, { missing: rest + 1 }])
    expect(short).toMatchObject({ sni: null, clientHello: { frame: 2 } })
  })

  it('are not read behind a gap', () => {
    const name = Buffer.from(hello13!).indexOf('orders.example')
    const tls = tlsOf(
      [0, hello13!.subarray(0, 60)],
      [0, { missing: name - 70 }],
      [0, hello13!.subarray(name - 10)],
      [1, flight13!],
    )
    expect(tls).toMatchObject({
      sni: null,
      offeredVersion: null,
      clientHello: { frame: 3 },
      stage: 'server-flight',
      version: '1.3',
    })
  })

  it('that were never completed are read as far as they came', () => {
    const name = Buffer.from(hello13!).indexOf('orders.example') + 'orders.example'.length
    const tls = tlsOf([0, hello13!.subarray(0, name)])
    expect(tls).toMatchObject({ sni: 'orders.example', stage: 'client-hello', clientHello: null })
    expect(tls.clientRecordMissing).toBe(hello13!.length - name)
  })

  it('in the format of SSL 2.0', () => {
    const hello = [0x80, 0x1c, 1, 3, 1, 0, 3, 0, 0, 0, 16, 0, 0, 0x2f, ...new Array(16).fill(7)]
    const walker = walk([0, hello], [1, alert(2, 70)])
    expect(walker.clientDirection()).toBe(0)
    expect(walker.summary(0)).toMatchObject({
      protocol: 'tls',
      clientFirst: 'tls',
      tls: { offeredVersion: '1.0', stage: 'client-hello', alert: { name: 'protocol_version' } },
    })
  })

  it('a HelloRetryRequest alone is no ServerHello', () => {
    const tls = tlsOf([0, retryHello!], [1, retry!])
    expect(tls).toMatchObject({ helloRetry: true, serverHello: null, stage: 'client-hello' })
  })

  it('that come back as an echo are no answer', () => {
    const walker = walk([0, hello13!], [1, hello13!])
    expect(walker.clientDirection()).toBe(0)
    expect(walker.summary(0).tls).toMatchObject({ stage: 'client-hello', serverHello: null })
  })

  it('whose version was cut: the records after it say which it is', () => {
    const end13 = 5 + flight13![3]! * 256 + flight13![4]!
    const cut: Step[] = [
      [0, hello13!],
      [1, flight13!.subarray(0, 30)],
      [1, { missing: end13 - 30 }],
    ]
    expect(tlsOf(...cut).version).toBe(null)
    expect(tlsOf(...cut, [1, flight13!.subarray(end13)])).toMatchObject({
      version: '1.3',
      stage: 'server-flight',
    })
    // A client that offers no 1.3 gets none.
    const end12 = 5 + flight12![3]! * 256 + flight12![4]!
    const cut12 = tlsOf([0, hello12!], [1, flight12!.subarray(0, 50)], [1, { missing: end12 - 50 }])
    expect(cut12.version).toBe('1.2')
  })
})

describe('the server flight of TLS 1.2', () => {
  it('says whether a client certificate is asked for, and not yet what came of it', () => {
    const [hello, asking] = recording('tls12-mtls-client').map((piece) => piece.bytes)
    expect(tlsOf([0, hello!], [1, asking!])).toMatchObject({
      stage: 'server-flight',
      clientCertificate: 'unknown',
    })
    expect(tlsOf([0, hello12!], [1, flight12!]).clientCertificate).toBe('not-requested')
  })
})

describe('bytes that are no record header', () => {
  it.each([
    ['type', [25, 3, 3, 0, 5]],
    ['major version', [23, 2, 3, 0, 5]],
    ['minor version', [23, 3, 9, 0, 5]],
    ['length', [23, 3, 3, 0x48, 1]],
  ])('by their %s lose the place', (_, header) => {
    const summary = walk(...opened, [0, [...changeCipherSpec, ...header]]).summary(0)
    expect(summary).toMatchObject({ clientLostPlace: true, upstreamLostPlace: false })
    expect(summary.tls).toMatchObject({ stage: 'server-flight' })
  })
})

describe('streams joined midway', () => {
  it('are TLS when a second record header follows', () => {
    const walker = walk([1, protectedRecords(500, 600)], [0, protectedRecords(40)])
    expect(walker.clientDirection()).toBe(-1)
    expect(walker.summary(0)).toMatchObject({
      protocol: 'tls',
      clientFirst: 'tls',
      upstreamFirst: 'tls',
      lostPlace: false,
      tls: { stage: 'established', version: null, upstreamApplicationRecords: 2 },
    })
  })

  it('are something else when none does', () => {
    expect(walk([1, protectedRecords(500)]).summary(0)).toMatchObject({
      protocol: 'other',
      upstreamFirst: 'other',
      tls: null,
    })
    const junk = [...protectedRecords(500), 0x41, 0x42]
    expect(walk([1, junk]).summary(0)).toMatchObject({ protocol: 'other', tls: null })
  })

  it('may end with an alert-sized record', () => {
    const tls = tlsOf([1, protectedRecords(500, 600, 19)])
    expect(tls).toMatchObject({
      upstreamEndsWithAlertSize: true,
      upstreamApplicationData: { frame: 1 },
      alert: { name: 'encrypted', by: 'upstream' },
    })
  })

  it('within the handshake show how far it is', () => {
    const clientFlight = recording('tls12')[2]!.bytes
    // Only a client sends ClientKeyExchange.
    expect(walk([1, clientFlight]).clientDirection()).toBe(1)
    const both = walk([1, flight12!], [0, clientFlight])
    expect(both.clientDirection()).toBe(0)
    expect(both.summary(0).tls).toMatchObject({ stage: 'client-finished', version: '1.2' })
  })
})

describe('first bytes', () => {
  it.each([
    ['tls', [22, 3, 1, 0, 200, 1]],
    ['tls', alert(2, 40)],
    ['http-request', ascii('GET / HTTP/1.1\r\n')],
    ['http-request', ascii('M-SEARCH * HTTP/1.1\r\n')],
    ['http-request', ascii('CONNECT a:1 HTTP/1.1\r\n')],
    ['http-request', ascii('POST http://a/ HTTP/1.1\r\n')],
    ['http-response', ascii('HTTP/1.1 400 Bad Request\r\n')],
    ['h2-preface', ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['proxy-v1', ascii('PROXY UNKNOWN\r\n')],
    ['proxy-v2', ascii('\r\n\r\n\0\r\nQUIT\n\x20\0\0\0')],
    ['ssh', ascii('SSH-2.0-x\r\n')],
    ['mysql', [0x4a, 0, 0, 0, 10, ...ascii('8.0.36')]],
    ['redis', ascii('*1\r\n$4\r\nPING\r\n')],
    ['h2-settings', [0, 0, 12, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100, 0, 4, 0, 1, 0, 0]],
    ['other', [0, 0, 11, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100, 0, 4, 0, 1, 0, 0]],
    ['greeting', ascii('220 mail.example ESMTP\r\n')],
    ['other', ascii('PING\r\n')],
    ['other', ascii('get key\r\n')],
    ['other', [22, 3, 9, 0, 200, 1]],
    ['other', [22, 3, 1, 255, 255, 1]],
    ['other', [0, 0, 0, 8, 4, 210, 22, 47]],
    ['other', ascii('GE')],
  ] as const)('%s: %j', (first, bytes) => {
    expect(walk([0, bytes]).summary(0).clientFirst).toBe(first)
  })

  it('none, and not captured', () => {
    expect(walk().summary(0)).toMatchObject({
      protocol: 'none',
      clientFirst: 'none',
      upstreamFirst: 'none',
    })
    const gap = walk([0, { missing: 300 }], [1, ascii('HTTP/1.1 200 OK\r\n\r\n')])
    expect(gap.summary(0)).toMatchObject({
      protocol: 'http/1',
      clientFirst: 'not-captured',
      upstreamFirst: 'http-response',
      lostPlace: true,
    })
    expect(gap.clientDirection()).toBe(0)
    expect(walk([0, { missing: 300 }]).summary(0).protocol).toBe('other')
  })
})

describe('protocols that do not fit', () => {
  it('plaintext to a TLS port, refused by an alert', () => {
    expect(walk([0, ascii('GET / HTTP/1.1\r\n\r\n')], [1, alert(2, 10)]).summary(0)).toMatchObject({
      protocol: 'http/1',
      clientFirst: 'http-request',
      upstreamFirst: 'tls',
      tls: { alert: { by: 'upstream', name: 'unexpected_message' }, clientHello: null },
      http: { requests: 1, responses: 0 },
    })
  })

  it('TLS to a plaintext HTTP port', () => {
    const answer = ascii('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    expect(walk([0, hello13!], [1, answer]).summary(0)).toMatchObject({
      protocol: 'tls',
      clientFirst: 'tls',
      upstreamFirst: 'http-response',
      tls: { stage: 'client-hello' },
      http: { requests: 0, responses: 1, lastStatus: 400, connectionClose: true },
    })
  })

  it('the protocol behind a PROXY header is the one that counts', () => {
    const v1 = ascii('PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n')
    const v2 = [...ascii('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c'), ...new Array(12).fill(1)]
    for (const prefix of [v1, v2]) {
      const first = prefix === v1 ? 'proxy-v1' : 'proxy-v2'
      const walker = walk([0, [...prefix, ...hello13!]], [1, flight13!])
      expect(walker.clientDirection()).toBe(0)
      expect(walker.summary(0)).toMatchObject({
        protocol: 'tls',
        clientFirst: first,
        tls: { sni: 'orders.example', stage: 'server-flight' },
      })
      const http = walk([0, prefix], [0, ascii('GET /x HTTP/1.1\r\n\r\n')]).summary(0)
      expect(http).toMatchObject({ protocol: 'http/1', clientFirst: first })
      expect(http.http).toMatchObject({ lastRequestLine: 'GET /x' })
    }
    expect(walk([0, v2.slice(0, 20)], [0, { missing: 8 }], [0, hello13!]).summary(0)).toMatchObject(
      {
        protocol: 'tls',
        lostPlace: false,
      },
    )
    expect(walk([0, v1.slice(0, 20)], [0, { missing: 8 }], [0, hello13!]).summary(0)).toMatchObject(
      {
        protocol: 'other',
        lostPlace: true,
      },
    )
  })
})
