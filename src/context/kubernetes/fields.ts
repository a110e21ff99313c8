import { normalAddress } from './address.ts'
import { type Moment, momentOf } from './moment.ts'
import type { Problems } from './problems.ts'

/** The longest text that is kept (a probe's message), and the longest list that is read. */
const LONGEST_TEXT = 1024
const LONGEST_LIST = 10_000
/** etcd takes no larger object. */
const LONGEST_FILE = 2 ** 21

/** RFC 1123 names as Kubernetes takes them. Nothing else is ever shown as the name of something. */
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/
const WORD = /^[A-Za-z][A-Za-z0-9]{0,127}$/
const PORT_NAME = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/

/**
 * The fields of one JSON object of unknown making. What is absent, null, or of another type than asked for is absent;
 * the latter is counted. Looks at own properties only.
 */
export class Fields {
  private readonly value: Record<string, unknown>
  /** For messages: `Pod status.podIPs`. */
  private readonly path: string
  private readonly problems: Problems

  constructor(value: Record<string, unknown>, path: string, problems: Problems) {
    this.value = value
    this.path = path
    this.problems = problems
  }

  object(key: string): Fields {
    const value = this.own(key)
    if (isObject(value)) return this.at(key, value)
    if (value !== undefined) this.wrong(key)
    return this.at(key, {})
  }

  has(key: string): boolean {
    return this.own(key) !== undefined
  }

  /** The objects in a list; others in it are counted and left out. */
  objects(key: string): Fields[] {
    return this.list(key).flatMap((item) => {
      if (isObject(item)) return [this.at(key, item)]
      this.wrong(key)
      return []
    })
  }

  texts(key: string): string[] {
    return this.list(key).flatMap((item) => {
      if (typeof item === 'string') return [this.cut(key, item)]
      this.wrong(key)
      return []
    })
  }

  text(key: string): string | null {
    const value = this.own(key)
    if (typeof value === 'string') return this.cut(key, value)
    if (value !== undefined) this.wrong(key)
    return null
  }

  /** A file within an object, of any length that Kubernetes stores. */
  longText(key: string): string | null {
    const value = this.own(key)
    if (typeof value === 'string' && value.length <= LONGEST_FILE) return value
    if (value !== undefined) this.wrong(key)
    return null
  }

  /** The name of an object, container or node. */
  name(key: string): string | null {
    return this.matching(key, NAME)
  }

  /** One word in camel case: kinds, reasons. */
  word(key: string): string | null {
    return this.matching(key, WORD)
  }

  integer(key: string): number | null {
    const value = this.own(key)
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value
    if (value !== undefined) this.wrong(key)
    return null
  }

  /** A port by number, or by the name that a container gives it. */
  port(key: string): number | string | null {
    const value = this.own(key)
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65535) {
      return value
    }
    if (typeof value === 'string' && PORT_NAME.test(value)) return value
    // The one port of a Service needs no name.
    if (value !== undefined && value !== '') this.wrong(key)
    return null
  }

  flag(key: string): boolean | null {
    const value = this.own(key)
    if (typeof value === 'boolean') return value
    if (value !== undefined) this.wrong(key)
    return null
  }

  time(key: string): Moment | null {
    const text = this.text(key)
    if (text === null) return null
    const moment = momentOf(text)
    if (moment === null) this.problems.note('bad-time', `${this.path}.${key} is no RFC 3339 time`)
    return moment
  }

  /** An address, normalised; `None` and the empty text of a Service without one are none. */
  address(key: string): string | null {
    const text = this.text(key)
    return text === null ? null : this.normal(key, text)
  }

  addresses(key: string): string[] {
    return this.texts(key).flatMap((text) => this.normal(key, text) ?? [])
  }

  /** Labels, annotations. */
  labels(key: string): ReadonlyMap<string, string> {
    const labels = new Map<string, string>()
    for (const [name, value] of Object.entries(this.object(key).value).slice(0, LONGEST_LIST)) {
      if (typeof value === 'string') labels.set(name, this.cut(key, value))
      else this.wrong(key)
    }
    return labels
  }

  /** The keys of an object, in their order. */
  keys(): string[] {
    return Object.keys(this.value).slice(0, LONGEST_LIST)
  }

  private at(key: string, value: Record<string, unknown>): Fields {
    return new Fields(value, `${this.path}.${key}`, this.problems)
  }

  private own(key: string): unknown {
    if (!Object.hasOwn(this.value, key)) return undefined
    return this.value[key] ?? undefined
  }

  private list(key: string): unknown[] {
    const value = this.own(key)
    if (!Array.isArray(value)) {
      if (value !== undefined) this.wrong(key)
      return []
    }
    if (value.length <= LONGEST_LIST) return value
    this.problems.note('too-long', `${this.path}.${key} has ${value.length} entries`)
    return value.slice(0, LONGEST_LIST)
  }

  private cut(key: string, text: string): string {
    if (text.length <= LONGEST_TEXT) return text
    this.problems.note('too-long', `${this.path}.${key} has ${text.length} characters`)
    return `${text.slice(0, LONGEST_TEXT)}…`
  }

  private matching(key: string, pattern: RegExp): string | null {
    const value = this.text(key)
    if (value === null || value === '') return null
    if (pattern.test(value)) return value
    this.problems.note('bad-name', `${this.path}.${key} is not a name that Kubernetes accepts`)
    return null
  }

  private normal(key: string, text: string): string | null {
    if (text === '' || text === 'None') return null
    const address = normalAddress(text)
    if (address === null) this.problems.note('bad-address', `${this.path}.${key} is no IP address`)
    return address
  }

  private wrong(key: string): void {
    this.problems.note('wrong-type', `${this.path}.${key} has another type than it should`)
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
