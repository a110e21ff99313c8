import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { RstscopeError } from '../../errors.ts'
import type { S3Address } from './s3-address.ts'
import { signedHeaders } from './sigv4.ts'
import { withoutSecrets } from './without-secrets.ts'

const MOST_REDIRECTS = 5

/** What is asked for: a URL, or an object of S3 whose requests are signed. */
export type Target = { kind: 'url'; url: URL } | ({ kind: 's3' } & S3Address)

export interface RequestOptions {
  headers: Record<string, string>
  /** Time without an answer after which the connection counts as broken. */
  stallMs: number
  signal: AbortSignal | undefined
}

/** The connection is at fault, not what was asked: the same request may work when it is sent again. */
export class BrokenConnection extends Error {}

/** Sends a GET and follows redirects. Resolves with any answer that is none; its body is not read yet. */
export async function get(target: Target, options: RequestOptions): Promise<IncomingMessage> {
  let { url } = target
  for (let hops = 0; ; hops++) {
    const response = await send(url, headersFor(target, url, options.headers), options)
    const location = response.headers.location
    if (!isRedirect(response) || location === undefined) return response
    response.destroy()
    // What was signed is for one host only, and not to be shown to another.
    if (target.kind === 's3') throw otherRegion(response, url)
    if (hops === MOST_REDIRECTS) throw refused(url, `more than ${MOST_REDIRECTS} redirects`)
    url = redirected(url, location)
  }
}

function headersFor(
  target: Target,
  url: URL,
  headers: Record<string, string>,
): Record<string, string> {
  if (target.kind === 's3' && target.credentials !== null) {
    const { region, credentials } = target
    return signedHeaders({ method: 'GET', url, headers, region, credentials, time: new Date() })
  }
  const isSameHost = url.origin === target.url.origin
  const { username, password } = target.url
  if (username === '' || !isSameHost) return headers
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { ...headers, authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

function send(
  url: URL,
  headers: Record<string, string>,
  { stallMs, signal }: RequestOptions,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const { protocol, hostname, port, pathname, search } = url
    const sent = request({
      protocol,
      hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      path: pathname + search,
      headers,
      signal,
      // A connection for each file: none is left open behind the last one.
      agent: false,
    })
    const timer = setTimeout(
      () => sent.destroy(new BrokenConnection(`no answer within ${stallMs / 1000} s`)),
      stallMs,
    )
    sent.once('response', (response) => {
      clearTimeout(timer)
      // One that breaks before anybody reads it says so to its first reader.
      response.on('error', () => {})
      resolve(response)
    })
    sent.on('error', (error) => {
      clearTimeout(timer)
      reject(
        signal?.aborted
          ? new RstscopeError('RSTSCOPE_INTERRUPTED', 'interrupted', null, { cause: error })
          : new BrokenConnection(withoutSecrets(error.message), { cause: error }),
      )
    })
    sent.end()
  })
}

function isRedirect({ statusCode }: IncomingMessage): boolean {
  return [301, 302, 303, 307, 308].includes(statusCode ?? 0)
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : null
  if (to === null || !/^https?:$/.test(to.protocol)) {
    throw refused(from, 'it redirects to something that is no http address')
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw refused(from, 'it redirects from https to http')
  }
  return to
}

function otherRegion(response: IncomingMessage, url: URL): RstscopeError {
  const region = response.headers['x-amz-bucket-region']
  const isKnown = typeof region === 'string' && /^[a-z0-9-]{1,40}$/.test(region)
  return refused(
    url,
    isKnown ? `its bucket is in the region ${region}` : 'its bucket is somewhere else',
    isKnown ? `AWS_REGION=${region}` : 'set AWS_REGION or AWS_ENDPOINT_URL',
  )
}

/** What cannot be read, and no second attempt would change that. */
export function refused(url: URL | string, what: string, hint: string | null = null) {
  const shown = withoutSecrets(String(url))
  return new RstscopeError('RSTSCOPE_UNREADABLE', `cannot read ${shown}: ${what}`, hint)
}
