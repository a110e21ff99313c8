import type { Connection, Report, ReportStream } from '../model/report.ts'
import { baseName, Names } from './names.ts'
import { type Pseudonyms, pseudonyms } from './pseudonyms.ts'

/**
 * Fields whose strings are this project's own: values of enumerations, codes, times and hashes. Every other string is
 * rewritten, so that a field which is added later cannot leak.
 */
const OWN = new Set(
  (
    'schema tool command id role sha256 format compression linkTypes inHost firstPacketAt lastPacketAt by confidence at ' +
    'code severity capture roleReason history termination detail method unmatchedReason startedAt endedAt protocol ' +
    'version stage alert endedBy clientCertificate causedBy causedByConfidence near anatomy acceptance kind from flags ' +
    'fate side since until sidecar relation leg firstAt lastAt oldestAt newestAt agrees localCloseReason detectedCloseType'
  ).split(' '),
)

/**
 * Words of the sentences of a report. A pod that is called like one of them is renamed where it is named as a pod
 * (`shop/client`), not where the word stands alone.
 */
const WORDS = new Set(
  (
    'a an the and or of to in on at by for from with is was are has had not no it its this that all one two other more ' +
    'client upstream proxy gateway server service node container name host port address capture captures connection connections ' +
    'reset resets packet packets segment request requests response answer time clock log line file report kernel socket ' +
    'sidecar mesh firewall timeout idle open close closed sent seen first last before after between since end side ' +
    'get logs exec describe pods services events rstscope kubectl istioctl openssl s_client ss conntrack json yaml wide error info warning'
  ).split(' '),
)

/** Replaces addresses and names in a report and in whatever is written of it. */
export class Redaction {
  readonly pseudonyms: Pseudonyms
  readonly #names = new Names()

  /** Names are collected from all of the report: a headline may name what only one connection explains. */
  constructor(stream: ReportStream, key: string) {
    this.pseudonyms = pseudonyms(key)
    this.#names.addHead(stream.head)
    for (const connection of stream.connections()) this.#names.addConnection(connection)
  }

  /** The same stream, each part redacted when it is asked for. */
  stream(stream: ReportStream): ReportStream {
    return {
      head: this.value(stream.head),
      connections: () => mapped(stream.connections(), (one) => this.value(one)),
      at: (id) => {
        const connection = stream.at(id)
        return connection === null ? null : this.value(connection)
      },
      endings: () => {
        const { counts, peerText } = stream.endings()
        return { counts, peerText: (peer) => this.text(peerText(peer)) }
      },
      ends: (capture) => mapped(stream.ends(capture), (one) => this.value(one)),
    }
  }

  /** A part of a report with its strings rewritten; numbers, frames and times stay. */
  value<T>(part: T): T {
    return this.#rewritten(part, '') as T
  }

  #rewritten(value: unknown, key: string): unknown {
    if (typeof value === 'string') return this.#field(value, key)
    if (Array.isArray(value)) return value.map((one) => this.#rewritten(one, key))
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value)
    return Object.fromEntries(
      entries.map(([name, one]) => [
        name,
        OWN.has(name) && !isOpen(one) ? one : this.#rewritten(one, name),
      ]),
    )
  }

  #field(value: string, key: string): string {
    if (key === 'paths') return this.#file(value)
    if (key === 'source')
      return this.#names.kindOf(baseName(value)) === 'file' ? this.#file(value) : value
    if (key === 'path') return this.#path(value)
    if (NAME_FIELDS.has(key)) return this.#rewriteNames(this.pseudonyms.addressesIn(value), true)
    return this.text(SENTENCES.has(key) ? this.#quotes(value) : value)
  }

  /** What somebody else wrote, such as the message of an event, may say anything. */
  #quotes(text: string): string {
    const hidden = (said: string) => `text-${this.pseudonyms.digits(said)}`
    return text
      .replace(EVENT, (_, event: string, said: string, when = '') => event + hidden(said) + when)
      .replace(QUOTED, (_, said: string) => `"${hidden(said)}"`)
  }

  /** A sentence, a command, a filter: anything that a person reads. */
  text(text: string): string {
    const paths = text.replace(PATH, (found) => (isOfSystem(found) ? found : this.#path(found)))
    return this.#rewriteNames(this.pseudonyms.addressesIn(paths), false)
  }

  #rewriteNames(text: string, alone: boolean): string {
    return text.replace(TOKEN, (token, at: number) => {
      // Part of a JSON path.
      if (text[at - 1] === '.' && !alone) return token
      const isNamed =
        alone || '/-_|.'.includes(text[at - 1] ?? ' ') || text[at + token.length] === '/'
      return this.#token(
        token,
        isNamed || /(?:^|[\s])(?:-n|-c|pod|namespace) $/.test(text.slice(Math.max(0, at - 12), at)),
      )
    })
  }

  #token(token: string, isNamed: boolean): string {
    const whole = this.#name(token, isNamed)
    if (whole !== null) return whole
    if (/[._]/.test(token)) {
      if (isForeignHost(token)) return `host-${this.pseudonyms.digits(token)}`
      // A DNS name of the cluster is made of names.
      return token.replace(/[^._]+/g, (label) => this.#token(label, true))
    }
    if (!token.includes('-')) return token
    return this.#hyphenated(token.split('-'))
  }

  /** A name with something before or behind it: `cart-vip`, `istio-cart-1`. The longest name in it is taken. */
  #hyphenated(parts: string[]): string {
    if (parts.length > MOST_PARTS)
      return parts.map((part) => this.#name(part, true) ?? part).join('-')
    for (let length = parts.length - 1; length > 0; length--) {
      for (let from = 0; from + length <= parts.length; from++) {
        const found = this.#name(parts.slice(from, from + length).join('-'), false)
        if (found === null) continue
        const before = parts.slice(0, from)
        const after = parts.slice(from + length)
        return [
          ...(before.length > 0 ? [this.#hyphenated(before)] : []),
          found,
          ...(after.length > 0 ? [this.#hyphenated(after)] : []),
        ].join('-')
      }
    }
    return parts.join('-')
  }

  #name(name: string, isNamed: boolean): string | null {
    if (!isNamed && WORDS.has(name.toLowerCase())) return null
    const kind = this.#names.kindOf(name)
    if (kind === undefined) return null
    return kind === 'file' ? this.#file(name) : `${kind}-${this.pseudonyms.digits(name)}`
  }

  #path(path: string): string {
    return path === '/' ? path : `/path-${this.pseudonyms.digits(path)}`
  }

  /** Without its folder; the extension tells the format. */
  #file(path: string): string {
    const name = baseName(path)
    if (name === '-' || name.startsWith('(')) return name
    const extension =
      /(?:\.(?:pcap|pcapng|cap|log|json|txt|gz|zst|lz4))*\d{0,4}$/i.exec(name)?.[0] ?? ''
    return `file-${this.pseudonyms.digits(name)}${extension}`
  }
}

const MOST_PARTS = 12
const NAME_FIELDS = new Set(
  'name namespace podName container port node service owner sni cluster requestId'.split(' '),
)
const TOKEN = /[A-Za-z0-9](?:[A-Za-z0-9._-]{0,300}[A-Za-z0-9_])?/g
const SENTENCES = new Set(['text', 'why', 'headline', 'title', 'comparison', 'meaning'])
/** `event Unhealthy of shop/cart: Readiness probe failed …, at 14:05:00Z`. */
const EVENT =
  /(\bevent [A-Za-z]+ of [^:]{1,300}: )(.*?)(, at \d\d:\d\d:\d\d[^,]{0,20}, (?!.*, at \d\d:).*)?$/
const QUOTED = /"([^"]*)"/g
const PATH = /(?<![^\s"'(=])\/[^\s"'(),;]+/g

/** Commands look at what is the same on every Linux host. */
function isOfSystem(path: string): boolean {
  return /^\/(?:proc|sys|dev|etc)\//.test(path)
}

/** A DNS name outside the cluster that no field of the report names. */
function isForeignHost(token: string): boolean {
  if (!/^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}$/.test(token)) return false
  if (/\.(?:local|internal|name|ms|json|yaml|xml|txt|log|pcap|pcapng|ini|conf)$/.test(token))
    return false
  return !/^net\.|(?:^|\.)(?:kubernetes\.io|istio\.io|k8s\.io)$/.test(token)
}

/** Own fields hold strings and lists of them; an object under such a name holds fields of its own. */
function isOpen(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function* mapped<T>(values: Iterable<T>, change: (value: T) => T): Iterable<T> {
  for (const value of values) yield change(value)
}

/** A report without real addresses and names; the same key gives the same pseudonyms again. */
export function redact(report: Report, { key }: { key: string }): Report {
  const { connections, ...head } = report
  const redaction = new Redaction(
    {
      head,
      connections: () => connections,
      at: (id) => connections.find((one: Connection) => one.id === id) ?? null,
      endings: () => ({ counts: [], peerText: String }),
      ends: () => [],
    },
    key,
  )
  return redaction.value(report)
}
