import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

/** An installed Redis server; null where there is none, and tests of the queue are skipped visibly. */
export const REDIS_SERVER: string | null =
  ['/usr/bin/redis-server', '/usr/local/bin/redis-server', '/usr/bin/valkey-server'].find((path) =>
    existsSync(path),
  ) ?? null

export const PASSWORD = 'p@ss:w/rd?#1'

export interface RedisServer {
  port: number
  folder: string
  /** With user and password. */
  url: string
  client(): Redis
  /** Ends it in good order (SIGTERM) or at once (SIGKILL), by its process id. */
  stop(how?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Starts it again on the same port with what it kept. */
  start(): Promise<void>
  remove(): Promise<void>
}

export interface RedisServerOptions {
  /** `always`: every write is on disk before it is answered. `none`: a restart forgets everything. */
  keeps?: 'always' | 'none'
  tls?: Certificates
}

/** A Redis of the test's own on 127.0.0.1 that asks for a password. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const { keeps = 'always', tls } = options
  const folder = mkdtempSync(join(tmpdir(), 'rstscope-redis-'))
  const port = await freePort()
  const settings = [
    'bind 127.0.0.1',
    ...(tls
      ? [
          'port 0',
          `tls-port ${port}`,
          `tls-cert-file ${tls.certificate}`,
          `tls-key-file ${tls.key}`,
          'tls-auth-clients no',
        ]
      : [`port ${port}`]),
    `dir ${folder}`,
    `requirepass "${PASSWORD}"`,
    'save ""',
    `appendonly ${keeps === 'always' ? 'yes' : 'no'}`,
    'appendfsync always',
    'maxmemory-policy noeviction',
  ]
  const file = join(folder, 'redis.conf')
  writeFileSync(file, `${settings.join('\n')}\n`)
  const url = `${tls ? 'rediss' : 'redis'}://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`
  const client = () =>
    new Redis({
      host: '127.0.0.1',
      port,
      password: PASSWORD,
      ...(tls ? { tls: { ca: tls.authorityText, servername: 'localhost' } } : {}),
    })
  let child: ChildProcess | null = null
  const server: RedisServer = {
    port,
    folder,
    url,
    client,
    async start() {
      child = spawn(REDIS_SERVER!, [file], { stdio: 'ignore' })
      const redis = client()
      redis.on('error', () => {})
      await redis.ping()
      redis.disconnect()
    },
    async stop(how = 'SIGTERM') {
      const running = child
      child = null
      if (running === null || running.exitCode !== null) return
      const ended = new Promise((resolve) => running.once('exit', resolve))
      running.kill(how)
      await ended
    },
    async remove() {
      await server.stop('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}

export interface Certificates {
  authority: string
  authorityText: string
  certificate: string
  key: string
}

export const OPENSSL: string | null =
  ['/usr/bin/openssl', '/usr/local/bin/openssl'].find((path) => existsSync(path)) ?? null

/** An authority and a certificate for 127.0.0.1. */
export function makeCertificates(folder: string): Certificates {
  const at = (name: string) => join(folder, name)
  const openssl = (...words: string[]) => execFileSync(OPENSSL!, words, { stdio: 'pipe' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  openssl(
    ...['req', '-x509', ...key, '-days', '2', '-subj', '/CN=test authority'],
    ...['-keyout', at('ca.key'), '-out', at('ca.crt')],
  )
  openssl('req', ...key, '-subj', '/CN=redis', '-keyout', at('key'), '-out', at('csr'))
  openssl(
    ...['x509', '-req', '-in', at('csr'), '-CA', at('ca.crt'), '-CAkey', at('ca.key')],
    ...['-CAcreateserial', '-days', '2', '-extfile', at('names'), '-out', at('crt')],
  )
  const authorityText = readFileSync(at('ca.crt'), 'utf8')
  return { authority: at('ca.crt'), authorityText, certificate: at('crt'), key: at('key') }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
