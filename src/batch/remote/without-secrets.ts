// Bounded, so that a long text costs no more than its length.
const URL_IN_TEXT = /\b([a-z][a-z0-9+.-]{0,15}):\/\/(\S*)/gi

/**
 * A text for people, with what is secret left out of every URL in it: user and password, and what stands after `?` or
 * `#` (a presigned URL is a key).
 */
export function withoutSecrets(text: string): string {
  return text.replace(URL_IN_TEXT, (_, scheme: string, rest: string) => {
    // A password may hold any character that its writer forgot to escape: up to the last @ it is nobody's business.
    const isQueue = /^rediss?$/i.test(scheme)
    const authorityEnd = isQueue ? rest.length : endOf(rest, /[/?#]/)
    const place = rest.slice(rest.lastIndexOf('@', authorityEnd - 1) + 1)
    const end = endOf(place, /[?#]/)
    return `${scheme}://${place.slice(0, end)}${end < place.length ? `${place[end]}…` : ''}`
  })
}

function endOf(text: string, stop: RegExp): number {
  const at = text.search(stop)
  return at < 0 ? text.length : at
}
