import { expect, test } from 'vitest'
import { s3Address } from '../../../src/batch/remote/s3-address.ts'
import { s3Path, signedHeaders } from '../../../src/batch/remote/sigv4.ts'

// Amazon S3 API reference, "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk":
// its examples with this key, this time and this bucket.
const EXAMPLE = {
  method: 'GET' as const,
  region: 'us-east-1',
  time: new Date('2013-05-24T00:00:00Z'),
  credentials: {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  },
}
const BUCKET = 'https://examplebucket.s3.amazonaws.com'

test('GET Object with a range, as documented', () => {
  const url = new URL(`${BUCKET}/test.txt`)
  const { authorization } = signedHeaders({ ...EXAMPLE, url, headers: { range: 'bytes=0-9' } })
  expect(authorization).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,' +
      'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,' +
      'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  )
})

test.each([
  ['?lifecycle', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
  ['?max-keys=2&prefix=J', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
])('GET %s, as documented', (query, signature) => {
  const url = new URL(`${BUCKET}/${query}`)
  const { authorization } = signedHeaders({ ...EXAMPLE, url, headers: {} })
  expect(authorization).toContain(`Signature=${signature}`)
})

test('a session token is signed with the rest', () => {
  const credentials = { ...EXAMPLE.credentials, sessionToken: 'token' }
  const url = new URL(`${BUCKET}/test.txt`)
  const headers = signedHeaders({ ...EXAMPLE, credentials, url, headers: {} })
  expect(headers['x-amz-security-token']).toBe('token')
  expect(headers.authorization).toContain(';x-amz-security-token,')
  expect(JSON.stringify(headers)).not.toContain('wJalr')
})

test('a key becomes a path as S3 wants it', () => {
  expect(s3Path("2026-11/a b+c(1)!'*~_.pcap")).toBe('2026-11/a%20b%2Bc%281%29%21%27%2A~_.pcap')
  expect(s3Path('ä?#%/x')).toBe('%C3%A4%3F%23%25/x')
})

test.each([
  ['s3://caps/a/b.pcap', {}, 'https://caps.s3.us-east-1.amazonaws.com/a/b.pcap'],
  [
    's3://caps/a?b#c',
    { AWS_REGION: 'eu-west-1' },
    'https://caps.s3.eu-west-1.amazonaws.com/a%3Fb%23c',
  ],
  [
    's3://caps.prod/a',
    { AWS_DEFAULT_REGION: 'eu-west-1' },
    'https://s3.eu-west-1.amazonaws.com/caps.prod/a',
  ],
  ['s3://caps/a', { AWS_ENDPOINT_URL: 'http://minio:9000' }, 'http://minio:9000/caps/a'],
  ['s3://caps/a', { AWS_ENDPOINT_URL: 'http://gate/s3/' }, 'http://gate/s3/caps/a'],
  [
    's3://caps/a',
    { AWS_ENDPOINT_URL: 'http://other', AWS_ENDPOINT_URL_S3: 'http://minio:9000' },
    'http://minio:9000/caps/a',
  ],
])('%s with %j is %s', (text, env, url) => {
  expect(s3Address(text, env).url.href).toBe(url)
})

test.each(['s3://', 's3://caps', 's3://caps/', 's3:///key', 's3://a b/c', 's3://-x/c'])(
  '%s names no object',
  (text) => {
    expect(() => s3Address(text, {})).toThrow(/names no object/)
  },
)

test('without keys nothing is signed, and an endpoint must be an address', () => {
  expect(s3Address('s3://caps/a', { AWS_ACCESS_KEY_ID: 'x' }).credentials).toBeNull()
  expect(() => s3Address('s3://caps/a', { AWS_ENDPOINT_URL: 'minio' })).toThrow(/AWS_ENDPOINT_URL/)
})
