import type { Connection, Evidence, ReportStream } from '../model/report.ts'
import { plural } from './ending-table.ts'
import { sameFrame } from './fact-lines.ts'
import { contextTexts } from './kubernetes-lines.ts'

type Head = ReportStream['head']

/** What a report says after its answer: what the answer and its cause rest on, and what to do. Nothing stands in it twice. */
export interface Reasons {
  because: Evidence[]
  against: Evidence[]
  /** What speaks for the cause and is not said of the answer. */
  cause: Evidence[]
  but: Evidence[]
  /** What Kubernetes lists say beside the cause. */
  lists: string[]
  /** Resets that ended nothing; the first few. */
  ignored: Evidence[]
  moreIgnored: string[]
  settles: string[]
  next: string[]
}

/** Ignored resets that are named; an injector may send thousands. */
const MOST_IGNORED = 6

/** The reasons of a report's answer; `leading` is the connection that it is about. */
export function reasonsOf({ verdict }: Head, leading: Connection | null): Reasons {
  const cause = leading?.causes[0]
  const ignored = leading?.ignoredResets ?? []
  const explain = cause?.code === undefined ? [] : [`rstscope explain ${cause.code}`]
  const next = [...(cause?.next ?? []), ...explain]
  // Without a cause the second line of the report is the first of these.
  const settles = verdict.settles.slice(verdict.cause ? 0 : 1)
  const more = ignored.length - MOST_IGNORED
  return {
    // Where nobody reset, the ignored resets are what the answer rests on: they are named by themselves.
    because: verdict.because.filter(
      (item) => verdict.by !== null || !ignored.some((one) => sameFrame(one, item)),
    ),
    against: verdict.against,
    // The cause itself is the second line of the report, and what it shares with the answer stands above.
    cause: (cause?.evidence ?? []).filter(
      (item) => !verdict.because.some((one) => sameFrame(one, item)),
    ),
    but: without(cause?.against ?? [], verdict.against),
    lists: cause ? contextTexts(cause) : [],
    ignored: ignored.slice(0, MOST_IGNORED),
    moreIgnored: more > 0 ? [`${more} more`] : [],
    settles: settles.filter((text) => !next.includes(text)),
    next,
  }
}

function without(items: Evidence[], others: Evidence[]): Evidence[] {
  return items.filter((item) => !others.some((o) => o.text === item.text && sameFrame(o, item)))
}

/** Whether a step is a command to type, which formats show as one. */
export function isCommand(step: string): boolean {
  return /^(?:kubectl|istioctl|rstscope|tcpdump|ss|sysctl|openssl|curl) /.test(step)
}

/** How many connections are like the leading one, and how many other groups ended badly. */
export function alsoTexts({ verdict }: Head, leading: Connection | null): string[] {
  const also: string[] = []
  const alike = leading ? verdict.count - 1 : 0
  if (alike > 0) also.push(`${alike} more ${plural(alike, 'connection')} like it`)
  if (verdict.others > 0) {
    const groups = plural(verdict.others, 'other group')
    also.push(`${verdict.others} ${groups} of connections that ended badly: see the table`)
  }
  return also
}

/** The connection that the verdict is about. */
export function leadingConnection(stream: ReportStream): Connection | null {
  const [id] = stream.head.verdict.connections
  return id === undefined ? null : stream.at(id)
}

/** Of a report about one connection that one, also where nothing is wrong with it. */
export function onlyConnection(stream: ReportStream): Connection | null {
  if (stream.head.summary.connections !== 1) return null
  const [connection] = stream.connections()
  return connection ?? null
}

/** The other leg of the proxy, where the end of one met the other. */
export function otherLeg(leading: Connection, stream: ReportStream): Connection | null {
  const [link] = leading.links
  return link === undefined || link.confidence === 'unclear' ? null : stream.at(link.connection)
}
