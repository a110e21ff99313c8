import { createHash, createHmac } from 'node:crypto'

export interface S3Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

export interface S3Request {
  method: 'GET'
  url: URL
  /** Signed with the others. Names in lower case. */
  headers: Record<string, string>
  region: string
  credentials: S3Credentials
  time: Date
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
const EMPTY_SHA256 = createHash('sha256').digest('hex')

/**
 * The headers of a request for S3 without a body, with its signature (AWS Signature Version 4, "Transferring Payload in a
 * Single Chunk"). The path of the URL must be encoded as S3 wants it, see `s3Path`.
 */
export function signedHeaders(request: S3Request): Record<string, string> {
  const { method, url, region, credentials, time } = request
  const at = time.toISOString().replace(/[-:]|\.\d+/g, '')
  const headers: Record<string, string> = {
    ...request.headers,
    host: url.host,
    'x-amz-content-sha256': EMPTY_SHA256,
    'x-amz-date': at,
    ...(credentials.sessionToken === undefined
      ? {}
      : { 'x-amz-security-token': credentials.sessionToken }),
  }
  const names = Object.keys(headers).sort()
  const signed = names.join(';')
  const canonical = [
    method,
    url.pathname,
    canonicalQuery(url),
    ...names.map((name) => `${name}:${headers[name]!.trim().replace(/ +/g, ' ')}`),
    '',
    signed,
    EMPTY_SHA256,
  ].join('\n')
  const scope = `${at.slice(0, 8)}/${region}/s3/aws4_request`
  const toSign = [ALGORITHM, at, scope, sha256(canonical)].join('\n')
  const key = [at.slice(0, 8), region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${credentials.secretAccessKey}`,
  )
  const signature = hmac(key, toSign).toString('hex')
  const credential = `${credentials.accessKeyId}/${scope}`
  return {
    ...headers,
    authorization: `${ALGORITHM} Credential=${credential},SignedHeaders=${signed},Signature=${signature}`,
  }
}

/** The key of an object as the path of a URL: every byte but letters, digits, `-._~` and `/` is percent-encoded. */
export function s3Path(key: string): string {
  return key.split('/').map(encoded).join('/')
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&')
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
