// Writes man/rstscope.1 from the built tables; run it with `npm run man`.
import { mkdirSync, writeFileSync } from 'node:fs'
import { manPage } from '../dist/src/cli/man-page.js'

const target = new URL('../man/rstscope.1', import.meta.url)
mkdirSync(new URL('.', target), { recursive: true })
writeFileSync(target, manPage())
