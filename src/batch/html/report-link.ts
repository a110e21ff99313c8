import { html, type Markup } from '../../reports/html/markup.ts'
import type { SampleRow } from '../sample-row.ts'
import { short } from './bounded.ts'

/** Links to a sample's report, by the sample's id. */
export type Links = ReadonlyMap<string, string>

/**
 * The reference to a sample's page, else to its first report; null where there is none below the folder of the results.
 * `results`: that folder as the page's own folder sees it, with `/`; empty where it is the same.
 */
export function reportLink(
  { reports }: Pick<SampleRow, 'reports'>,
  results: string,
): string | null {
  const path = reports.find((one) => one.endsWith('.html')) ?? reports[0]
  const link = path === undefined ? null : reference(path)
  if (link === null || results === '') return link
  // Ours, and so may lead upwards; a colon in its first name is no scheme.
  return `${results.split('/').map(encoded).join('/')}/${link}`
}

/**
 * A path below the folder of the page, percent-encoded. Each segment is encoded whole, so that no scheme, host, query or
 * step upwards can be made of it; null for a path that has such segments.
 */
export function reference(path: string): string | null {
  const segments = path.split('/')
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) return null
  return segments.map(encoded).join('/')
}

/** A lone surrogate stands for no character, and cannot be encoded. */
function encoded(segment: string): string {
  return encodeURIComponent(segment.replace(/\p{Cs}/gu, '\ufffd'))
}

/** The name of a sample, as a link where it has a report. */
export function sampleName(id: string, links: Links): Markup {
  const link = links.get(id)
  return link === undefined ? html`${short(id)}` : html`<a href="${link}">${short(id)}</a>`
}
