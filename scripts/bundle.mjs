// Puts the command line together, from what `tsc -b` made of the sources: dist/src → dist/cli. `npm run build` runs it.
//
// A start costs as much as there are files to find and text to compile, so what each run of `analyze` and `compare` needs
// is one file, and what is imported on demand stays a file of its own. CommonJS, because Node has it loaded and run sooner
// than modules. Nothing is renamed or squeezed: a stack trace names functions as the sources do.

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { WORTH_KEEPING } from '../dist/src/cli/kept-code.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const built = (path) => `${root}dist/src/${path}`
const target = `${root}dist/cli`

/** What a process or a thread is started with. Threads are found beside the file that starts them, by these names. */
const ENTRIES = {
  main: built('cli/main.js'),
  worker: built('workers/worker.js'),
  'sample-thread': built('batch/sample-thread.js'),
  'hash-worker': built('capture/hash-worker.js'),
  'decompress-worker': built('capture/decompress-worker.js'),
}

/** Chunks, each with all that its files import statically: what is in one of them is taken from there by the next. */
const CHUNKS = {
  // Answers to --version and --help.
  start: ['cli/run.js'],
  // The parser, and what errors are said with.
  'command-line': ['cli/command-line.js', 'reports/text-escape.js', 'reports/page-text.js'],
  read: [
    'cli/commands/analyze.js',
    'cli/commands/compare.js',
    'engine.js',
    'analyze.js',
    'compare.js',
    'render.js',
    'reports/renderers.js',
    'reports/stream-of.js',
    'reports/terminal.js',
  ],
}

const REQUIRED = '\0required:'

/**
 * Packages stay outside: they are installed with this one, for the library too. Of those that are imported on demand, what
 * can be required is a small chunk that requires it: in a file whose compiled code is kept (src/cli/kept-code.ts) Node's
 * own `import()` does not work.
 */
const packages = {
  name: 'packages',
  resolveId(source, _, { kind }) {
    if (!/^[a-z@]/.test(source)) return null
    const isRequired = kind === 'dynamic-import' && /^(?:node:|cli-progress$)/.test(source)
    return isRequired ? REQUIRED + source : { id: source, external: true }
  },
  load(id) {
    if (!id.startsWith(REQUIRED)) return null
    const source = JSON.stringify(id.slice(REQUIRED.length))
    return `export * from ${source}\nexport { default } from ${source}`
  },
}

const bundle = await rolldown({
  input: ENTRIES,
  platform: 'node',
  plugins: [packages],
  // Much is imported on demand by the command line and statically by the library: that is known.
  checks: { ineffectiveDynamicImport: false },
  onwarn(warning) {
    throw new Error(warning.message)
  },
})
const { output } = await bundle.write({
  dir: target,
  cleanDir: true,
  format: 'cjs',
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
  // As modules are.
  strict: true,
  comments: false,
  codeSplitting: {
    groups: Object.entries(CHUNKS).map(([name, paths], i, { length }) => ({
      name,
      test: (id) => paths.some((path) => id === built(path)),
      priority: length - i,
    })),
  },
})
await bundle.close()

for (const name of Object.keys(ENTRIES)) {
  if (!output.some(({ fileName, isEntry }) => fileName === `${name}.js` && isEntry)) {
    throw new Error(`${name}.js is not what the thread of that name starts with`)
  }
}
for (const { fileName, code } of output) {
  if (code.length >= WORTH_KEEPING && /\bimport\(/.test(code)) {
    throw new Error(`${fileName} imports a package on demand: see the plugin above`)
  }
}
writeFileSync(`${target}/package.json`, '{ "type": "commonjs" }\n')
