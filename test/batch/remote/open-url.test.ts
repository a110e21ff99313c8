import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { isUrl } from '../../../src/batch/find/places.ts'
import { type OpenUrlOptions, UrlStream } from '../../../src/batch/remote/open-url.ts'
import { analyze } from '../../../src/index.ts'
import { root } from '../../source-files.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const BYTES = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7 + (at >> 8)) & 255))
const FAST: OpenUrlOptions = { stallMs: 300, firstWaitMs: 1, env: {} }

async function read(url: string, options: OpenUrlOptions = FAST): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of new UrlStream(url, options)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Sends the asked range, and breaks the connection after `breakAfter` bytes of each answer but the last. */
function breaking(breakAfter: number, asked: (string | undefined)[]): RequestListener {
  return ({ headers }, response) => {
    asked.push(headers.range)
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)
    expect(headers['if-range']).toBe(start > 0 ? '"v1"' : undefined)
    const rest = BYTES.subarray(start)
    response.writeHead(start > 0 ? 206 : 200, {
      etag: '"v1"',
      'content-length': rest.length,
      ...(start > 0
        ? { 'content-range': `bytes ${start}-${BYTES.length - 1}/${BYTES.length}` }
        : {}),
    })
    if (rest.length <= breakAfter) return response.end(rest)
    response.write(rest.subarray(0, breakAfter), () => response.destroy())
  }
}

test('addresses are told from paths', () => {
  expect(['http://h/f', 'HTTPS://h/f', 's3://b/k'].map(isUrl)).toEqual([true, true, true])
  expect(['a.pcap', '/a', 'C:\\a', 'ftp://h/f', 'http:a', '-'].some(isUrl)).toBe(false)
})

describe('a file on a web server', () => {
  test('comes whole, and its length is known before its bytes', async () => {
    const url = await serve((_, response) => response.end(BYTES))
    const stream = await new UrlStream(`${url}/a.pcap?X-Amz-Signature=secret`, FAST).open()
    expect(stream.totalBytes).toBe(BYTES.length)
    expect(stream.label).toBe(`${url}/a.pcap?…`)
    stream.destroy()
    expect((await read(url)).equals(BYTES)).toBe(true)
  })

  test('nothing is asked for before somebody reads', async () => {
    let asked = 0
    const url = await serve((_, response) => {
      asked++
      response.end(BYTES)
    })
    const stream = new UrlStream(url, FAST)
    await setTimeout(20)
    expect(asked).toBe(0)
    for await (const _ of stream) break
    expect(asked).toBe(1)
  })

  test('a broken connection goes on from the last byte', async () => {
    const asked: (string | undefined)[] = []
    const url = await serve(breaking(40_000, asked))
    expect((await read(url)).equals(BYTES)).toBe(true)
    expect(asked).toHaveLength(3)
    expect(asked[0]).toBeUndefined()
  })

  test('a server without ranges sends it again, and nothing is there twice', async () => {
    let asked = 0
    const url = await serve((_, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': BYTES.length })
      if (asked++ > 0) response.end(BYTES)
      else response.write(BYTES.subarray(0, 33_333), () => response.destroy())
    })
    expect((await read(url)).equals(BYTES)).toBe(true)
    expect(asked).toBe(2)
  })

  test.each([
    ['200 with another tag', 200, { etag: '"v2"' }],
    ['206 with another tag', 206, { etag: '"v2"', 'content-range': 'bytes 50000-99999/100000' }],
    ['206 of another length', 206, { etag: '"v1"', 'content-range': 'bytes 50000-99998/99999' }],
    ['206 of other bytes', 206, { etag: '"v1"', 'content-range': 'bytes 0-99999/100000' }],
    ['416', 416, {}],
  ])('a file that changed in between is not put together: %s', async (_, status, headers) => {
    let asked = 0
    const url = await serve((_request, response) => {
      if (asked++ > 0) return response.writeHead(status, headers).end(BYTES)
      response.writeHead(200, { etag: '"v1"', 'content-length': BYTES.length })
      response.write(BYTES.subarray(0, 50_000), () => response.destroy())
    })
    await expect(read(url)).rejects.toMatchObject({
      code: 'RSTSCOPE_UNREADABLE',
      message: expect.stringContaining('it was changed while it was read'),
    })
  })

  test.each([{}, { etag: 'W/"weak"' }])(
    'without a tag nothing is put together: %j',
    async (tag) => {
      const url = await serve((_, response) => {
        response.writeHead(200, { ...tag, 'content-length': BYTES.length })
        response.write(BYTES.subarray(0, 50_000), () => response.destroy())
      })
      await expect(read(url)).rejects.toThrow(/names no ETag/)
    },
  )

  test('a length that is never reached is an error in the end, not a wait', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': BYTES.length + 10 })
      response.write(BYTES, () => response.destroy())
    })
    await expect(read(url)).rejects.toMatchObject({ code: 'RSTSCOPE_UNREADABLE' })
  })

  test('a server that says nothing is given up', async () => {
    let asked = 0
    const url = await serve(() => {
      asked++
    })
    await expect(read(url, { ...FAST, stallMs: 30 })).rejects.toThrow(/no answer within 0.03 s/)
    expect(asked).toBe(6)
  })

  test('one that stops in the middle is asked again; a slow one is waited for', async () => {
    let asked = 0
    const url = await serve(async ({ headers }, response) => {
      const start = Number(/(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0)
      response.writeHead(start > 0 ? 206 : 200, {
        etag: '"v1"',
        'content-length': BYTES.length - start,
        'content-range': `bytes ${start}-99999/100000`,
      })
      if (asked++ === 0) return void response.write(BYTES.subarray(0, 30_000))
      for (let at = start; at < BYTES.length; at += 10_000) {
        response.write(BYTES.subarray(at, at + 10_000))
        await setTimeout(60)
      }
      response.end()
    })
    expect((await read(url, { ...FAST, stallMs: 200 })).equals(BYTES)).toBe(true)
    expect(asked).toBe(2)
  })

  test.each([500, 503, 429])('%i is tried again', async (status) => {
    let asked = 0
    const url = await serve((_, response) => {
      if (asked++ < 2) response.writeHead(status).end('sorry')
      else response.end(BYTES)
    })
    expect((await read(url)).equals(BYTES)).toBe(true)
  })

  test.each([
    [404, 'there is no such file (404)'],
    [403, 'access is denied (403)'],
    [401, 'access is denied (401)'],
    [204, 'the server says 204'],
  ])('%i is not', async (status, what) => {
    let asked = 0
    const url = await serve((_, response) => {
      asked++
      response.writeHead(status).end()
    })
    const error = await read(`${url}/a.pcap?token=secret`).catch((thrown) => thrown)
    expect(error).toMatchObject({
      code: 'RSTSCOPE_UNREADABLE',
      message: `cannot read ${url}/a.pcap?…: ${what}`,
    })
    expect(asked).toBe(1)
  })

  test('nobody there is an error with the address, without its secrets', async () => {
    const error = await read('http://user:secret@127.0.0.1:1/a').catch((thrown) => thrown)
    expect(error.message).toMatch(/^cannot read http:\/\/127\.0\.0\.1:1\/a: .*ECONNREFUSED/)
    expect(`${error.message}${error.hint}`).not.toContain('secret')
  })

  test('an abort ends it at once', async () => {
    const url = await serve((_, response) => void response.write(BYTES))
    const stop = new AbortController()
    const reading = read(url, { ...FAST, stallMs: 30_000, signal: stop.signal })
    void setTimeout(50).then(() => stop.abort())
    await expect(reading).rejects.toMatchObject({ code: 'RSTSCOPE_INTERRUPTED' })
  })

  test('a capture in it gives the same answer as the file, also compressed', async () => {
    const capture = readFileSync(`${root}samples/keepalive-race/client.pcap`)
    const url = await serve(({ url: path, headers }, response) => {
      expect(headers['accept-encoding']).toBe('identity')
      // As web servers do with a file that is stored compressed.
      if (path === '/encoded') response.setHeader('content-encoding', 'gzip')
      response.end(path === '/plain' ? capture : gzipSync(capture))
    })
    const wanted = await analyze(new Uint8Array(capture))
    for (const path of ['/plain', '/a.pcap.gz', '/encoded']) {
      const found = await analyze(new UrlStream(url + path, FAST))
      expect(found.verdict).toEqual(wanted.verdict)
    }
  })
})

describe('redirects', () => {
  test('are followed, and credentials stay with the host they were given for', async () => {
    const seen: (string | undefined)[] = []
    const other = await serve(({ headers }, response) => {
      seen.push(headers.authorization)
      response.end(BYTES)
    })
    const url = await serve(({ url: path, headers }, response) => {
      seen.push(headers.authorization)
      response.writeHead(302, { location: path === '/a' ? '/b' : `${other}/c` }).end()
    })
    expect((await read(`${url.replace('//', '//user:p%40ss@')}/a`)).equals(BYTES)).toBe(true)
    const basic = `Basic ${Buffer.from('user:p@ss').toString('base64')}`
    expect(seen).toEqual([basic, basic, undefined])
  })

  test.each([
    ['/again', /more than 5 redirects/],
    ['file:///etc/passwd', /no http address/],
    ['http://', /no http address/],
  ])('to %s are refused', async (location, what) => {
    const url = await serve((_, response) => response.writeHead(302, { location }).end())
    await expect(read(url)).rejects.toThrow(what)
  })
})

describe('an object of S3', () => {
  const KEYS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' }

  test('is asked for at the endpoint, signed, with its range', async () => {
    const seen: { path: string; authorization: string; range: string | undefined }[] = []
    const url = await serve(({ url: path, headers }, response) => {
      const { authorization = '', range } = headers
      seen.push({ path: path!, authorization, range })
      const start = Number(/(\d+)-/.exec(range ?? '')?.[1] ?? 0)
      response.writeHead(start > 0 ? 206 : 200, {
        etag: '"v1"',
        'content-length': BYTES.length - start,
        'content-range': `bytes ${start}-99999/100000`,
      })
      if (start === 0) response.write(BYTES.subarray(0, 10_000), () => response.destroy())
      else response.end(BYTES.subarray(start))
    })
    const env = { ...KEYS, AWS_ENDPOINT_URL: url }
    expect((await read('s3://caps/2026/a b.pcap', { ...FAST, env })).equals(BYTES)).toBe(true)
    expect(seen.map(({ path }) => path)).toEqual(['/caps/2026/a%20b.pcap', '/caps/2026/a%20b.pcap'])
    expect(seen[0]!.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/us-east-1\/s3\/aws4_request,SignedHeaders=accept-encoding;host;/,
    )
    expect(seen[1]!.authorization).toContain(';range;')
    expect(seen[1]!.authorization).not.toBe(seen[0]!.authorization)
  })

  test('in another region it says in which; what is signed is shown to nobody else', async () => {
    const url = await serve((_, response) =>
      response
        .writeHead(301, { location: 'http://127.0.0.1:1/', 'x-amz-bucket-region': 'eu-west-1' })
        .end(),
    )
    await expect(
      read('s3://caps/a', { ...FAST, env: { ...KEYS, AWS_ENDPOINT_URL: url } }),
    ).rejects.toMatchObject({ hint: 'AWS_REGION=eu-west-1' })
  })

  test('without keys it is asked for as anybody may, and says which keys are missing', async () => {
    const url = await serve(({ headers }, response) => {
      expect(headers.authorization).toBeUndefined()
      response.writeHead(403).end()
    })
    await expect(
      read('s3://caps/a', { ...FAST, env: { AWS_ENDPOINT_URL: url } }),
    ).rejects.toMatchObject({ hint: expect.stringContaining('AWS_ACCESS_KEY_ID') })
  })
})
