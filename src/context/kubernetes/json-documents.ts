import type { Problems } from './problems.ts'

/** All JSON documents of a text, one behind the other with or without space between, as several `kubectl` runs write. */
export function jsonDocuments(text: string, label: string, problems: Problems): unknown[] {
  const whole = parsed(text)
  if (whole !== NOT_JSON) return [whole]
  const documents: unknown[] = []
  for (const { from, to, isWhole } of pieces(text)) {
    if (!isWhole) {
      problems.note('truncated-json', `${label} ends within a JSON document`)
      continue
    }
    const document = parsed(text.slice(from, to))
    if (document !== NOT_JSON) documents.push(document)
    else problems.note('not-json', `${label}: no JSON at character ${from}`)
  }
  if (documents.length === 0) {
    problems.note('not-json', `${label} holds no JSON: kubectl get … -o json writes it`)
  }
  return documents
}

const NOT_JSON = Symbol('not JSON')

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // What is no JSON is for the caller to count; anything else is a defect.
    if (error instanceof SyntaxError || error instanceof RangeError) return NOT_JSON
    throw error
  }
}

interface Piece {
  from: number
  to: number
  isWhole: boolean
}

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Stretches from an opening brace or bracket to the one that closes it; what stands between them is passed over. */
function* pieces(text: string): Iterable<Piece> {
  let from = -1
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === BACKSLASH) i++
      else if (code === QUOTE) inString = false
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (depth++ === 0) from = i
    } else if (depth === 0) {
    } else if (code === QUOTE) {
      inString = true
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      if (--depth === 0) yield { from, to: i + 1, isWhole: true }
    }
  }
  if (depth > 0) yield { from, to: text.length, isWhole: false }
}
