import { describe, expect, it } from 'vitest'
import { ApplicationWalker } from '../../native-free-decoders/application/application-walker.ts'
import { localReplyText } from '../../src/diagnosis/local-replies.ts'
import { OPEN } from '../scenarios/ladders.ts'
import { reportOf } from '../support/ladder-causes.ts'

/** Responses as a real Envoy wrote them (samples/envoy-refused), after so many requests. */
const own =
  'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 98\r\ncontent-type: text/plain\r\nserver: envoy\r\n\r\n'
const passedOn =
  'HTTP/1.1 503 Service Unavailable\r\nserver: envoy\r\ncontent-length: 98\r\nx-envoy-upstream-service-time: 3\r\n\r\n'
const body = 'x'.repeat(98)

function replyOf(...responses: string[]) {
  const walker = new ApplicationWalker()
  let frame = 0
  const feed = (direction: 0 | 1, text: string) => {
    const bytes = new Uint8Array(Buffer.from(text, 'latin1'))
    walker.feed(direction, bytes, 0, bytes.length, ++frame, frame * 1e6)
  }
  for (const response of responses) {
    feed(0, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    feed(1, response)
  }
  return walker.summary(0).http!.localReply
}

describe("Envoy's own answer", () => {
  it('lacks the time of an upstream', () => {
    expect(replyOf(own + body)).toEqual({ count: 1, status: 503, length: 98 })
    expect(replyOf(own + body, passedOn + body, own + body)?.count).toBe(2)
  })

  it('is not one that an upstream made, nor one of another server, nor a good one', () => {
    expect(replyOf(passedOn + body)).toBeNull()
    expect(replyOf(own.replace('server: envoy', 'server: nginx') + body)).toBeNull()
    expect(replyOf(own.replace('503 Service Unavailable', '404 Not Found') + body)).toBeNull()
  })

  it('names its reason by its length, where that is one of its texts', () => {
    const text = (length: number | null) => localReplyText({ count: 1, status: 503, length })
    expect(text(95)).toContain('connection termination')
    expect(text(96)).toBe('503 of 96 bytes')
    expect(text(null)).toBe('503')
  })

  it('is a finding of its own, with the connections on which it was given', async () => {
    const ladder = (response: string) => `${OPEN}
      c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
      u> PA ${JSON.stringify(response + body)}
      c> FA
      u> FA
      c> A`
    const { findings, connections } = await reportOf([
      [10, ladder(own)],
      [11, ladder(passedOn)],
    ])
    const [finding] = findings.filter(({ code }) => code === 'RS305')
    const [answered] = connections.filter(({ client }) => client.port === 41001)
    expect(finding).toMatchObject({ severity: 'info', count: 1, connections: [answered!.id] })
    expect(answered!.proxies).toEqual([
      { side: 'upstream', basis: expect.stringContaining('remote connection failure') },
    ])
    expect(answered!.causes).toEqual([])
  })
})
