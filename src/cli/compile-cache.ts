import * as nodeModule from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from './terminal-style.ts'

/** Node 22.8 and later. */
type EnableCompileCache = (directory: string) => unknown

/**
 * Lets Node keep what it compiled, so that the next start need not compile it again; Node's own variables
 * (NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE) come first. For older ones of Node the bundle's files are kept.
 */
export async function keepCompiled(env: Environment, platform: string): Promise<void> {
  const folder = compileCacheFolder(env, platform, homedir())
  const { enableCompileCache } = nodeModule as { enableCompileCache?: EnableCompileCache }
  if (enableCompileCache) {
    enableCompileCache(folder)
  } else if (!env.NODE_DISABLE_COMPILE_CACHE) {
    const { keepCode } = await import('./kept-code.ts')
    keepCode(folder)
  }
}

/** A folder of the user's own: in a shared one others could lay code for whoever starts this next. */
export function compileCacheFolder(env: Environment, platform: string, home: string): string {
  const caches =
    platform === 'win32'
      ? env.LOCALAPPDATA || join(home, 'AppData', 'Local')
      : env.XDG_CACHE_HOME || join(home, '.cache')
  return join(caches, 'rstscope', 'compiled')
}
