import { existsSync } from 'node:fs'

/** An installed Chromium, for tests of what a browser makes of a page; null where there is none. */
export const CHROMIUM: string | null =
  [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
    .filter((path) => path !== undefined)
    .find((path) => existsSync(path)) ?? null
