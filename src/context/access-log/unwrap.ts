import { isObject, parseObject } from './json-line.ts'
import { readIsoTime } from './start-time.ts'

/** A line without the outermost of what log collectors put around it. */
export interface Peeled {
  text: string
  /** The line itself, where a collector wrote it as an object. */
  object: Record<string, unknown> | null
  /** More of this line follows in the next one of its stream. */
  isPartial: boolean
  /** Of a container: `stdout`, `stderr`. */
  stream: string
}

/** Keys under which collectors keep the line itself, as text or as an object. */
const WRAPPING_KEYS = ['log', 'line', 'message', 'msg', 'textPayload', 'jsonPayload', '_source']
/** What stands before a line is no longer than this. */
const MOST_PREFIX = 1024
/** Docker writes one object for each 16 KiB of a line; the last one ends with the line's end. */
const DOCKER_PIECE = 16_384

/**
 * Takes away one layer of `kubectl logs --prefix --timestamps`, stern, docker compose, CRI, Docker's JSON, or an export
 * of Loki or CloudWatch; null where there is none.
 */
export function peel(text: string): Peeled | null {
  const object = parseObject(text)
  if (object !== null) return peelObject(object)
  const cri = criPrefix(text)
  if (cri !== null) return cri
  const prefix = prefixOf(text)
  return prefix === 0 ? null : peeled(text.slice(prefix))
}

function peeled(text: string): Peeled {
  return { text, object: null, isPartial: false, stream: '' }
}

function peelObject(object: Record<string, unknown>): Peeled | null {
  const inner = innerOf(object)
  if (inner === null) return null
  if (isObject(inner)) return { ...peeled(''), object: inner }
  const { stream } = object
  return {
    ...peeled(inner.trimEnd()),
    isPartial: inner.length >= DOCKER_PIECE && !inner.endsWith('\n'),
    stream: typeof stream === 'string' ? stream : '',
  }
}

/** The container runtime's own framing, which alone can cut a line into pieces; null for a line without it. */
export function criPrefix(text: string): Peeled | null {
  const first = text.charCodeAt(0)
  if (first < 48 || first > 57) return null
  const match = CRI.exec(text.slice(0, MOST_PREFIX))
  if (match === null) return null
  const [prefix, stream, tag] = match as unknown as [string, string, string]
  return { ...peeled(text.slice(prefix.length)), isPartial: tag === 'P', stream }
}

/** `2026-03-17T09:41:06.003456789Z stdout F `: time, stream, partial or full. */
const CRI =
  /^\d{4}-\d\d-\d\dT[0-9:.]{8,18}(?:Z|[+-]\d\d:\d\d) (stdout|stderr) ([FP])(?::[^ ]{0,64})? /

function innerOf(object: Record<string, unknown>): string | Record<string, unknown> | null {
  for (const key of WRAPPING_KEYS) {
    const value = Object.hasOwn(object, key) ? object[key] : undefined
    if (typeof value === 'string' || isObject(value)) return value
  }
  return null
}

/** `[pod/name/container] ` (kubectl --prefix); `name | ` (docker compose). */
const POD = /^\[pod\/[^\]\s]{1,500}\] /
const COMPOSE = /^[\w.-]{1,100} {0,40}\| /
/** `pod container › ` (stern), with namespace or without. */
const STERN = /^(?:[a-z0-9][\w.-]{0,252} ){2,3}(?:[›+|] )?(?=[[{]|\d{4}-)/
const COLOURS = /\u001b\[[0-9;]{0,20}m/g

/** Length of one prefix; 0 for none. */
function prefixOf(text: string): number {
  const head = text.slice(0, MOST_PREFIX)
  for (const pattern of [POD, COMPOSE, STERN]) {
    const match = pattern.exec(head)
    if (match !== null) return match[0].length
  }
  // kubectl --timestamps: a time of its own before a line that begins with something else.
  const time = readIsoTime(head, 0)
  if (time !== null && head[time.end] === ' ' && head[10] === 'T') return time.end + 1
  return 0
}

/** Without the colours that terminals are told. */
export function withoutColours(line: string): string {
  return line.includes('\u001b[') ? line.replace(COLOURS, '') : line
}
