import type { Evidence, ReportStream } from '../../model/report.ts'
import { frameLabel } from '../frame-label.ts'
import { formatTime, type TimeMode } from '../time-format.ts'
import { html, list, type Markup } from './markup.ts'

const MOST_ITEMS = 12

/** What every section of the page is made with. */
export interface PageContext {
  head: ReportStream['head']
  time: TimeMode
}

/** A report's time in the machine's form and in the reader's. */
export function timeHtml(
  at: string,
  captureId: string | null,
  { head, time }: PageContext,
): Markup {
  const zero = head.captures.find(({ id }) => id === captureId) ?? head.captures[0]
  return html`<time datetime="${at}">${formatTime(at, time, zero?.firstPacketAt ?? null)}</time>`
}

/** Sentences, each with the frame and the time of the packet that shows it. */
export function evidenceList(items: readonly Evidence[], context: PageContext): Markup {
  return list(
    items.map((item) => {
      const lead =
        item.frame === null
          ? null
          : html`<span class="frame" title="${item.capture}, frame ${item.frame}">${frameLabel(item.capture, item.frame)}</span> `
      const at =
        item.at === null
          ? null
          : html` <span class="at">${timeHtml(item.at, item.capture, context)}</span>`
      return html`${lead}${item.text}${at}`
    }),
    MOST_ITEMS,
  )
}

/** The word for how sure something is; told by its border, too. */
export function confidenceBadge(confidence: string): Markup {
  return html`<span class="badge ${confidence}">${confidence}</span>`
}
