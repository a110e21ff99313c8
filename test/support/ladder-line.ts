/** One line of a ladder: who sends what, and what happens to it on the way. */
export interface LadderLine {
  /** `c>` and `u>`: a host sends. `m>c`, `m>u`: something between sends to that host, in the other's name. */
  from: 'client' | 'upstream'
  forged: boolean
  /** Letters of S A P F R; `icmp` for an ICMP error about the receiver's last segment. */
  flags: string
  payload: Uint8Array
  /** Seconds after the line before was sent; null: just after that one arrived. */
  delay: number | null
  /** Named words such as `ttl=61`, `seq+5`, `lost`, `nocap@client`. */
  words: Map<string, string>
}

const TOKEN = /"(?:[^"\\]|\\.)*"|\S+/g

/** Reads a ladder; `#` starts a comment. Throws on a line that it does not understand. */
export function readLadder(
  text: string,
  payloads: Record<string, Uint8Array | readonly number[]> = {},
): LadderLine[] {
  const lines: LadderLine[] = []
  for (const raw of text.split('\n')) {
    const tokens = raw.replace(/\s#.*$/, '').match(TOKEN) ?? []
    if (tokens.length > 0 && !tokens[0]!.startsWith('#')) lines.push(readLine(tokens, payloads))
  }
  return lines
}

function readLine(
  tokens: readonly string[],
  payloads: Record<string, Uint8Array | readonly number[]>,
): LadderLine {
  const [who, flags, ...rest] = tokens
  const from = { 'c>': 'client', 'u>': 'upstream', 'm>c': 'upstream', 'm>u': 'client' }[who!]
  if (from === undefined || flags === undefined) throw new Error(`no ladder line: ${tokens}`)
  const line: LadderLine = {
    from: from as LadderLine['from'],
    forged: who!.startsWith('m'),
    flags,
    payload: new Uint8Array(0),
    delay: null,
    words: new Map(),
  }
  for (const token of rest) {
    const delay = /^\+([\d.]+)(us|ms|s)$/.exec(token)
    const shifted = /^(seq|ack)([+-]\d+)$/.exec(token)
    if (delay) line.delay = Number(delay[1]) * { us: 1e-6, ms: 1e-3, s: 1 }[delay[2]!]!
    else if (/^\d+$/.test(token)) line.payload = new Uint8Array(Number(token)).fill(0x2e)
    else if (token.startsWith('"')) line.payload = new TextEncoder().encode(JSON.parse(token))
    else if (token.startsWith('$')) line.payload = Uint8Array.from(payloads[token.slice(1)]!)
    else if (shifted) line.words.set(shifted[1]!, shifted[2]!)
    else {
      const at = token.indexOf('=')
      line.words.set(at < 0 ? token : token.slice(0, at), at < 0 ? '' : token.slice(at + 1))
    }
  }
  return line
}
