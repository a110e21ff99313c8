import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../src/connections/byte-codec.ts'
import { packApplication, SharedTexts } from '../../src/connections/packed-application.ts'
import { unpackApplication } from '../../src/connections/unpacked-application.ts'
import type { ApplicationSummary, H2Summary, HttpSummary } from '../../src/model/application.ts'

const hash53 = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 53 - 1 }))
/** Whole nanoseconds after the first, and what damaged captures have. */
const time = fc.oneof(
  fc.nat(),
  fc.integer({ min: 0, max: 1e15 }),
  fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
)
const mark = fc
  .record({
    time,
    line: fc.nat(0xffffffff),
    requestId: hash53,
    traceId: hash53,
    answer: fc.option(fc.tuple(time, fc.nat(999))),
  })
  .map(({ answer, ...rest }) => ({
    ...rest,
    answered: answer?.[0] ?? null,
    status: answer?.[1] ?? 0,
  }))
const port = fc.nat(65535)

const http = (changes: Partial<HttpSummary>): HttpSummary => ({
  requests: 3,
  responses: 2,
  lastStatus: 503,
  lastRequestLine: 'GET /a',
  lastRequestId: null,
  host: 'shop',
  server: null,
  marks: [],
  localReply: null,
  clientState: 'between-messages',
  upstreamState: 'in-body',
  requestMissing: null,
  responseMissing: 17,
  connectionClose: true,
  ...changes,
})

const said = (changes: Partial<ApplicationSummary>): ApplicationSummary => ({
  protocol: 'http/1',
  clientFirst: 'http-request',
  upstreamFirst: 'http-response',
  tls: null,
  http: null,
  proxyHeader: null,
  lostPlace: false,
  ...changes,
})

function packed(application: ApplicationSummary, first = { frame: 1, time: 0 }) {
  const bytes = new Uint8Array(1 << 16)
  const out = new ByteWriter()
  out.start(bytes, 7)
  const texts = new SharedTexts()
  packApplication(out, application, first, texts)
  return { size: out.at - 7, back: unpackApplication(bytes, 7, first, texts.list) }
}

describe('what was said, packed,', () => {
  it('comes out as it went in', () => {
    fc.assert(
      fc.property(
        fc.array(mark, { maxLength: 64 }),
        fc.option(fc.string({ maxLength: 64 })),
        fc.option(fc.record({ source: port, destination: port })),
        fc.option(fc.record({ count: fc.nat(), status: fc.nat(999), length: fc.option(fc.nat()) })),
        fc.option(
          fc.record({
            opened: fc.nat(),
            ended: fc.nat(),
            resets: fc.nat(),
            lostPlace: fc.boolean(),
            last: fc.option(fc.tuple(fc.nat(0x7fffffff), fc.nat(0xffffffff), fc.nat(9999))),
          }),
        ),
        time,
        (marks, lastRequestId, ports, localReply, frames, start) => {
          const { last = null, ...counts } = frames ?? {}
          const goaway =
            last === null
              ? null
              : { lastStream: last[0], error: last[1], frame: 1 + last[2], time: start + 5 }
          const h2 =
            frames === null
              ? {}
              : {
                  h2: {
                    ...(counts as H2Summary),
                    goaway: goaway && { ...goaway, by: 'upstream' as const },
                  },
                }
          const proxyHeader =
            ports === null
              ? null
              : {
                  source: { address: '2001:db8::1', port: ports.source },
                  destination: { address: '10.0.0.1', port: ports.destination },
                }
          const application = said({
            proxyHeader,
            http: http({ marks, lastRequestId, localReply }),
            ...h2,
          })
          expect(packed(application, { frame: 1, time: start }).back).toEqual(application)
        },
      ),
    )
  })

  it('takes some 20 bytes for a request with an id, and none for ids that are not there', () => {
    const plain = packed(said({ http: http({}) })).size
    expect(plain).toBeLessThan(30)
    const one = {
      time: 5e9,
      line: 0x9e3779b9,
      requestId: 2 ** 52,
      traceId: 0,
      status: 200,
      answered: 5.1e9,
    }
    const marks = Array.from({ length: 64 }, (_, i) => ({
      ...one,
      time: i * 1e9,
      answered: i * 1e9 + 3e6,
    }))
    expect(packed(said({ http: http({ marks }) })).size - plain).toBeLessThan(64 * 28)
  })
})
