import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { root } from '../source-files.ts'

/** The command as users run it. */
export const BUILT_COMMAND = `${root}dist/cli/main.js`

/** `npm test` builds first; a single test file may run where nothing is built. */
export function ensureBuilt(): void {
  if (!existsSync(BUILT_COMMAND)) execFileSync('npm', ['run', 'build', '--silent'], { cwd: root })
}

/** The library as users import it: only there worker threads and this thread run the same files. */
export async function builtLibrary(): Promise<typeof import('../../src/index.ts')> {
  ensureBuilt()
  return import(`${root}dist/src/index.js`)
}
