import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root, sourceFiles } from './source-files.ts'

interface Source {
  path: string
  lines: number
  imports: { to: string; typeOnly: boolean }[]
}

const IMPORT =
  /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\b(?:import|require)\(\s*'([^']+)'\s*\)/gm

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const imports = [...text.matchAll(IMPORT)].map(([, typeOnly, named, dynamic]) => {
    const specifier = named ?? dynamic!
    const to = specifier.startsWith('.')
      ? relative(root, resolve(root, dirname(path), specifier))
      : specifier
    return { to, typeOnly: typeOnly !== undefined }
  })
  return { path, lines: text.split('\n').length, imports }
}

const sources = ['native-free-decoders', 'src'].flatMap(sourceFiles).map(readSource)

const MIDDLE = ['packets', 'connections', 'correlation', 'terminations', 'diagnosis']
const FACTS = ['src/model/', 'native-free-decoders/', 'src/errors.ts']

/** For each folder, prefixes of what its files may import; packages and `node:` by name. */
const RULES: [folder: string, allowed: string[]][] = [
  ['native-free-decoders/', ['native-free-decoders/']],
  ['src/model/', ['src/model/', 'native-free-decoders/', 'zod']],
  ['src/capture/', [...FACTS, 'src/capture/', 'node:', 'pcap-parser', 'fzstd']],
  ...MIDDLE.map((name): [string, string[]] => [`src/${name}/`, [...FACTS, `src/${name}/`]]),
  ['src/context/', [...FACTS, 'src/context/', 'node:']],
  ['src/evidence/', [...FACTS, 'src/evidence/']],
  ['src/redact/', [...FACTS, 'src/redact/', 'node:crypto', 'node:net']],
  ['src/reports/', ['src/model/', 'src/reports/', 'cli-table3', 'node:module']],
  [
    'src/workers/',
    [...FACTS, 'src/workers/', 'src/capture/', 'src/packets/', 'src/connections/', 'node:'],
  ],
  // Beside the engine it puts all stages together for one moment after another, as the files in src/ do for a file.
  [
    'src/watch/',
    [
      ...FACTS,
      ...['watch', 'capture', 'packets', 'connections', 'correlation', 'diagnosis'].map(
        (name) => `src/${name}/`,
      ),
      ...['assign-roles', 'compare-cases', 'selection', 'survey-cases'].map(
        (name) => `src/${name}.ts`,
      ),
    ],
  ],
  [
    'src/batch/',
    [
      ...['src/batch/', 'src/index.ts', 'src/render.ts', 'src/version.ts', 'src/first-packets.ts'],
      ...['src/reports/', 'src/model/', 'src/errors.ts', 'node:', 'picomatch', 'hyparquet-writer'],
      'src/handshakes.ts',
      ...['bullmq', 'ioredis'],
      // A table of numbers, as fit for ends of many captures as for connections of one.
      'src/connections/word-table.ts',
    ],
  ],
  [
    'src/cli/',
    [
      ...[
        'src/cli/',
        'src/batch/',
        'src/engine.ts',
        'src/index.ts',
        'src/parse-report.ts',
        'src/reports/',
        'src/model/',
        'src/errors.ts',
      ],
      ...['commander', 'cli-progress', 'node:'],
    ],
  ],
]

/** Packages that these files alone may import. */
const ONLY_IN: Record<string, string | string[]> = {
  zod: 'src/model/report-schema.ts',
  'cli-table3': 'src/reports/plain-table.ts',
  'cli-progress': ['src/cli/progress.ts', 'src/cli/batch-progress.ts'],
  picomatch: 'src/batch/find/glob.ts',
  'hyparquet-writer': 'src/batch/table/parquet.ts',
  bullmq: 'src/batch/queue/packages.ts',
  ioredis: 'src/batch/queue/packages.ts',
}

test('the import pattern finds every form of import', () => {
  const forms = [
    "import a from 'a'",
    "import type { b } from 'b'",
    "import {\n  c,\n} from 'c'",
    "export * from 'd'",
    "import 'e'",
    "  const f = await import('f')",
    "  const g = require('g')",
  ]
  const found = [...forms.join('\n').matchAll(IMPORT)].map((match) => match[2] ?? match[3])
  expect(found).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
  expect(sources.length).toBeGreaterThan(50)
})

describe.each(RULES.filter(([folder]) => existsSync(join(root, folder))))(
  '%s',
  (folder, allowed) => {
    test('imports nothing but what it may', () => {
      const wrong = sources
        .filter(({ path }) => path.startsWith(folder))
        .flatMap(({ path, imports }) =>
          imports
            .filter(({ to }) => !allowed.some((prefix) => to.startsWith(prefix)))
            .map(({ to }) => `${path} → ${to}`),
        )
      expect(wrong).toEqual([])
    })
  },
)

test('nobody but the command line imports the command line', () => {
  const wrong = sources
    .filter(({ path }) => !path.startsWith('src/cli/'))
    .flatMap(({ path, imports }) =>
      imports.filter(({ to }) => to.startsWith('src/cli/')).map(({ to }) => `${path} → ${to}`),
    )
  expect(wrong).toEqual([])
})

test('some packages are imported at one place only', () => {
  const wrong = sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ to, typeOnly }) => to in ONLY_IN && !typeOnly)
      .filter(({ to }) => ![ONLY_IN[to]].flat().includes(path))
      .map(({ to }) => `${path} → ${to}`),
  )
  expect(wrong).toEqual([])
})

test('of what stands beside the packets only the openers touch files', () => {
  const wrong = sources
    .filter(({ path }) => path.startsWith('src/context/') && !/\/open-[a-z]+\.ts$/.test(path))
    .filter(({ imports }) => imports.some(({ to }) => to.startsWith('node:')))
    .map(({ path }) => path)
  expect(wrong).toEqual([])
})

test('nobody but the queue knows what it lies in', () => {
  const wrong = sources
    .filter(({ path }) => !path.startsWith('src/batch/queue/'))
    .filter(({ imports }) => imports.some(({ to }) => to === 'bullmq' || to === 'ioredis'))
    .map(({ path }) => path)
  expect(wrong).toEqual([])
})

test('the report schema, and zod with it, is imported as a type only, but where foreign JSON is read', () => {
  const others = sources.filter(({ path }) => path !== 'src/parse-report.ts')
  const wrong = others.flatMap(({ path, imports }) =>
    imports
      .filter(({ to, typeOnly }) => to === 'src/model/report-schema.ts' && !typeOnly)
      .map(() => path),
  )
  expect(wrong).toEqual([])
})

test('process, console and clocks appear only at the edges', () => {
  const edges = [
    ...['src/cli/', 'src/workers/', 'src/capture/'],
    ...['src/context/access-log/open-log.ts', 'src/batch/remote/open-url.ts'],
  ]
  const wrong = sources
    .filter(({ path }) => !edges.some((edge) => path.startsWith(edge)))
    .filter(({ path }) =>
      /\bprocess\.|\bconsole\.|\bDate\.now\(|\bMath\.random\(/.test(
        readFileSync(join(root, path), 'utf8').replace(/^\s*(?:\/\/|\/?\*).*$/gm, ''),
      ),
    )
    .map(({ path }) => path)
  expect(wrong).toEqual([])
})

test('no file is longer than 500 lines', () => {
  expect(sources.filter(({ lines }) => lines > 500).map(({ path }) => path)).toEqual([])
})

test('no files import each other in a circle', () => {
  const graph = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports.filter(({ typeOnly }) => !typeOnly).map(({ to }) => to),
    ]),
  )
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (path: string, trail: string[]): void => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    if (trail.includes(path) || done.has(path)) return
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  expect(circles).toEqual([])
})
