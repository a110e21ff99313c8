import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { RstscopeError } from '../../errors.ts'
import { withoutSecrets } from '../remote/without-secrets.ts'
import { loadRedis } from './packages.ts'

const DEFAULT_PORT = 6379
const CONNECT_MS = 10_000
const LONGEST_WAIT_MS = 5_000

export interface QueueFiles {
  /** Certificates (PEM) that the queue's own must come from; none: those that Node trusts. */
  ca?: string | undefined
  /** Holds the password, for an address without one. */
  password?: string | undefined
}

/** Options of a connection, as ioredis names them. */
interface RedisSettings {
  host: string
  port: number
  db: number
  username?: string
  password?: string
  tls?: { servername?: string; ca?: string }
  connectTimeout: number
  keepAlive: number
  maxRetriesPerRequest: null
  retryStrategy(times: number): number | null
}

/** Where the queue is. `shown` is what may be printed of it; everything else holds secrets. */
export interface QueueAddress {
  shown: string
  options: RedisSettings
}

/** The address in a `redis://` or `rediss://` URL (TLS): `rediss://user:password@host:port/db`. */
export function queueAddress(url: string, files: QueueFiles = {}): QueueAddress {
  const { protocol, hostname, port, username, password, pathname, search } = parsed(url)
  if (protocol !== 'redis:' && protocol !== 'rediss:') throw notAnAddress('it begins otherwise')
  if (hostname === '') throw notAnAddress('it names no host')
  // ioredis takes options from there; here they would be lost without a word.
  if (search !== '') throw notAnAddress('nothing may stand after a ?')
  const db = /^\/?(\d{0,4})$/.exec(pathname)?.[1]
  if (db === undefined) throw notAnAddress('its path is the number of a database')
  const isTls = protocol === 'rediss:'
  if (files.ca !== undefined && !isTls) {
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      '--queue-ca is given, but the address of the queue is not rediss://',
      'TLS begins with rediss://',
    )
  }
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const secret = password !== '' ? decoded(password) : passwordIn(files.password)
  return {
    shown: `${protocol}//${hostname}:${port || DEFAULT_PORT}/${Number(db)}`,
    options: {
      host,
      port: Number(port || DEFAULT_PORT),
      db: Number(db),
      ...(username === '' ? {} : { username: decoded(username) }),
      ...(secret === null ? {} : { password: secret }),
      ...(isTls ? { tls: tlsOptions(host, files.ca) } : {}),
      connectTimeout: CONNECT_MS,
      keepAlive: 30_000,
      // A command waits for a server that restarts, however long that takes.
      maxRetriesPerRequest: null,
      retryStrategy: (times) => Math.min(times * 200, LONGEST_WAIT_MS),
    },
  }
}

function tlsOptions(host: string, ca: string | undefined): NonNullable<RedisSettings['tls']> {
  return {
    // RFC 6066 §3: an address is no server name.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca: textOf(ca, '--queue-ca') }),
  }
}

/** Rejects with a `RstscopeError` that says what is wrong where the queue does not answer. */
export async function checkQueue({ options, shown }: QueueAddress): Promise<void> {
  const Redis = await loadRedis()
  const redis = new Redis({ ...options, lazyConnect: true, retryStrategy: () => null })
  // What went wrong comes as an event; the promise says only that the connection is closed.
  let cause: Error | null = null
  redis.on('error', (error: Error) => {
    cause = error
  })
  try {
    await redis.connect()
    await redis.ping()
  } catch (error) {
    throw unreachable(shown, cause ?? (error as Error))
  } finally {
    redis.disconnect()
  }
}

function unreachable(shown: string, error: Error): RstscopeError {
  const said = withoutSecrets(error.message)
  const what = said === '' ? ((error as NodeJS.ErrnoException).code ?? 'no answer') : said
  const message = `cannot use the queue at ${shown}: ${what}`
  return new RstscopeError('RSTSCOPE_UNREADABLE', message, hintFor(what), { cause: error })
}

function hintFor(what: string): string | null {
  if (/NOAUTH|WRONGPASS|AUTH/.test(what)) {
    return 'give the password in $RSTSCOPE_QUEUE or with --queue-password-file'
  }
  if (/certificate|self.signed|altnames/i.test(what)) {
    return 'name the certificate of its authority with --queue-ca'
  }
  if (/wrong version number|socket hang up|ECONNRESET|closed/i.test(what)) {
    return 'rediss:// is for a server with TLS, redis:// for one without'
  }
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT/.test(what)) return 'check its host and port'
  return null
}

function parsed(url: string): URL {
  try {
    return new URL(url)
  } catch {
    throw notAnAddress('a password with : / ? # or @ in it must be percent-encoded')
  }
}

/** Names nothing of what was given: it may be a password. */
function notAnAddress(why: string): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_USAGE',
    `the address of the queue is not one: ${why}`,
    '--queue redis://host:6379 or rediss://host:6379',
  )
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw notAnAddress('a % in its user or password must be written %25')
  }
}

function passwordIn(path: string | undefined): string | null {
  return path === undefined ? null : textOf(path, '--queue-password-file').replace(/\r?\n$/, '')
}

function textOf(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const message = `cannot read ${path} (${flag}): ${code}`
    throw new RstscopeError('RSTSCOPE_UNREADABLE', message, null, { cause: error })
  }
}
