import type { Stats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { RstscopeError } from '../../errors.ts'
import { FolderWalk } from './folder-walk.ts'
import { readGlob } from './glob.ts'
import { comparePlaces } from './natural-order.ts'
import type { PassedOverCounts } from './passed-over.ts'
import { commonFolder, isUrl, type Place, placeOf, shownPath } from './places.ts'

export interface DiscoverOptions {
  /** Folders, or files, that are not looked at: where the results go. */
  exclude?: readonly string[]
  signal?: AbortSignal | undefined
}

export interface FoundFile {
  /** As it can be opened: a path as it was named, or below what was named; or a URL. */
  path: string
  place: Place
  /** Null where that is not known: URLs, pipes, files that cannot be read. */
  bytes: number | null
  /** When it was changed last, in ms since 1970; null where that is not known. */
  changedMs: number | null
}

/** A file or folder that lies beside captures. */
export interface FoundCompanion extends FoundFile {
  kind: 'access-log' | 'kubernetes'
}

export interface Found {
  /** In natural order of their places. */
  captures: FoundFile[]
  companions: FoundCompanion[]
  /** Places of the folders whose companions are among these, joined by `/`. */
  foldersRead: ReadonlySet<string>
  /** The deepest folder that holds all that was named: ids tell where a sample lies below it. */
  base: Place
  passedOver: PassedOverCounts
}

/**
 * Files, folders (all below them) and globs to captures, and what lies beside them. Rejects with a `RstscopeError` when
 * something that is named does not exist.
 */
export async function discover(
  paths: readonly string[],
  options: DiscoverOptions = {},
): Promise<Found> {
  const walk = new FolderWalk(options)
  const folders: Place[] = []
  const named: string[] = []
  for (const path of paths) {
    if (isUrl(path)) {
      folders.push(placeOf(path).slice(0, -1))
      walk.take({ path, place: placeOf(path), bytes: null, changedMs: null })
    } else if (path === '' || path === '-') {
      throw notAPath(path)
    } else {
      named.push(path)
    }
  }
  // What is named as a file comes first: found again in a folder or behind a link, it keeps the name it was given.
  const later: (() => Promise<void>)[] = []
  const searches: [path: string, search: { readonly matched: number }][] = []
  for (const path of named) {
    const stats = await statOf(path)
    const glob = stats === null ? readGlob(path) : null
    if (glob !== null) {
      const folder = glob.folder === '' ? '.' : glob.folder
      folders.push(placeOf(folder))
      later.push(async () => {
        searches.push([path, await walk.glob(glob, folder)])
      })
    } else if (stats === null) {
      throw missing(path)
    } else if (stats.isDirectory()) {
      folders.push(placeOf(path))
      later.push(async () => walk.folder(path, await realpath(path)))
    } else {
      folders.push(placeOf(dirname(path)))
      await walk.named(path, stats)
    }
  }
  for (const step of later) await step()
  await walk.links()
  for (const [path, { matched }] of searches) if (matched === 0) throw nothingMatches(path)
  const inOrder = (a: FoundFile, b: FoundFile) => comparePlaces(a.place, b.place)
  return {
    captures: [...walk.captures.values()].sort(inOrder),
    companions: [...walk.companions.values()].sort(inOrder),
    foldersRead: walk.foldersRead,
    base: commonFolder(folders),
    passedOver: walk.passedOver,
  }
}

/** Null when there is no such thing; a link that leads nowhere is none. */
async function statOf(path: string): Promise<Stats | null> {
  try {
    return await stat(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    // ENAMETOOLONG: a pattern may be longer than any name.
    if (code === 'ENAMETOOLONG' || code === 'EINVAL') return null
    throw new RstscopeError('RSTSCOPE_UNREADABLE', `cannot read ${path}: ${message}`, null, {
      cause: error,
    })
  }
}

function missing(path: string): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_UNREADABLE',
    `cannot read ${shownPath(path)}: no such file or folder`,
    `look for ${basename(path)} with: ls ${dirname(path)}`,
  )
}

function nothingMatches(path: string): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_UNREADABLE',
    `cannot read ${path}: nothing matches`,
    '* and ? stand for characters of one name, ** for any number of folders',
  )
}

function notAPath(path: string): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_USAGE',
    path === '' ? 'a path is empty' : 'standard input is no sample of a batch',
    'name files, folders or globs; for one capture from a pipe: rstscope analyze -',
  )
}
