import { readFileSync } from 'node:fs'
import { vi } from 'vitest'

// The built files, one folder deeper than the sources, read the version beside them.
vi.mock('../../src/version.ts', () => {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return { VERSION: JSON.parse(manifest).version }
})
