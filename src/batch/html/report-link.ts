import { html, type Markup } from '../../reports/html/markup.ts'
import type { SampleRow } from '../sample-row.ts'
import { short } from './bounded.ts'

/** Links to a sample's report, by the sample's id. */
export type Links = ReadonlyMap<string, string>

/** The reference to a sample's page, else to its first report; null where there is none below the folder of the results. */
export function reportLink({ reports }: Pick<SampleRow, 'reports'>): string | null {
  const path = reports.find((one) => one.endsWith('.html')) ?? reports[0]
  return path === undefined ? null : reference(path)
}

/**
 * A path below the folder of the page, percent-encoded. Each segment is encoded whole, so that no scheme, host, query or
 * step upwards can be made of it; null for a path that has such segments.
 */
export function reference(path: string): string | null {
  const segments = path.split('/')
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) return null
  // A lone surrogate stands for no character, and cannot be encoded.
  return segments
    .map((segment) => encodeURIComponent(segment.replace(/\p{Cs}/gu, '\ufffd')))
    .join('/')
}

/** The name of a sample, as a link where it has a report. */
export function sampleName(id: string, links: Links): Markup {
  const link = links.get(id)
  return link === undefined ? html`${short(id)}` : html`<a href="${link}">${short(id)}</a>`
}
