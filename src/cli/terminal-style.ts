import type { TextOptions } from '../reports/text-style.ts'
import type { Host } from './host.ts'
import type { OptionValues } from './options.ts'

export type ColorWhen = 'auto' | 'always' | 'never'
export type Environment = Record<string, string | undefined>

/** Whether to use colours: `--color` › `NO_COLOR` › `FORCE_COLOR` › `TERM=dumb` › is it a terminal. */
export function useColor(when: ColorWhen, env: Environment, isTerminal: boolean): boolean {
  if (when !== 'auto') return when === 'always'
  // https://no-color.org: set and not empty.
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  if (env.TERM === 'dumb') return false
  return isTerminal
}

/** Columns of text: told, else `COLUMNS`, else the terminal's, else 100; never below 60. */
export function textColumns(
  told: number | undefined,
  env: Environment,
  terminalColumns: number | undefined,
): number {
  if (told !== undefined) return told
  const set = /^\d{1,4}$/.test(env.COLUMNS ?? '') ? Number(env.COLUMNS) : 0
  return Math.max(60, set || terminalColumns || 100)
}

/** Whether the locale can show more than ASCII. POSIX: LC_ALL, then LC_CTYPE, then LANG decides. */
export function hasUtf8(env: Environment, platform: string): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  if (locale !== '') return /utf-?8/i.test(locale)
  return platform === 'darwin' || (platform === 'win32' && Boolean(env.WT_SESSION))
}

/** How text looks on standard output: what was told, else what the surroundings allow. */
export function textOptions(
  values: Pick<OptionValues, 'color' | 'ascii' | 'width'>,
  host: Host,
): TextOptions {
  return {
    color: useColor(values.color, host.env, host.stdout.isTTY ?? false),
    ascii: (values.ascii ?? false) || !hasUtf8(host.env, host.platform),
    width: textColumns(values.width, host.env, host.stdout.columns),
  }
}
