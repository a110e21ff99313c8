import type { Cases } from './compare-cases.ts'
import type { JoinedLine } from './model/access-log.ts'
import type { CaseLink } from './model/case.ts'
import type { Confidence } from './model/report.ts'

/** What a line must tell of both its connections to link them. */
interface Ends {
  downstream: { index: number; joined: JoinedLine } | null
  upstream: { index: number; joined: JoinedLine } | null
}

/** Flags of requests whose upstream connection failed or ended. */
const FAILED = new Set(['UF', 'UC', 'UR', 'URX', 'UPE', 'UT'])

/** One line of a proxy's log names both its connections: they are linked by that, as surely as the line is theirs. */
export function linkByLines(
  cases: Cases,
  lines: { indices(): number[]; linesOf(index: number): readonly JoinedLine[] },
): void {
  const byLine = new Map<string, Ends>()
  for (const index of lines.indices()) {
    for (const joined of lines.linesOf(index)) {
      if (joined.others.length > 0 || joined.confidence === 'unclear') continue
      const key = `${joined.line.source} ${joined.line.number}`
      const ends = byLine.get(key) ?? { downstream: null, upstream: null }
      ends[joined.leg] = { index, joined }
      byLine.set(key, ends)
    }
  }
  for (const { downstream, upstream } of byLine.values()) {
    if (downstream === null || upstream === null || downstream.index === upstream.index) continue
    cases.links.learn(
      downstream.index,
      upstream.index,
      factsOf(downstream.joined, upstream.joined, cases),
    )
  }
}

function factsOf(
  downstream: JoinedLine,
  upstream: JoinedLine,
  cases: Cases,
): Omit<CaseLink, 'connection' | 'relation'> {
  const { line } = upstream
  const at =
    line.startNs === null ? 0 : Number(line.startNs - cases.bases[0]!) + downstream.offsetNs
  const confidence: Confidence =
    downstream.confidence === 'certain' && upstream.confidence === 'certain'
      ? 'certain'
      : 'probable'
  return {
    basis: 'both in one access-log line',
    confidence,
    requests: 1,
    firstAt: at,
    lastAt: at,
    owed: line.flags.some((flag) => FAILED.has(flag)),
    downstreamStatus: line.code ?? 0,
    upstreamStatus: 0,
  }
}
