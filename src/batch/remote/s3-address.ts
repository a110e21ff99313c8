import { RstscopeError } from '../../errors.ts'
import { type S3Credentials, s3Path } from './sigv4.ts'

/** The variables that S3 clients read. */
export interface S3Environment {
  AWS_ENDPOINT_URL_S3?: string | undefined
  AWS_ENDPOINT_URL?: string | undefined
  AWS_REGION?: string | undefined
  AWS_DEFAULT_REGION?: string | undefined
  AWS_ACCESS_KEY_ID?: string | undefined
  AWS_SECRET_ACCESS_KEY?: string | undefined
  AWS_SESSION_TOKEN?: string | undefined
}

export interface S3Address {
  url: URL
  region: string
  /** Null: the bucket is asked as anybody may. */
  credentials: S3Credentials | null
}

/** Where an `s3://bucket/key` is. Everything after the bucket is its key, whatever characters it holds. */
export function s3Address(text: string, env: S3Environment): S3Address {
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9._-]{1,62})\/(.+)$/is.exec(text) ?? []
  if (bucket === undefined || key === undefined) {
    throw new RstscopeError('RSTSCOPE_USAGE', `${text} names no object`, 's3://bucket/key')
  }
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1'
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL
  return { url: urlOf(bucket, s3Path(key), region, endpoint), region, credentials: keysIn(env) }
}

function urlOf(bucket: string, path: string, region: string, endpoint: string | undefined): URL {
  if (endpoint) {
    const base = parsedEndpoint(endpoint)
    base.pathname = `${base.pathname.replace(/\/$/, '')}/${bucket}/${path}`
    return base
  }
  // A dot in the bucket's name would be a level of the host's name, which no certificate covers.
  const inPath = bucket.includes('.') || bucket !== bucket.toLowerCase()
  return new URL(
    inPath
      ? `https://s3.${region}.amazonaws.com/${bucket}/${path}`
      : `https://${bucket}.s3.${region}.amazonaws.com/${path}`,
  )
}

function parsedEndpoint(text: string): URL {
  const base = URL.canParse(text) ? new URL(text) : null
  if (base !== null && /^https?:$/.test(base.protocol) && base.search === '') return base
  throw new RstscopeError(
    'RSTSCOPE_USAGE',
    '$AWS_ENDPOINT_URL is not an address',
    'AWS_ENDPOINT_URL=https://minio.example:9000',
  )
}

function keysIn(env: S3Environment): S3Credentials | null {
  const accessKeyId = env.AWS_ACCESS_KEY_ID
  const secretAccessKey = env.AWS_SECRET_ACCESS_KEY
  if (!accessKeyId || !secretAccessKey) return null
  return { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN || undefined }
}
