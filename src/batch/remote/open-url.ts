import type { IncomingMessage } from 'node:http'
import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { RstscopeError } from '../../errors.ts'
import { BrokenConnection, get, refused, type Target } from './http-request.ts'
import { type S3Environment, s3Address } from './s3-address.ts'
import { withoutSecrets } from './without-secrets.ts'

const STALL_MS = 30_000
/** Attempts in a row that bring no byte. */
const MOST_ATTEMPTS = 6
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 8_000

export interface OpenUrlOptions {
  signal?: AbortSignal | undefined
  /** A connection on which nothing comes for so long is given up and made anew. */
  stallMs?: number
  /** Before the second attempt; each further one waits twice as long. */
  firstWaitMs?: number
  env?: S3Environment
}

/**
 * The bytes of an `http://`, `https://` or `s3://` address, once. A connection that breaks is made anew from the last byte
 * on, if the server says that the file is still the same.
 */
export class UrlStream implements AsyncIterable<Uint8Array> {
  /** The address without what is secret in it. */
  readonly label: string
  private readonly target: Target
  private readonly stallMs: number
  private readonly firstWaitMs: number
  private readonly signal: AbortSignal | undefined
  private response: IncomingMessage | null = null
  private total: number | null = null
  /** By which the server knows the file: the same tag is the same bytes. */
  private tag: string | null = null
  private received = 0
  /** So many bytes of what comes next are here already. */
  private repeated = 0

  constructor(text: string, options: OpenUrlOptions = {}) {
    this.label = withoutSecrets(text)
    this.target = targetOf(text, options.env ?? process.env)
    this.stallMs = options.stallMs ?? STALL_MS
    this.firstWaitMs = options.firstWaitMs ?? FIRST_WAIT_MS
    this.signal = options.signal
  }

  /** Bytes as they are stored; null before the server has said how many, and where it never does. */
  get totalBytes(): number | null {
    return this.total
  }

  /** Sends the request, so that what is wrong with it is known, and the length. Otherwise the first read does that. */
  async open(): Promise<this> {
    this.response ??= await this.persistently(() => this.request())
    return this
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    await this.open()
    try {
      for (let fruitless = 0; ; ) {
        const before = this.received
        try {
          yield* this.body(this.response!)
          return
        } catch (error) {
          if (!(error instanceof BrokenConnection)) throw error
          fruitless = this.received > before ? 0 : fruitless + 1
          if (fruitless >= MOST_ATTEMPTS) throw this.givenUp(error)
          if (this.tag === null && this.received > 0) throw this.notTheSame(error)
          await this.pause(fruitless)
          this.response = await this.persistently(() => this.request())
        }
      }
    } finally {
      this.destroy()
    }
  }

  destroy(): void {
    this.response?.destroy()
  }

  /** The bytes of one answer, the last of which must be the file's last. */
  private async *body(response: IncomingMessage): AsyncGenerator<Uint8Array> {
    const chunks = response[Symbol.asyncIterator]()
    try {
      for (;;) {
        const { value, done } = await this.inTime(chunks.next())
        if (done) break
        const chunk = value as Buffer
        const known = Math.min(this.repeated, chunk.length)
        this.repeated -= known
        if (known === chunk.length) continue
        this.received += chunk.length - known
        yield chunk.subarray(known)
      }
    } finally {
      response.destroy()
    }
    if (this.total !== null && this.received < this.total) {
      throw new BrokenConnection(`it ended after ${this.received} of ${this.total} bytes`)
    }
  }

  /** Asks for the bytes from the last one on. */
  private async request(): Promise<IncomingMessage> {
    const isResumed = this.received > 0
    const response = await get(this.target, {
      // A file that is compressed on the way has neither its own length nor its own bytes.
      headers: { 'accept-encoding': 'identity', ...(isResumed ? this.rangeHeaders() : {}) },
      stallMs: this.stallMs,
      signal: this.signal,
    })
    try {
      return isResumed ? this.resumed(response) : this.begun(response)
    } catch (error) {
      response.destroy()
      throw error
    }
  }

  private rangeHeaders(): Record<string, string> {
    return { range: `bytes=${this.received}-`, 'if-range': this.tag! }
  }

  private begun(response: IncomingMessage): IncomingMessage {
    this.check(response)
    const length = Number(response.headers['content-length'] ?? Number.NaN)
    this.total = Number.isSafeInteger(length) ? length : null
    this.tag = tagOf(response)
    return response
  }

  private resumed(response: IncomingMessage): IncomingMessage {
    this.repeated = 0
    const changed = () =>
      refused(this.label, 'it was changed while it was read', 'run again when it is complete')
    if (response.statusCode === 416) throw changed()
    this.check(response)
    const tag = tagOf(response)
    if (response.statusCode === 206) {
      const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers['content-range'] ?? '')
      const isNext = Number(range?.[1]) === this.received
      const isAsLong =
        this.total === null || range?.[2] === '*' || Number(range?.[2]) === this.total
      if (!isNext || !isAsLong || (tag !== null && tag !== this.tag)) throw changed()
      return response
    }
    // All of it again: it changed, or this server knows no ranges.
    if (tag !== this.tag) throw changed()
    this.repeated = this.received
    return response
  }

  /** Throws what an answer without bytes means. */
  private check(response: IncomingMessage): void {
    const status = response.statusCode ?? 0
    if (status === 200 || (status === 206 && this.received > 0)) return
    if (status === 429 || status >= 500) throw new BrokenConnection(`the server says ${status}`)
    throw refused(this.label, ...whatIs(status, this.target))
  }

  private async inTime<Value>(promise: Promise<Value>): Promise<Value> {
    const timer = new AbortController()
    const late = wait(this.stallMs, undefined, { signal: timer.signal }).then(() => {
      throw new BrokenConnection(`nothing came for ${this.stallMs / 1000} s`)
    })
    try {
      return await Promise.race([promise, late])
    } catch (error) {
      if (error instanceof BrokenConnection) throw error
      if (this.signal?.aborted) throw interrupted(error)
      throw new BrokenConnection(withoutSecrets((error as Error).message), { cause: error })
    } finally {
      late.catch(() => {})
      promise.catch(() => {})
      timer.abort()
    }
  }

  private async persistently<Value>(attempt: () => Promise<Value>): Promise<Value> {
    for (let failed = 0; ; ) {
      try {
        return await attempt()
      } catch (error) {
        if (!(error instanceof BrokenConnection)) throw error
        if (++failed >= MOST_ATTEMPTS || isHopeless(error)) throw this.givenUp(error)
        await this.pause(failed - 1)
      }
    }
  }

  private async pause(attempt: number): Promise<void> {
    const ms = Math.min(LONGEST_WAIT_MS, this.firstWaitMs * 2 ** attempt)
    try {
      await wait(ms, undefined, this.signal === undefined ? {} : { signal: this.signal })
    } catch (error) {
      throw interrupted(error)
    }
  }

  private givenUp(error: BrokenConnection): RstscopeError {
    return refused(this.label, error.message, 'is it reachable from this machine?')
  }

  private notTheSame(error: BrokenConnection): RstscopeError {
    return refused(
      this.label,
      `${error.message}, and the server names no ETag by which the rest could be asked for`,
      'copy the file, then analyse the copy',
    )
  }
}

function targetOf(text: string, env: S3Environment): Target {
  if (/^s3:/i.test(text)) return { kind: 's3', ...s3Address(text, env) }
  if (!URL.canParse(text)) throw refused(text, 'it is not a valid address')
  return { kind: 'url', url: new URL(text) }
}

/** A strong ETag, or the time of the last change; a weak tag speaks of the meaning, not of the bytes. */
function tagOf({ headers }: IncomingMessage): string | null {
  const { etag } = headers
  if (etag !== undefined && /^"[^"]*"$/.test(etag)) return etag
  return headers['last-modified'] ?? null
}

/** A name that nobody knows and a certificate that nobody trusts stay so. */
function isHopeless({ cause }: BrokenConnection): boolean {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  return /^(ENOTFOUND|ERR_TLS_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code)
}

function whatIs(status: number, target: Target): [what: string, hint: string | null] {
  const isSigned = target.kind === 's3' && target.credentials !== null
  if (status === 404 || status === 410)
    return [`there is no such file (${status})`, 'check the address']
  if (status !== 401 && status !== 403) return [`the server says ${status}`, null]
  const what = `access is denied (${status})`
  if (target.kind === 'url') return [what, 'a presigned address may have expired']
  return [
    what,
    isSigned
      ? 'may the key of AWS_ACCESS_KEY_ID read the object, and is AWS_REGION right?'
      : 'set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION',
  ]
}

function interrupted(cause: unknown): RstscopeError {
  return new RstscopeError('RSTSCOPE_INTERRUPTED', 'interrupted', null, { cause })
}
