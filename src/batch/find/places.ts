import { resolve, sep } from 'node:path'
import type { Sample } from '../sample.ts'

/**
 * Where a file is, as names from the outermost folder to the file itself: the same for a path however it was written,
 * and for a URL (its scheme and host are the outermost folders; a query, which may hold a signature, is no part of it).
 */
export type Place = readonly string[]

const URL_SCHEME = /^(?:https?|s3):\/\//i

export function isUrl(path: string): boolean {
  return URL_SCHEME.test(path)
}

export function placeOf(path: string): string[] {
  if (!isUrl(path)) return resolve(path).split(sep).filter(Boolean)
  const [scheme, rest] = [path.slice(0, path.indexOf(':')), path.slice(path.indexOf('//') + 2)]
  const [host, ...names] = rest.split(/[?#]/, 1)[0]!.split('/').filter(Boolean)
  // A user and password before the host are no part of the place either.
  return [`${scheme.toLowerCase()}:`, (host ?? '').replace(/^.*@/, ''), ...names.map(decoded)]
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    // A stray % is part of the name.
    return name
  }
}

/** A path as it may be shown: a URL without user, password and query, which may be secrets. */
export function shownPath(path: string): string {
  if (!isUrl(path)) return path
  const end = path.search(/[?#]/)
  return (end < 0 ? path : path.slice(0, end)).replace(/^([a-z0-9]+:\/\/)[^/]*@/i, '$1')
}

/** The deepest folder that holds all of these folders. */
export function commonFolder(folders: readonly Place[]): string[] {
  const [first, ...others] = folders
  if (first === undefined) return []
  let length = first.length
  for (const other of others) {
    let same = 0
    while (same < length && same < other.length && first[same] === other[same]) same++
    length = same
  }
  return first.slice(0, length)
}

/** Names of its captures as they may be shown, the client's first. */
export function shownCaptures({ captures }: Sample): [side: string, paths: string[]][] {
  return Object.entries(captures).map(([side, paths]: [string, string[]]) => [
    side,
    paths.map(shownPath),
  ])
}
