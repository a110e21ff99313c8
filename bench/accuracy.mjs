#!/usr/bin/env node
/**
 * How often is the verdict right? Runs `compare` of the build over every folder that has a truth.json.
 *
 * usage: node bench/accuracy.mjs [FOLDER…] [--verbose]      (default folder: samples)
 *
 * Prints right, abstained and wrong for who sent the first RST and for the class, by class of the truth and in
 * all. Exit status 1 when an answer that claims to be certain is wrong, or when there is nothing to score.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { scoreReport } from './score-report.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const verbose = process.argv.includes('--verbose')
const folders = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
if (folders.length === 0) folders.push(join(root, 'samples'))

const engine = join(root, 'dist', 'src', 'index.js')
if (!existsSync(engine)) {
  console.error('accuracy: not built yet; run npm run build')
  process.exit(2)
}
const { compare } = await import(engine)

const counts = new Map()
let scenarios = 0
for (const path of folders.flatMap(casesIn)) {
  const whole = JSON.parse(readFileSync(join(path, 'truth.json'), 'utf8'))
  // Connections of a gateway that only its own capture holds are not asked about.
  const seen = whole.connections.filter((row) => row.client_view ?? row.upstream_view)
  const truth = { ...whole, connections: seen }
  const file = (side) => join(path, truth.captures[side].file)
  scenarios++
  let rows
  try {
    rows = scoreReport(await compare({ client: file('client'), upstream: file('upstream') }), truth)
  } catch (error) {
    console.log(`${truth.scenario}: no report: ${error.message}`)
    rows = scoreReport({ connections: [] }, truth)
  }
  for (const [i, row] of rows.entries()) {
    add(truth.connections[i].class, row)
    add('all', row)
    if (row.class === 'wrong' || row.who === 'wrong' || (verbose && row.who === 'abstained'))
      tell(truth.scenario, row)
  }
}

const total = counts.get('all')
if (total) {
  counts.delete('all')
  print(
    [...counts].sort(([a], [b]) => (a < b ? -1 : 1)),
    total,
  )
}
process.exitCode = total && total.who.certainlyWrong === 0 ? 0 : 1

function casesIn(folder) {
  if (existsSync(join(folder, 'truth.json'))) return [folder]
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, 'truth.json')))
}

function add(name, row) {
  if (!counts.has(name)) {
    const none = () => ({ right: 0, abstained: 0, wrong: 0, certainlyWrong: 0, certain: 0 })
    counts.set(name, { n: 0, class: none(), who: none() })
  }
  const count = counts.get(name)
  count.n++
  count.class[row.class]++
  count.who[row.who]++
  if (row.certain) count.who.certain++
  if (row.certain && row.who === 'wrong') count.who.certainlyWrong++
}

function tell(scenario, row) {
  const parts = []
  if (!row.found) parts.push('not in the report')
  else {
    if (row.class === 'wrong')
      parts.push(`class ${row.gotClass}, want ${row.wantedClasses.join(' or ')}`)
    if (row.who !== 'right')
      parts.push(
        `first reset by ${row.gotWho}${row.certain ? ' (certain)' : ''}, want ${row.wantedWho}`,
      )
  }
  console.log(`${scenario} ${row.id} (${row.cause}): ${parts.join('; ')}`)
}

function print(rows, all) {
  const head = [
    'class of the truth',
    'n',
    'class right',
    'wrong',
    'who right',
    'abstained',
    'wrong',
    'certain',
    'wrong though certain',
  ]
  const line = (name, c) => [
    name,
    c.n,
    c.class.right,
    c.class.wrong,
    c.who.right,
    c.who.abstained,
    c.who.wrong,
    c.who.certain,
    bounded(c.who),
  ]
  const table = [
    head,
    ...rows.map(([name, c]) => line(name, c)),
    line(`all (${scenarios} scenarios)`, all),
  ].map((r) => r.map(String))
  const widths = head.map((_, i) => Math.max(...table.map((r) => r[i].length)))
  for (const row of table) {
    console.log(
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join('  '),
    )
  }
}

/** Where none was seen in n, the true rate is below 3/n with 95 % confidence (the rule of three). */
function bounded(who) {
  if (who.certainlyWrong > 0) return `${who.certainlyWrong} of ${who.certain}`
  return who.certain === 0 ? '0' : `0 (< ${Math.min(100, 300 / who.certain).toFixed(1)} %)`
}
