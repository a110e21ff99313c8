import { existsSync } from 'node:fs'

/** A file or folder of this package: two levels up from `src/cli`, three from `dist/src/cli`. */
export function packageFile(path: string): URL {
  const root = existsSync(new URL('../../package.json', import.meta.url)) ? '../../' : '../../../'
  return new URL(root + path, import.meta.url)
}
