import type { ReportStream } from '../model/report.ts'
import type { MarkdownOptions } from './markdown/markdown.ts'
import type { TerminalOptions } from './terminal.ts'

/** What all renderings are told; each takes of it what it shows. */
export interface RenderOptions extends TerminalOptions, MarkdownOptions {}

/** A report as text, in pieces; it shows facts of the report and adds none. */
export type Renderer = (stream: ReportStream, options: RenderOptions) => Iterable<string>

/** Renderings by the name of their format, each loaded when it is asked for. */
export const RENDERERS = {
  text: async () => (await import('./terminal.ts')).renderText,
  markdown: async () => (await import('./markdown/markdown.ts')).renderMarkdown,
  html: async () => (await import('./html/page.ts')).writeHtml,
  json: async () => (await import('./json.ts')).writeJson,
  ndjson: async () => (await import('./json.ts')).writeNdjson,
  csv: async () => (await import('./csv.ts')).writeCsv,
  junit: async () => (await import('./junit.ts')).writeJunit,
} as const satisfies Record<string, () => Promise<Renderer>>
