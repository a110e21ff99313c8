import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { root, sourceFiles } from './source-files.ts'

const json = (path: string) => JSON.parse(readFileSync(`${root}${path}`, 'utf8'))
const manifest = json('package.json')

const RUNTIME = [
  'cli-progress',
  'cli-table3',
  'commander',
  'fzstd',
  'hyparquet-writer',
  'pcap-parser',
  'picomatch',
  'zod',
]

test('the runtime dependencies are these and no others, pinned', () => {
  const named = Object.keys(manifest.dependencies)
  expect(named.sort()).toEqual(RUNTIME)
  expect(manifest.optionalDependencies).toBeUndefined()
  // Who has many machines installs the queue beside it; nobody else gets it.
  expect(manifest.peerDependencies).toEqual({ bullmq: '6', ioredis: '6' })
  expect(manifest.peerDependenciesMeta).toEqual({
    bullmq: { optional: true },
    ioredis: { optional: true },
  })
  for (const versions of [manifest.dependencies, manifest.devDependencies]) {
    for (const version of Object.values(versions)) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
  }
})

test.each(RUNTIME)('%s has a job: it is imported somewhere in src', (name) => {
  const imported = sourceFiles('src').some((path) =>
    new RegExp(`(?:from |import\\(|import )'${name}'`).test(readFileSync(`${root}${path}`, 'utf8')),
  )
  expect(imported).toBe(true)
})

test('no runtime dependency runs a script when it is installed, or is native', () => {
  interface Locked {
    dev?: boolean
    hasInstallScript?: boolean
    gypfile?: boolean
  }
  const packages = Object.entries(json('package-lock.json').packages as Record<string, Locked>)
  const runtime = packages.filter(([path, { dev }]) => path !== '' && !dev)
  expect(runtime.length).toBeGreaterThanOrEqual(RUNTIME.length)
  expect(
    runtime.filter(([, { hasInstallScript, gypfile }]) => hasInstallScript || gypfile),
  ).toEqual([])
})

test('every export names its types first, and only these entries exist', () => {
  expect(Object.keys(manifest.exports)).toEqual([
    '.',
    './decoders',
    './schema/report-1.json',
    './package.json',
  ])
  for (const entry of Object.values(manifest.exports)) {
    if (typeof entry === 'object') expect(Object.keys(entry!)).toEqual(['types', 'default'])
  }
})

test('files is an allow-list, and nothing runs when the package is installed', () => {
  expect(manifest.files).toContain('dist')
  expect(manifest.files).toContain('schema')
  for (const pattern of manifest.files)
    expect(pattern).not.toMatch(/^(\*|\.|src|test|node_modules)/)
  const hooks = ['preinstall', 'install', 'postinstall', 'prepare']
  expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([])
})

test('it is an ES module for Node 20 with one command', () => {
  expect(manifest.type).toBe('module')
  expect(manifest.sideEffects).toBe(false)
  expect(manifest.engines).toEqual({ node: '>=20.19' })
  expect(manifest.bin).toEqual({ rstscope: './dist/cli/main.js' })
  expect(manifest.man).toBe('./man/rstscope.1')
  expect(manifest.files).toContain('man')
})
