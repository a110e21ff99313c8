/**
 * Strings of a report may hold bytes that somebody put on the wire (SNI, request line, capture comments, file names).
 * Nothing of them may steer a terminal or reorder the text around them.
 */

// Controls (C0, C1, DEL), formatting characters (bidi controls, zero-width, tags), lone surrogates, line separators.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu

const NAMED: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!
  return NAMED[character] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 4)}}`)
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}

/** The text with every control, bidi and invisible character written out, as `\x1b` or `\u{202e}`. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, escapeCharacter)
}

/** A copy of a JSON value in which every string, keys included, went through `clean`. */
export function escapeDeep<T>(value: T, clean: (text: string) => string): T {
  return copyEscaped(value, clean) as T
}

function copyEscaped(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value)
  if (Array.isArray(value)) return value.map((item) => copyEscaped(item, clean))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [clean(key), copyEscaped(item, clean)]),
  )
}

// JSON.stringify writes out C0 and lone surrogates but leaves DEL, C1 and the bidi controls as they are.
const UNSAFE_IN_JSON = /[\x7f-\x9f\u2028\u2029\p{Cf}]/u
const ALL_UNSAFE_IN_JSON = /[\x7f-\x9f\u2028\u2029\p{Cf}]/gu

/** The same JSON with no character left that could steer a terminal; it parses to the same value. */
export function escapeJson(json: string): string {
  if (!UNSAFE_IN_JSON.test(json)) return json
  return json.replace(ALL_UNSAFE_IN_JSON, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${hex(character.charCodeAt(i), 4)}`,
    ).join(''),
  )
}

const ASCII_FOR: Record<string, string> = {
  '→': '->',
  '←': '<-',
  '↔': '<->',
  '±': '+/-',
  '≈': '~',
  '≥': '>=',
  '≤': '<=',
  '×': 'x',
  '…': '...',
  '–': '-',
  '—': '-',
  '‑': '-',
  '−': '-',
  '·': '-',
  '•': '-',
  µ: 'u',
  μ: 'u',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '\u00a0': ' ',
  '\u202f': ' ',
  '✔': 'ok:',
  '§': 'section ',
}

/** The text in ASCII: typographic signs by their usual stand-in, all else written out. */
export function asciiText(text: string): string {
  return text.replace(
    /[^\x00-\x7f]/gu,
    (character) => ASCII_FOR[character] ?? `\\u{${hex(character.codePointAt(0)!, 4)}}`,
  )
}
