import type { LogLine } from '../../model/access-log.ts'
import { lineByShape } from './by-shape.ts'
import type { Fields } from './fields.ts'
import { compileJsonFormat, fieldsByKeys, parseObject } from './json-line.ts'
import { compileFormat, ENVOY_DEFAULT, ISTIO_TEXT } from './line-format.ts'
import { lineOf } from './line-of.ts'
import { criPrefix, type Peeled, peel, withoutColours } from './unwrap.ts'

/** How a line was read. */
export type FormatName = 'custom' | 'istio' | 'envoy' | 'json' | 'by-shape'

export interface ParsedLine {
  line: LogLine
  format: FormatName
}

export interface LineParser {
  /** A line of a log, wrapped or not; null for one that is no access log line, `piece` where its rest is still to come. */
  parse(text: string, source: number, number: number): ParsedLine | 'piece' | null
  /** Forgets pieces of lines: another file begins. */
  reset(): void
  /** What of the told format cannot be used. */
  warnings: string[]
}

/** Layers of wrapping that are looked through. */
const MOST_LAYERS = 4
/** Pieces of one line are put together up to this. */
const MOST_PIECES = 2 ** 20

interface TextFormat {
  name: FormatName
  match(text: string): Fields | null
}

/** A parser for the lines of one log; a told format (`--access-log-format`) is tried before those that are known. */
export function lineParser(told: string | undefined): LineParser {
  const custom = told === undefined ? null : compileTold(told)
  const formats: TextFormat[] = [
    ...(custom?.text ?? []),
    { name: 'istio', ...compileFormat(ISTIO_TEXT) },
    { name: 'envoy', ...compileFormat(ENVOY_DEFAULT) },
  ]
  const pieces = new Map<string, string>()

  function ofObject(object: Record<string, unknown>): [Fields, FormatName] | null {
    const own = custom?.json?.(object) ?? null
    if (own !== null) return [own, 'custom']
    const fields = fieldsByKeys(object)
    return fields === null ? null : [fields, 'json']
  }

  function ofText(text: string): [Fields, FormatName] | null {
    const object = parseObject(text)
    if (object !== null) return ofObject(object)
    for (const [i, { name, match }] of formats.entries()) {
      const fields = match(text)
      if (fields === null) continue
      // Lines of one log are alike: what fitted last is tried first.
      if (i > 0) formats.unshift(...formats.splice(i, 1))
      return [fields, name]
    }
    return null
  }

  /** A piece of a line is kept; with its last piece the whole line is given back. */
  function joined({ text, isPartial, stream }: Peeled): string | null {
    const before = pieces.get(stream) ?? ''
    if (isPartial) {
      if (before.length + text.length <= MOST_PIECES) pieces.set(stream, before + text)
      return null
    }
    if (before !== '') pieces.delete(stream)
    return before + text
  }

  return {
    warnings: custom?.warnings ?? [],
    reset: () => pieces.clear(),
    parse(raw, source, number) {
      let text = withoutColours(raw)
      for (let layer = 0; layer <= MOST_LAYERS; layer++) {
        const framed = criPrefix(text)
        const found = framed === null ? ofText(text) : null
        if (found !== null) return { line: lineOf(found[0], source, number), format: found[1] }
        const inner = framed ?? peel(text)
        if (inner === null) break
        if (inner.object !== null) {
          const inside = ofObject(inner.object)
          return inside && { line: lineOf(inside[0], source, number), format: inside[1] }
        }
        const whole = joined(inner)
        if (whole === null) return 'piece'
        text = whole
      }
      const line = lineByShape(text, source, number)
      return line && { line, format: 'by-shape' }
    },
  }
}

interface ToldFormat {
  text: TextFormat[]
  json: ((object: Record<string, unknown>) => Fields | null) | null
  warnings: string[]
}

function compileTold(told: string): ToldFormat {
  const json = compileJsonFormat(told)
  if (json !== null) return { text: [], json: json.match, warnings: json.warnings }
  const format = compileFormat(told)
  return {
    text: [{ name: 'custom', match: format.match }],
    json: null,
    warnings: format.warnings,
  }
}
