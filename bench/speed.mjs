#!/usr/bin/env node
/**
 * How fast is it, beside what a user would run instead? Makes its captures, runs ours and each installed peer in turn
 * on the same file, prints ratios and peak memory, and keeps every number in bench/results/.
 */
import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { KINDS } from './capture/capture.mjs'
import { CACHE } from './measure/capture-files.mjs'
import { environment, findTools } from './measure/environment.mjs'
import { runPairs } from './measure/pairs.mjs'
import { latestResult, saveRows } from './speed/results.mjs'
import { GROUPS, PEER_NAMES, rows } from './speed/rows.mjs'
import { rowLine, writeTable } from './speed/table.mjs'

const USAGE = `usage: node bench/speed.mjs [flags]
  --scale N      size of the captures, 1: about 1 GB each [1]
  --pairs N      runs of ours and of the other, in turn [5]; start-up takes four times as many
  --kinds LIST   ${Object.keys(KINDS).join(',')} [all]
  --rows LIST    ${GROUPS.join(',')} [all]
  --peers LIST   ${PEER_NAMES.join(',')} [all that are installed]
  --seed N       of the captures [1]
  --dir PATH     where captures are made and kept [bench/.cache]
  --no-save      print only: no file in bench/results
  --table        only write README.md's table from the latest result of full size
`
const SHORT_RUNS = 4

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    pairs: { type: 'string', default: '5' },
    kinds: { type: 'string', default: Object.keys(KINDS).join() },
    rows: { type: 'string', default: GROUPS.join() },
    peers: { type: 'string', default: PEER_NAMES.join() },
    seed: { type: 'string', default: '1' },
    dir: { type: 'string', default: CACHE },
    'no-save': { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(USAGE)
} else if (values.table) {
  updateReadme()
} else {
  await measure()
}

async function measure() {
  const scale = positive('scale')
  const pairs = positive('pairs')
  const selection = {
    groups: oneOf('rows', GROUPS),
    kinds: oneOf('kinds', Object.keys(KINDS)),
    peers: oneOf('peers', PEER_NAMES),
    scale,
    seed: Number(values.seed),
    dir: values.dir,
  }
  if (!existsSync(`${root}dist/cli/main.js`)) fail('not built yet; run npm run build')
  const place = environment()
  const tools = findTools()
  console.log(
    `${place.cpu}, ${place.cores} cores, Node ${place.node}, scale ${scale}, ${pairs} pairs`,
  )
  for (const [name, version] of Object.entries(tools))
    console.log(`  ${name} ${version ?? 'is missing'}`)
  let path
  for (const { commands, needs, isShort, ...row } of rows(selection)) {
    let runs = []
    let skipped = null
    if (needs !== null && tools[needs] === null) skipped = `${needs} is not installed`
    else runs = await runPairs(...(await commands()), isShort ? pairs * SHORT_RUNS : pairs)
    const measured = { ...row, skipped, runs }
    console.log(rowLine(measured))
    if (!values['no-save']) path = saveRows(place, tools, scale, [measured])
  }
  if (path === undefined) return
  console.log(`\nwritten: ${relative(process.cwd(), path)}`)
  // README.md shows full size only.
  if (scale === 1) updateReadme()
}

function updateReadme() {
  const result = latestResult()
  if (result === null) fail('there is no result of full size yet')
  writeTable(`${root}README.md`, result)
  console.log('written: the table in README.md')
}

function positive(name) {
  const value = Number(values[name])
  if (!(value > 0)) fail(`--${name} takes a number above 0`)
  return value
}

function oneOf(name, known) {
  const chosen = values[name].split(',')
  const wrong = chosen.find((one) => !known.includes(one))
  if (wrong !== undefined) fail(`--${name}: ${wrong} is none of ${known.join(', ')}`)
  return chosen
}

function fail(message) {
  console.error(`speed: ${message}`)
  process.exit(2)
}
