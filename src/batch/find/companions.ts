import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Found, FoundCompanion } from './discover.ts'
import { companionOf, isKubernetesFolder } from './file-names.ts'
import { compareNatural } from './natural-order.ts'
import { commonFolder, isUrl, type Place, placeOf } from './places.ts'
import { sidedName } from './side-words.ts'
import type { Unit } from './unit.ts'

/** A log that is read again for each sample of its folder is told of from here on. */
const NOTED_BYTES = 1e9

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
  /** What may take longer than it looks. */
  readonly notes: string[] = []

  constructor({ companions, foldersRead }: Found) {
    this.#read = new Set(foldersRead)
    for (const companion of companions) this.#add(companion)
  }

  #add(companion: FoundCompanion): void {
    const key = companion.place.slice(0, -1).join('/')
    const others = this.#byFolder.get(key)
    if (others === undefined) this.#byFolder.set(key, [companion])
    else if (!others.some(({ place }) => place.at(-1) === companion.place.at(-1))) {
      // The same file may be named in another way: ./access.log.
      others.push(companion)
    }
  }

  /**
   * For each sample, what lies in the folders of its captures, and in those between them and the folder that holds them
   * all. Where a folder has several samples, a log that is called after one of them is given to that one.
   */
  async beside(samples: readonly (readonly Unit[])[]): Promise<Beside[]> {
    const beside = samples.map((): Beside => ({ accessLogs: [], kubernetes: [] }))
    const folders = new Map<string, { path: string; samples: number[] }>()
    for (const [index, units] of samples.entries()) {
      for (const [key, path] of foldersOf(units)) {
        const folder = folders.get(key)
        if (folder === undefined) folders.set(key, { path, samples: [index] })
        else folder.samples.push(index)
      }
    }
    for (const [key, { path, samples: inside }] of folders) {
      await this.#readFolder(key, path)
      const companions = this.#byFolder.get(key) ?? []
      if (companions.length === 0) continue
      const words = inside.map((index) => samples[index]!.map(({ stem }) => wordsOf(stem)))
      for (const companion of companions) {
        this.#given.add(companion)
        const isLog = companion.kind === 'access-log'
        const meant = isLog ? meantBy(companion, inside, words) : inside
        this.#noteRepeated(companion, meant.length)
        for (const index of meant) {
          beside[index]![isLog ? 'accessLogs' : 'kubernetes'].push(companion.path)
        }
      }
    }
    // Whatever else was found: the order is part of what tells whether a sample has changed.
    for (const { accessLogs, kubernetes } of beside) {
      accessLogs.sort(compareNatural)
      kubernetes.sort(compareNatural)
    }
    return beside
  }

  #noteRepeated({ path, bytes }: FoundCompanion, samples: number): void {
    if (samples < 2 || (bytes ?? 0) * samples < NOTED_BYTES) return
    const gigabytes = (((bytes ?? 0) * samples) / 1e9).toFixed(1)
    this.notes.push(
      `${path} is read for each of ${samples} samples of its folder: ${gigabytes} GB in all`,
    )
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

/** The samples that a log is called after (`envoy-cart-7d9f.log`); all of its folder where it is called after none. */
function meantBy(
  log: FoundCompanion,
  samples: readonly number[],
  words: readonly (readonly ReadonlySet<string>[])[],
): readonly number[] {
  const own = [...wordsOf(ownName(log.place.at(-1) ?? ''))].filter(
    (word) => sidedName(word) === null,
  )
  if (own.length === 0) return samples
  const meant = samples.filter((_, i) => words[i]!.some((of) => own.every((word) => of.has(word))))
  return meant.length > 0 ? meant : samples
}

/** The name of a log without what makes it one, and without the number of its rotation. */
function ownName(name: string): string {
  return name
    .replace(/^(?:access|envoy|istio-proxy)/i, '')
    .replace(/\.log(?:\.\d+)?(?:\.gz)?$/i, '')
}

function wordsOf(name: string): Set<string> {
  return new Set(name.toLowerCase().match(/[\p{L}\p{N}]+/gu))
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
