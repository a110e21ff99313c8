import type { Dirent, Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { RstscopeError } from '../../errors.ts'
import { holdsCapture, isEvidence } from '../../first-packets.ts'
import type { DiscoverOptions, FoundCompanion, FoundFile } from './discover.ts'
import { companionOf, isArchiveName, isKubernetesFolder, readCaptureName } from './file-names.ts'
import type { Glob } from './glob.ts'
import { stopIfAborted } from './interrupted.ts'
import { compareNatural } from './natural-order.ts'
import { PassedOverCounts, type PassedOverReason } from './passed-over.ts'
import { placeOf } from './places.ts'

/** Files that are asked for their size or first bytes at a time. */
const AT_ONCE = 32

/** A pattern on its walk; `seen` keeps it from going round in links. */
interface Search {
  glob: Glob
  seen: Set<string>
  matched: number
}

/** A folder to read. */
interface Step {
  path: string
  /** Its path without links: what tells one folder from another. */
  real: string
  /** Null where everything below is meant. */
  search: Search | null
  /** Its path below the folder of the pattern. */
  below: string
  /** Whether it is a folder of Kubernetes lists: of other files nothing is told. */
  isLists: boolean
}

/** What was decided about one entry of a folder, after it was looked at. */
type Outcome = FoundFile | FoundCompanion | PassedOverReason | null

/** Walks folders, and keeps what it found. Links are followed last, so that what they lead to has its own name first. */
export class FolderWalk {
  readonly captures = new Map<string, FoundFile>()
  readonly companions = new Map<string, FoundCompanion>()
  readonly foldersRead = new Set<string>()
  readonly passedOver = new PassedOverCounts()
  readonly #exclude: ReadonlySet<string>
  readonly #signal: AbortSignal | undefined
  readonly #seenFolders = new Set<string>()
  readonly #seenFiles = new Set<string>()
  #links: Step[] = []

  constructor({ exclude = [], signal }: DiscoverOptions) {
    this.#exclude = new Set(exclude.map((path) => resolve(path)))
    this.#signal = signal
  }

  /** Takes a file as a capture. */
  take(file: FoundFile): void {
    const key = file.place.join('/')
    if (!this.captures.has(key)) this.captures.set(key, file)
  }

  /** Takes a file because it was named, whatever it is called; a log or a list stays what it is. */
  async named(path: string, stats: Stats): Promise<void> {
    const kind = companionOf(basename(path))
    if (kind === 'kubernetes-yaml') {
      this.passedOver.add(kind, path)
      return
    }
    this.#seenFiles.add(await realpath(path).catch(() => resolve(path)))
    const { bytes, changedMs } = sizeOf(stats)
    this.#keep({ path, place: placeOf(path), bytes, changedMs, ...(kind === null ? {} : { kind }) })
  }

  /** Everything below a folder. */
  async folder(path: string, real: string): Promise<void> {
    await this.#walk({ path, real, search: null, below: '', isLists: false })
  }

  /** What matches below the folder of a pattern; gives how much that is once the links are followed, too. */
  async glob(glob: Glob, folder: string): Promise<{ readonly matched: number }> {
    const search = { glob, seen: new Set<string>(), matched: 0 }
    const real = await realpath(folder).catch(() => null)
    if (real !== null) {
      await this.#walk({ path: glob.folder, real, search, below: '', isLists: false })
    }
    return search
  }

  /** Follows the links that were met, and those behind them. */
  async links(): Promise<void> {
    while (this.#links.length > 0) {
      const links = this.#links
      this.#links = []
      for (const link of links) await this.#follow(link)
    }
  }

  async #follow(link: Step): Promise<void> {
    const { path } = link
    let stats: Stats
    try {
      link.real = await realpath(path)
      stats = await stat(path)
    } catch {
      // A link into nowhere, or one of a circle of links.
      this.passedOver.add('unreadable', path)
      return
    }
    if (stats.isDirectory()) {
      for (const step of this.#enter(link, basename(path))) {
        const seen = step.search?.seen ?? this.#seenFolders
        if (seen.has(step.real)) this.passedOver.add('same-file', path)
        else await this.#walk(step)
      }
      return
    }
    const { search } = link
    if (search !== null) {
      if (!search.glob.matches(link.below)) return
      search.matched++
    }
    if (this.#seenFiles.has(link.real)) this.passedOver.add('same-file', path)
    else this.#note(path, stats.isFile() ? await this.#look(path, link) : 'special-file', link.real)
  }

  async #walk(first: Step): Promise<void> {
    const open = [first]
    for (let step = open.pop(); step !== undefined; step = open.pop()) {
      stopIfAborted(this.#signal)
      const { path, real, search } = step
      if (this.#exclude.has(real) || this.#exclude.has(resolve(path))) {
        this.passedOver.add('results', path)
        continue
      }
      const seen = search?.seen ?? this.#seenFolders
      if (seen.has(real)) continue
      seen.add(real)
      let entries: Dirent[]
      try {
        entries = await readdir(path === '' ? '.' : path, { withFileTypes: true })
      } catch {
        this.passedOver.add('unreadable', path)
        continue
      }
      if (search === null) this.foldersRead.add(placeOf(path).join('/'))
      entries.sort((a, b) => compareNatural(a.name, b.name))
      await this.#read(step, entries, open)
    }
  }

  /** Sorts the entries of a folder into folders to read, links to follow and files to look at. */
  async #read(step: Step, entries: readonly Dirent[], open: Step[]): Promise<void> {
    const files: string[] = []
    const folders: Step[] = []
    for (const entry of entries) {
      const { name } = entry
      const below = step.below === '' ? name : `${step.below}/${name}`
      const next = {
        path: join(step.path, name),
        real: join(step.real, name),
        search: step.search,
        below,
        isLists: step.isLists,
      }
      if (entry.isSymbolicLink()) this.#links.push(next)
      else if (entry.isDirectory()) folders.push(...this.#enter(next, name))
      else if (step.search !== null && !step.search.glob.matches(below)) continue
      else if (!entry.isFile()) this.passedOver.add('special-file', next.path)
      else files.push(name)
    }
    open.push(...folders.reverse())
    for (let at = 0; at < files.length; at += AT_ONCE) {
      stopIfAborted(this.#signal)
      const some = files.slice(at, at + AT_ONCE)
      const outcomes = await Promise.all(
        some.map((name) => this.#look(join(step.path, name), step)),
      )
      some.forEach((name, i) => {
        if (step.search !== null) step.search.matched++
        this.#note(join(step.path, name), outcomes[i]!, join(step.real, name))
      })
    }
  }

  /** Whether and how a folder below the one that is read is read, too. */
  #enter(next: Step, name: string): Step[] {
    const { search } = next
    if (search !== null) {
      const { glob } = search
      if (glob.matches(next.below)) {
        search.matched++
        return [{ ...next, search: null }]
      }
      const isHidden = name.startsWith('.') && !glob.entersHidden
      return isHidden || next.below.split('/').length >= glob.depth ? [] : [next]
    }
    if (name.startsWith('.')) {
      this.passedOver.add('hidden', next.path)
      return []
    }
    if (!isKubernetesFolder(name)) return [next]
    this.#keep({
      path: next.path,
      place: placeOf(next.path),
      ...{ bytes: null, changedMs: null, kind: 'kubernetes' },
    })
    return [{ ...next, isLists: true }]
  }

  /** What a file in a folder is: by its name, and where that says nothing, by its first bytes. */
  async #look(path: string, { isLists, search }: Step): Promise<Outcome> {
    const name = basename(path)
    const isNamed = readCaptureName(name) !== null
    if (name.startsWith('.') && search === null) return isNamed ? 'hidden' : 'not-a-capture'
    const kind = companionOf(name)
    if (isLists && !isNamed) return null
    if (kind === 'kubernetes-yaml') return kind
    if (kind === null && !isNamed && isArchiveName(name)) return 'archive'
    try {
      if (kind === null) {
        if (!isNamed && !(await holdsCapture(path))) return 'not-a-capture'
        if (/\.pcapng$/i.test(name) && (await isEvidence(path))) return 'results'
      }
      const { bytes, changedMs } = sizeOf(await stat(path))
      return { path, place: placeOf(path), bytes, changedMs, ...(kind === null ? {} : { kind }) }
    } catch (error) {
      if (error instanceof RstscopeError && error.code === 'RSTSCOPE_INTERRUPTED') throw error
      // By its name it is a capture: it becomes a sample that fails with its reason.
      const nothing = { bytes: null, changedMs: null }
      return isNamed ? { path, place: placeOf(path), ...nothing } : 'unreadable'
    }
  }

  #note(path: string, outcome: Outcome, real: string): void {
    if (outcome === null) return
    if (typeof outcome === 'string') {
      this.passedOver.add(outcome, path)
    } else if (!this.#seenFiles.has(real)) {
      // Else it was named, or reached by another way, and is there already under the first of its names.
      this.#seenFiles.add(real)
      this.#keep(outcome)
    }
  }

  #keep(file: FoundFile | FoundCompanion): void {
    if ('kind' in file) this.companions.set(file.place.join('/'), file)
    else this.take(file)
  }
}

function sizeOf(stats: Stats): Pick<FoundFile, 'bytes' | 'changedMs'> {
  return stats.isFile()
    ? { bytes: stats.size, changedMs: stats.mtimeMs }
    : { bytes: null, changedMs: null }
}
