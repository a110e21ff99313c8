import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { resultName } from '../measure/environment.mjs'
import { peak, ratios } from '../measure/pairs.mjs'

/** Where results are kept; committed, so that a slower version is seen. */
export const RESULTS = fileURLToPath(new URL('../results/', import.meta.url))

/**
 * @typedef {object} Result
 * @property {object} environment  see environment(): where it was measured
 * @property {Record<string, string | null>} tools  versions; null: not installed
 * @property {number} scale  1: captures of full size
 * @property {Measured[]} rows
 * @typedef {object} Measured  a row of rows.mjs with its numbers
 * @property {string} id
 * @property {string} a
 * @property {string} b
 * @property {number | null} reach
 * @property {number | null} peak
 * @property {string | null} commit
 * @property {string | null} skipped  why there are no runs
 * @property {{ a: import('../measure/run.mjs').Run, b: import('../measure/run.mjs').Run }[]} runs
 */

/** What the numbers of a row say: the ratio of A to B, the highest peaks, and whether each reach is met. */
export function judge({ reach, peak: mostBytes, runs }) {
  const ratio = ratios(runs)
  const peaks = { a: peak(runs, 'a'), b: peak(runs, 'b') }
  return {
    ratio,
    peaks,
    isFastEnough: reach === null ? null : ratio.median <= reach,
    isSmallEnough: mostBytes === null || peaks.a === null ? null : peaks.a <= mostBytes,
  }
}

/**
 * Adds rows to the result of this day, machine and scale, which is made if there is none: a long benchmark can be run
 * in parts, and what was measured before an interruption stays.
 * @returns {string} the file
 */
export function saveRows(environment, tools, scale, rows, folder = RESULTS) {
  mkdirSync(folder, { recursive: true })
  const name = resultName(environment) + (scale === 1 ? '' : `-scale${scale}`)
  const path = join(folder, `${name}.json`)
  const known = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).rows : []
  const { commit, ...place } = environment
  const all = [...known]
  for (const row of rows) {
    const at = all.findIndex(({ id }) => id === row.id)
    all.splice(at < 0 ? all.length : at, at < 0 ? 0 : 1, { ...row, commit })
  }
  writeFileSync(path, resultText({ environment: place, tools, scale, rows: all }))
  return path
}

/** JSON with one row a line, so that a diff shows which were measured again. */
function resultText({ rows, ...head }) {
  const lines = rows.map((row) => `  ${JSON.stringify(row)}`)
  return `${JSON.stringify(head).slice(0, -1)},"rows":[\n${lines.join(',\n')}\n]}\n`
}

/** The newest result of captures of full size, or null: smaller ones are for a quick look. @returns {Result | null} */
export function latestResult(folder = RESULTS) {
  if (!existsSync(folder)) return null
  const results = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
    .filter(({ rows, scale }) => Array.isArray(rows) && scale === 1)
  return results.sort((x, y) => (x.environment.date < y.environment.date ? 1 : -1))[0] ?? null
}
