import { describe, expect, it } from 'vitest'
import { EXCHANGE, HALF_RESPONSE, OPEN, REQUEST } from '../scenarios/ladders.ts'
import { causesOfParts, type Part } from '../support/ladder-causes.ts'

const REFUSED = `
  c> S
  u> RA`
const first = async (...parts: Part[]) => (await causesOfParts(parts))[0]!

describe('a port that refuses', () => {
  it('was not ready yet where it accepts everything later', async () => {
    expect(await first([10, REFUSED], [11, REFUSED], [14, EXCHANGE])).toEqual([
      'connection-refused certain',
      'not-ready-yet probable',
    ])
  })

  it('is not surely without a listener where it accepts others in the same second', async () => {
    const among: Part[] = [
      [10, EXCHANGE],
      [10.2, REFUSED],
      [10.4, EXCHANGE],
    ]
    const causes = (await causesOfParts(among))[1]!
    expect(causes[0]).toBe('connection-refused unclear')
    // Before and long after: nobody listened for a while.
    const meanwhile = (
      await causesOfParts([
        [10, EXCHANGE],
        [10.2, REFUSED],
        [14, EXCHANGE],
      ])
    )[1]!
    expect(meanwhile[0]).toBe('connection-refused certain')
  })

  it('is not "not ready yet" where it had accepted before, or never does', async () => {
    const refused = ['connection-refused certain']
    expect(await first([10, REFUSED], [5, EXCHANGE])).toEqual(refused)
    expect(await first([10, REFUSED], [12, REFUSED])).toEqual(refused)
    expect(await first([10, REFUSED], [12, EXCHANGE, { upstream: '10.2.0.4:8080' }])).toEqual(
      refused,
    )
  })
})

describe('SYNs that vanish', () => {
  const lost = `
    c> S lost
    c> S +1s lost
    c> S +2s lost`

  it('may meet a full table where others to the same endpoint pass', async () => {
    expect(await first([10, lost], [9, EXCHANGE], [12, EXCHANGE])).toEqual([
      'syn-dropped probable',
      'conntrack-full unclear',
    ])
  })

  it('meet a policy where none passes', async () => {
    expect(await first([10, lost])).toEqual(['syn-dropped probable'])
  })
})

describe('a port that is used again', () => {
  it('meets the earlier connection: ACK, RST, and no handshake', async () => {
    const causes = await first([
      10,
      `c> S
       u> A seq+70000 ack+90000
       c> R
       c> S +1s lost`,
    ])
    expect(causes[0]).toBe('time-wait-reuse probable')
  })
})

describe('a kernel without the socket', () => {
  const forgotten = `${EXCHANGE}
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +3s
    u> R`

  it('had taken part: it restarted, the more surely the more connections it forgot', async () => {
    expect((await first([10, forgotten]))[0]).toBe('peer-restarted unclear')
    expect((await first([10, forgotten], [11, forgotten]))[0]).toBe('peer-restarted probable')
  })

  it('did not restart where it had closed before', async () => {
    const closed = `${EXCHANGE}
      u> FA +3s
      c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
      u> R`
    expect((await first([10, closed], [11, closed])).join()).not.toContain('peer-restarted')
  })

  it('had sent a SYN cookie whose ACK was lost', async () => {
    const cookie = `
      c> S
      u> SA
      c> A lost
      c> PA 40 +5s
      u> R`
    expect((await first([10, cookie]))[0]).toBe('syn-cookie-lost probable')
    const arrived = cookie.replace('c> A lost', 'c> A')
    expect((await first([10, arrived])).join()).not.toContain('syn-cookie-lost')
  })
})

describe('a device between', () => {
  it('resets both ends at the end of a known idle timeout', async () => {
    const idle = (seconds: number) => `${EXCHANGE}
      m>c RA +${seconds}s ttl=250
      m>u RA +0.001s ttl=250`
    expect((await first([10, idle(240)]))[0]).toBe('middlebox-idle-timeout probable')
    const causes = await first([10, idle(3.7)])
    expect(causes[0]).toMatch(/^middlebox-reset/)
    expect(causes.join()).not.toContain('middlebox-idle-timeout')
  })

  it('may have routed the data to another host', async () => {
    const rerouted = `${REQUEST}
      u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
      c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" lost
      m>c R ttl=58`
    expect((await first([10, rerouted])).join()).toContain('ecmp-rehash unclear')
    const arrived = rerouted.replace(' lost', '')
    expect((await first([10, arrived])).join()).not.toContain('ecmp-rehash')
  })
})

describe('protocols that do not fit', () => {
  it('are named where each side speaks one that is known', async () => {
    const ssh = `${OPEN}
      u> PA "SSH-2.0-OpenSSH_9.6\\r\\n"
      c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
      u> FA
      c> FA
      u> A`
    expect((await first([10, ssh]))[0]).toBe('wrong-protocol probable')
    const h2 = `${OPEN}
      c> PA "PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n"
      u> PA "HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"
      u> FA
      c> FA
      u> A`
    expect((await first([10, h2]))[0]).toBe('wrong-protocol probable')
    expect((await first([10, EXCHANGE])).join()).not.toContain('wrong-protocol')
  })

  const withHeader = `${OPEN}
    c> PA "PROXY TCP4 192.0.2.7 192.0.2.8 40000 443\\r\\nGET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"`
  const works = `${withHeader}
    u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
    c> FA
    u> FA
    c> A`
  const turnedDown = `
    u> PA "HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"
    u> FA
    c> FA
    u> A`

  it('are one with a PROXY header and one without', async () => {
    expect((await first([10, `${withHeader}${turnedDown}`]))[0]).toBe(
      'proxy-protocol-mismatch probable',
    )
    expect((await first([10, `${REQUEST}${turnedDown}`], [12, works]))[0]).toBe(
      'proxy-protocol-mismatch probable',
    )
    expect((await first([10, `${REQUEST}${turnedDown}`])).join()).not.toContain('proxy-protocol')
    expect(await first([10, works])).toEqual([])
  })
})

describe('connections that are turned away', () => {
  const turned = `${OPEN}
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
    u> RA`

  it('are many, while others work', async () => {
    const parts: Part[] = [
      [10, turned],
      [10.1, turned],
      [10.2, turned],
      [9, EXCHANGE],
    ]
    expect((await first(...parts)).join()).toContain('descriptor-exhaustion unclear')
    expect((await first(...parts.slice(0, 1), [9, EXCHANGE])).join()).not.toContain('descriptor')
    expect((await first(...parts.slice(0, 3))).join()).not.toContain('descriptor')
  })

  it('are not those that had been answered', async () => {
    const answered: Part[] = [10, 10.1, 10.2].map((at) => [at, `${HALF_RESPONSE}\n u> RA`])
    expect((await first(...answered, [9, EXCHANGE])).join()).not.toContain('descriptor')
  })
})

describe('HTTP/2 in plaintext', () => {
  const preface = '$hello'
  const payloads = {
    hello: [
      ...Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      ...[0, 0, 0, 4, 0, 0, 0, 0, 0],
      ...[0, 0, 2, 1, 5, 0, 0, 0, 1, 0x82, 0x86],
    ],
    settings: [0, 0, 0, 4, 0, 0, 0, 0, 0],
    answer: [0, 0, 2, 1, 5, 0, 0, 0, 1, 0x88, 0x88],
    goaway: [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  }
  const ladder = (...said: string[]) => `${OPEN}
    c> PA ${preface}
    u> PA $settings
    ${said.join('\n')}
    u> RA +1s`

  it('says GOAWAY before it ends, with a stream open or not', async () => {
    const goaway = 'u> PA $goaway +1s'
    expect((await first([10, ladder(goaway), { payloads }]))[0]).toBe('h2-goaway probable')
    expect((await first([10, ladder('u> PA $answer', goaway), { payloads }]))[0]).toBe(
      'h2-goaway probable',
    )
    expect((await first([10, ladder('u> PA $answer'), { payloads }])).join()).not.toContain(
      'goaway',
    )
  })
})
