/** An element of a page, as a strict reading finds it. */
export interface Element {
  name: string
  attributes: Map<string, string>
}

export interface Scan {
  elements: Element[]
  /** Everything that is not as strict markup is. */
  faults: string[]
}

const VOID = new Set(['meta', 'link', 'br', 'input'])
const TAG = /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9:-]*(?:="[^"<>]*")?)*)\s*(\/?)>/y
const RAW = /(<(style|script)\b[^>]*>)([\s\S]*?)<\/\2>/g

/**
 * Reads markup whose text and attribute values hold no bare angle bracket, and every value of which is quoted: so one
 * unescaped character of a report is a fault here, where a browser would guess.
 */
export function scanMarkup(page: string): Scan {
  const faults: string[] = []
  const elements: Element[] = []
  const open: string[] = []
  const text = page.replace(/^<!DOCTYPE html>/, '').replace(RAW, '$1</$2>')
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', TAG.lastIndex)) {
    TAG.lastIndex = at
    const tag = TAG.exec(text)
    if (!tag) {
      faults.push(`no tag: ${text.slice(at, at + 60)}`)
      break
    }
    const [, slash, name = '', attributes = '', selfClosing] = tag
    if (slash) {
      const expected = open.pop()
      if (expected !== name) faults.push(`</${name}> closes <${expected}>`)
      continue
    }
    if (!VOID.has(name) && !selfClosing) open.push(name)
    const found = [...attributes.matchAll(/\s([a-zA-Z][a-zA-Z0-9:-]*)(?:="([^"]*)")?/g)]
    elements.push({ name, attributes: new Map(found.map(([, key, value]) => [key!, value ?? ''])) })
  }
  if (open.length > 0) faults.push(`not closed: ${open.join(' ')}`)
  for (const stray of text.replace(/<[^<>]*>/g, '').match(/[<>].{0,40}/g) ?? []) {
    faults.push(`stray: ${stray}`)
  }
  return { elements, faults }
}
