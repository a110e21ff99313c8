#!/usr/bin/env node
/**
 * Rewrites samples/<case>/expected/ with what the build says of each sample, report.json and report.txt, and the
 * answer that the README shows. Read the diff as you read code. usage: npm run golden [-- CASE…]
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const named = process.argv.slice(2)
const cases = readdirSync(`${root}samples`)
  .sort()
  .filter((name) => existsSync(`${root}samples/${name}/truth.json`))
  .filter((name) => named.length === 0 || named.includes(name))

for (const name of cases) {
  const folder = `samples/${name}`
  const { captures } = JSON.parse(readFileSync(`${root}${folder}/truth.json`, 'utf8'))
  const expected = `${folder}/expected`
  mkdirSync(`${root}${expected}`, { recursive: true })
  // Relative paths from the root of the repository: the report names them.
  const files = [`${folder}/${captures.client.file}`, `${folder}/${captures.upstream.file}`]
  const beside = readdirSync(`${root}${folder}`)
    .sort()
    .flatMap((file) => {
      const flag = /^access.*\.log$/.test(file)
        ? '--access-log'
        : file === 'kubernetes.json' && '--kubernetes'
      return flag ? [flag, `${folder}/${file}`] : []
    })
  const outputs = ['--out', `${expected}/report.json`, '--out', `${expected}/report.txt`]
  const argv = [
    'dist/cli/main.js',
    'compare',
    ...files,
    ...beside,
    ...outputs,
    '--width',
    '100',
    '--quiet',
  ]
  execFileSync(process.execPath, argv, { cwd: root, stdio: 'inherit' })
}

// The README shows the beginning of one report: the answer and its ladder.
const report = readFileSync(`${root}samples/keepalive-race/expected/report.txt`, 'utf8')
const [beginning] = report.split('\n\n  because')
const readme = readFileSync(`${root}README.md`, 'utf8')
const shown = /(\n\$ rstscope compare client\.pcap upstream\.pcap\n)[^`]*?\n```/
writeFileSync(
  `${root}README.md`,
  readme.replace(shown, (_, command) => `${command}${beginning}\n\`\`\``),
)
console.log(`golden: ${cases.length} samples`)
