import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Found, FoundCompanion } from './discover.ts'
import { companionOf, isKubernetesFolder } from './file-names.ts'
import { compareNatural } from './natural-order.ts'
import { commonFolder, isUrl, type Place, placeOf } from './places.ts'
import type { Unit } from './unit.ts'

/** Logs and lists that lie beside captures. */
export interface Beside {
  accessLogs: string[]
  kubernetes: string[]
}

/** Companions by the folder in which they lie, with a note of those that were given to a sample. */
export class Companions {
  readonly #byFolder = new Map<string, FoundCompanion[]>()
  readonly #read: Set<string>
  readonly #given = new Set<FoundCompanion>()

  constructor({ companions, foldersRead }: Found) {
    this.#read = new Set(foldersRead)
    for (const companion of companions) this.#add(companion)
  }

  #add(companion: FoundCompanion): void {
    const key = companion.place.slice(0, -1).join('/')
    const others = this.#byFolder.get(key)
    if (others === undefined) this.#byFolder.set(key, [companion])
    else if (!others.some(({ path }) => path === companion.path)) others.push(companion)
  }

  /** What lies in the folders of these captures, and in those between them and the folder that holds them all. */
  async beside(units: readonly Unit[]): Promise<Beside> {
    const beside: Beside = { accessLogs: [], kubernetes: [] }
    for (const [key, path] of foldersOf(units)) {
      await this.#readFolder(key, path)
      for (const companion of this.#byFolder.get(key) ?? []) {
        this.#given.add(companion)
        const paths = companion.kind === 'access-log' ? beside.accessLogs : beside.kubernetes
        paths.push(companion.path)
      }
    }
    return beside
  }

  /** Those that lie beside no capture of any sample. */
  left(): string[] {
    const all = [...this.#byFolder.values()].flat()
    return all.filter((one) => !this.#given.has(one)).map(({ path }) => path)
  }

  /** A folder of which only single files were named was not read yet. */
  async #readFolder(key: string, path: string): Promise<void> {
    if (this.#read.has(key)) return
    this.#read.add(key)
    // Its captures were found by their names: that it cannot be listed is no reason to leave them out.
    const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
    entries.sort((a, b) => compareNatural(a.name, b.name))
    for (const entry of entries) {
      const kind = entry.isDirectory()
        ? isKubernetesFolder(entry.name) && 'kubernetes'
        : companionOf(entry.name)
      if (kind !== 'access-log' && kind !== 'kubernetes') continue
      const file = join(path, entry.name)
      this.#add({ path: file, place: placeOf(file), bytes: null, changedMs: null, kind })
    }
  }
}

/** Folders of captures up to the innermost that holds them all, with a path to each. */
function foldersOf(units: readonly Unit[]): Map<string, string> {
  const files = units.flatMap((unit) => unit.files).filter(({ path }) => !isUrl(path))
  const shared = commonFolder(files.map(({ place }): Place => place.slice(0, -1))).length
  const folders = new Map<string, string>()
  for (const { path, place } of files) {
    let folder = dirname(path)
    for (let length = place.length - 1; length >= shared; length--) {
      folders.set(place.slice(0, length).join('/'), folder)
      folder = join(folder, '..')
    }
  }
  return folders
}
