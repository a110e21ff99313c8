import { spawnSync } from 'node:child_process'
import { beforeAll, expect, test } from 'vitest'
import { root } from '../source-files.ts'
import { BUILT_COMMAND, ensureBuilt } from '../support/built.ts'

/** The same command before it is bundled: each module is a file, so that Node says which are loaded. */
const UNBUNDLED = `${root}dist/src/cli/main.js`

beforeAll(ensureBuilt, 120_000)

function modulesOf(...argv: string[]): string[] {
  return modulesOfCommand(UNBUNDLED, argv)
}

/** Modules that a command line loads: paths from the root, and `node:` names. Node tells them when it is asked to. */
function modulesOfCommand(command: string, argv: string[]): string[] {
  const { stderr, status } = spawnSync(process.execPath, [command, ...argv], {
    cwd: root,
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      NODE_DEBUG: 'esm,module',
      // What is kept is compiled by other means, of which Node says nothing.
      NODE_DISABLE_COMPILE_CACHE: '1',
    },
    maxBuffer: 64 * 2 ** 20,
  })
  expect(status).toBe(0)
  const imported = [...stderr.matchAll(/Translating \w+ (\S+)/g)].map((match) => match[1]!)
  const required = [...stderr.matchAll(/: load "([^"]+)" for module/g)].map((match) => match[1]!)
  const paths = [...imported, ...required].map((name) =>
    name.replace(/^file:\/\//, '').replace(root, ''),
  )
  return [...new Set(paths)]
}

/** What is not part of the command line itself: files of this project, and names of packages. */
function beyond(modules: string[]): string[] {
  const others = modules
    .filter((path) => !path.startsWith('node:') && !path.startsWith('dist/src/cli/'))
    .map((path) => path.replace(/^node_modules\/([^/]+)\/.*/, '$1'))
  return [...new Set(others)].sort()
}

test.each(['--version', '--help', '-h'])('%s alone loads the command line only', (flag) => {
  const modules = modulesOf(flag)
  expect(modules).toContain('dist/src/cli/help-text.js')
  expect(beyond(modules)).toEqual(['dist/src/errors.js', 'dist/src/model/schema-id.js'])
})

test('the help of a command loads the parser too, but neither engine nor reports', () => {
  expect(beyond(modulesOf('compare', '--help'))).toEqual([
    'commander',
    'dist/src/errors.js',
    'dist/src/model/schema-id.js',
  ])
})

test('explain loads pages and what sets text, but no engine', () => {
  const modules = modulesOf('explain', 'RS241')
  expect(beyond(modules)).toEqual([
    'commander',
    'dist/src/errors.js',
    'dist/src/model/schema-id.js',
    'dist/src/reports/page-text.js',
    'dist/src/reports/text-escape.js',
    'dist/src/reports/text-style.js',
    'dist/src/reports/text-width.js',
  ])
})

const CAPTURES = ['client.pcap', 'upstream.pcap']
const compared = (sample: string, [client, upstream] = CAPTURES) =>
  modulesOf('compare', `samples/${sample}/${client}`, `samples/${sample}/${upstream}`)

/** What only some captures, flags or reports need, by the path that it is loaded from. */
const ONLY_WHERE_NEEDED = [
  'node:crypto',
  'dist/src/capture/gunzip.js',
  'dist/src/capture/unlz4.js',
  'dist/src/capture/unzstd.js',
  'dist/src/capture/pcap-parser-records.js',
  'dist/native-free-decoders/container/pcapng.js',
  'dist/native-free-decoders/container/snoop.js',
  'dist/src/workers/thread.js',
  'dist/src/evidence/',
  'dist/src/redact/',
  'dist/src/watch',
  'dist/src/model/report-schema.js',
  'dist/src/reports/html/',
  'dist/src/reports/json.js',
  'node:zlib',
  'node:worker_threads',
  'node_modules/cli-progress',
  'node_modules/cli-table3',
  'node_modules/fzstd',
  'node_modules/pcap-parser',
  'node_modules/zod',
]

function needed(modules: string[]): string[] {
  return ONLY_WHERE_NEEDED.filter((name) => modules.some((path) => path.startsWith(name)))
}

test('compare of two small captures without a finding loads nothing that they do not need', () => {
  const modules = compared('still-open', ['client.pcapng', 'upstream.pcap'])
  expect(modules).toContain('dist/src/compare.js')
  expect(modules).toContain('dist/src/reports/terminal.js')
  expect(needed(modules)).toEqual(['dist/native-free-decoders/container/pcapng.js'])
  expect(beyond(modules).filter((name) => !name.startsWith('dist/'))).toEqual([
    'commander',
    'package.json',
  ])
})

test('what a compare needs is seen to be loaded', () => {
  expect(needed(compared('keepalive-race'))).toEqual(['node_modules/cli-table3'])
  expect(needed(compared('graceful-closes', ['client.pcap.gz', 'upstream.pcap']))).toEqual([
    'dist/src/capture/gunzip.js',
    'node:zlib',
  ])
})

/** Files of the bundle that a command line loads, without those that belong to no part of it. */
function chunksOf(...argv: string[]): string[] {
  return modulesOfCommand(BUILT_COMMAND, argv)
    .filter((path) => path.startsWith('dist/') && !path.endsWith('/rolldown-runtime.js'))
    .map((path) => path.replace('dist/cli/', ''))
    .sort()
}

test('of the bundle a run loads one file for what it always needs, and one for each thing more', () => {
  const [client, upstream] = ['client.pcap', 'upstream.pcap'].map(
    (name) => `samples/keepalive-race/${name}`,
  ) as [string, string]
  expect(chunksOf('--version')).toEqual(['main.js', 'start.js'])
  expect(chunksOf('compare', '--help')).toEqual(['command-line.js', 'main.js', 'start.js'])
  const always = ['command-line.js', 'main.js', 'read.js', 'start.js']
  expect(chunksOf('compare', client, upstream)).toEqual(always)
  expect(chunksOf('analyze', client)).toEqual(always)
  expect(chunksOf('analyze', client, '--json')).toEqual(
    ['_required_node_crypto.js', ...always, 'json.js'].sort(),
  )
})
