import type { Report } from './model/report.ts'
import type { RENDERERS, RenderOptions } from './reports/renderers.ts'

/** A format that a report can be rendered in. */
export type ReportFormat = keyof typeof RENDERERS

/**
 * A report in one of the formats, as the command line prints it. Without options: 100 columns, no colour, times in UTC,
 * ordinary ends counted and not listed. `maxCharacters` bounds Markdown (60,000).
 */
export async function render(
  report: Report,
  format: ReportFormat,
  options: Partial<RenderOptions> = {},
): Promise<string> {
  const [{ RENDERERS: renderers }, { streamOf }] = await Promise.all([
    import('./reports/renderers.ts'),
    import('./reports/stream-of.ts'),
  ])
  const renderer = await renderers[format]()
  const all = {
    width: 100,
    color: false,
    ascii: false,
    all: false,
    time: 'utc',
    ...options,
  } as const
  return [...renderer(streamOf(report), all)].join('')
}
