import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './source-files.ts'

const folder = join(root, 'docs/findings')

/** The Markdown pages of `docs/findings`, the index left out: name without `.md`, and text. */
export const FINDING_PAGES = readdirSync(folder)
  .filter((name) => name !== 'README.md')
  .map((file) => ({
    name: file.replace(/\.md$/, ''),
    text: readFileSync(join(folder, file), 'utf8'),
  }))
