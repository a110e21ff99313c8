import type { Renderer } from '../reports/renderers.ts'

/** A format of `--format`, and of the files of `--out`. */
export interface FormatEntry {
  /** Extension that chooses it for a file of `--out`. */
  extension: string
  /** Whether it shows the SHA-256 of the captures, which takes longer than reading them. */
  hashes: boolean
  /** Loads what renders it: nothing of it stands in the way of a run that prints something else. */
  load(): Promise<Renderer>
}

function renderer(format: keyof typeof import('../reports/renderers.ts')['RENDERERS']) {
  return async (): Promise<Renderer> =>
    (await import('../reports/renderers.ts')).RENDERERS[format]()
}

/** Every format that there is: the flags, the help and `--out` are made from this table. */
export const FORMATS = {
  text: { extension: '.txt', hashes: false, load: renderer('text') },
  markdown: { extension: '.md', hashes: true, load: renderer('markdown') },
  html: { extension: '.html', hashes: true, load: renderer('html') },
  json: { extension: '.json', hashes: true, load: renderer('json') },
  ndjson: { extension: '.ndjson', hashes: true, load: renderer('ndjson') },
  csv: { extension: '.csv', hashes: false, load: renderer('csv') },
  junit: { extension: '.xml', hashes: false, load: renderer('junit') },
} as const satisfies Record<string, FormatEntry>

export type Format = keyof typeof FORMATS

export const FORMAT_NAMES = Object.keys(FORMATS) as readonly Format[]

/** The format that a file name asks for by its extension; null where there is none. */
export function formatByExtension(extension: string): Format | null {
  return FORMAT_NAMES.find((name) => FORMATS[name].extension === extension.toLowerCase()) ?? null
}

/** `.txt, .json or .ndjson`, for a hint. */
export function extensionList(): string {
  return orList(FORMAT_NAMES.map((name) => FORMATS[name].extension))
}

/** `text, json or ndjson`, for the help. */
export function formatList(): string {
  return orList(FORMAT_NAMES)
}

function orList(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
