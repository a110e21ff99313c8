import { escapeText } from '../../reports/text-escape.ts'
import type { Sample } from '../sample.ts'
import { shownPath } from './places.ts'
import type { FoundSamples } from './samples.ts'

export interface ListOptions {
  /** At most so many samples are listed, the others counted; all unless said otherwise. */
  most?: number
}

/** Files of one side that are named; of a longer set the first and the last are. */
const MOST_FILES = 3
const MOST_NOTES = 20

/** What was found, and what belongs together and why: lines of text without colour, safe to print. */
export function listSamples(found: FoundSamples, { most = Infinity }: ListOptions = {}): string {
  const { samples, passedOver, notes } = found
  const lines = [countLine(samples)]
  const shown = samples.slice(0, most)
  if (shown.length > 0) lines.push('')
  for (const sample of shown) lines.push(...sampleLines(sample))
  if (samples.length > shown.length) lines.push(`  … and ${samples.length - shown.length} more`)
  if (notes.length > 0) lines.push('', 'Not as it looked')
  for (const note of notes.slice(0, MOST_NOTES)) lines.push(`  ${escapeText(note)}`)
  if (notes.length > MOST_NOTES) lines.push(`  … and ${notes.length - MOST_NOTES} more`)
  if (passedOver.length > 0) lines.push('', 'Passed over')
  for (const { count, text, examples } of passedOver) {
    const names = examples.map((path) => escapeText(shownPath(path))).join(', ')
    const more = count > examples.length ? ', …' : ''
    lines.push(`  ${String(count).padStart(6)}  ${text}: ${names}${more}`)
  }
  return `${lines.join('\n')}\n`
}

function countLine(samples: readonly Sample[]): string {
  const pairs = samples.filter(({ captures }) => 'client' in captures).length
  const alone = samples.length - pairs
  const known = samples.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
  const unknown = samples.filter(({ bytes }) => bytes === null).length
  const size = unknown > 0 ? `${sizeText(known)} and ${unknown} of unknown size` : sizeText(known)
  return `${plural(samples.length, 'sample')}: ${plural(pairs, 'pair')} of client and upstream, ${alone} alone; ${size}`
}

function sampleLines(sample: Sample): string[] {
  const { id, captures, accessLogs, kubernetes, bytes, basis } = sample
  const size = bytes === null ? '' : `  ${sizeText(bytes)}`
  return [
    `  ${escapeText(id)}${size}`,
    ...Object.entries(captures).map(([side, paths]) => fileLine(side, paths as string[])),
    ...(accessLogs.length > 0 ? [fileLine('logs', accessLogs)] : []),
    ...(kubernetes.length > 0 ? [fileLine('lists', kubernetes)] : []),
    `    why       ${escapeText(basis)}`,
  ]
}

function fileLine(label: string, paths: readonly string[]): string {
  const shown = (path: string | undefined) => escapeText(shownPath(path ?? ''))
  const names =
    paths.length <= MOST_FILES
      ? paths.map(shown).join(', ')
      : `${paths.length} files, ${shown(paths[0])} … ${shown(paths.at(-1))}`
  return `    ${label.padEnd(9)} ${names}`
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** 1.4 MB: three digits are enough to see what takes long. */
function sizeText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}
