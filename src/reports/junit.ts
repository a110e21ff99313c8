import { type Level, levelOf } from '../model/ending-level.ts'
import type { Evidence, Finding, ReportStream } from '../model/report.ts'
import { answerLines } from './answer-lines.ts'
import { plural } from './ending-table.ts'
import { endingWords, exampleText } from './endings.ts'
import { evidenceLabel } from './frame-label.ts'
import { escapeText } from './text-escape.ts'
import { textStyle } from './text-style.ts'

interface TestCase {
  className: string
  name: string
  /** Null: passed. */
  failure: { level: Level; message: string } | null
  text: string
}

/** Test cases for connections at most; a scan of many hosts has more groups than a page of tests can show. */
const MOST_GROUPS = 1000

/**
 * The report as one JUnit test suite: a test case for each finding, and for each group of connections that ended alike
 * at one upstream end. Those fail that `--fail-on warning` fails on.
 */
export function* writeJunit(
  stream: ReportStream,
  { ascii = false }: { ascii?: boolean } = {},
): Iterable<string> {
  const { head } = stream
  const finish = ascii ? numbered : (text: string) => text
  const cases = [...head.findings.map(findingCase), ...groupCases(stream)]
  const failures = cases.filter(({ failure }) => failure !== null).length
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="0"`
  yield '<?xml version="1.0" encoding="UTF-8"?>\n'
  yield `<testsuites name="rstscope" ${counts}>\n`
  yield `<testsuite name="rstscope ${head.command}" ${counts}>\n<properties>\n`
  for (const [name, value] of properties(stream)) {
    yield finish(`<property name="${name}" value="${xml(value)}"/>\n`)
  }
  yield '</properties>\n'
  for (const one of cases) yield finish(caseText(one))
  const answer = answerLines(head, textStyle({ color: false, ascii, width: 100 }))
  yield finish(`<system-out>${lines(answer)}</system-out>\n`)
  yield '</testsuite>\n</testsuites>\n'
}

function properties({ head }: ReportStream): [name: string, value: string][] {
  const { tool, captures, verdict, summary } = head
  return [
    ['version', tool.version],
    ...captures.map(({ id, paths }): [string, string] => ['capture', `${id}: ${paths.join(', ')}`]),
    ['reset-by', verdict.by ?? 'nobody'],
    ['confidence', verdict.confidence],
    ...(verdict.cause ? [['cause', verdict.cause.id] as [string, string]] : []),
    ['connections', String(summary.connections)],
  ]
}

function findingCase(finding: Finding): TestCase {
  const { code, severity, title, why, evidence, against, next } = finding
  const text = lines([
    why,
    ...evidence.map(evidenceText),
    ...against.map((item) => `against: ${evidenceText(item)}`),
    ...next.map((step) => `next: ${step}`),
  ])
  return {
    className: 'rstscope.findings',
    name: `${code} ${title}`,
    failure: severity === 'info' ? null : { level: severity, message: why },
    text,
  }
}

function evidenceText(item: Evidence): string {
  const at = item.at === null ? '' : ` ${item.at}`
  return `${evidenceLabel(item)}${at} ${item.text}`
}

interface Group {
  name: string
  level: Level | null
  count: number
  first: number
}

/** Groups in order of their first connection; those beyond the bound share the last two test cases. */
function groupCases(stream: ReportStream): TestCase[] {
  const groups = new Map<string, Group>()
  const endings = stream.endings()
  for (const { ending, peer, count, first } of endings.counts) {
    const level = levelOf(ending)
    const words = [endingWords(ending)]
    if (ending.by !== null) words.push(`reset by ${ending.by}`)
    if (ending.cause !== null) words.push(ending.cause.id)
    const name = `${words.join('; ')}: ${endings.peerText(peer)}`
    const own = `${level} ${name}`
    const isOther = groups.size >= MOST_GROUPS && !groups.has(own)
    const failed = level === 'error' || level === 'warning'
    const other = failed ? 'other groups that ended badly' : 'other groups'
    const key = isOther ? other : own
    const known = groups.get(key)
    if (known !== undefined) known.count += count
    else groups.set(key, { name: isOther ? other : name, level, count, first })
  }
  return [...groups.values()].map((group) => groupCase(group, stream))
}

function groupCase({ name, level, count, first }: Group, stream: ReportStream): TestCase {
  const example = stream.at(first)
  const why = example?.causes[0]?.why
  const times = `${count} ${plural(count, 'connection')}`
  const failed = level === 'error' || level === 'warning'
  return {
    className: 'rstscope.connections',
    name,
    failure: failed ? { level, message: why === undefined ? times : `${times}: ${why}` } : null,
    text: lines([times, ...(example ? [`for example connection ${exampleText(example)}`] : [])]),
  }
}

function caseText({ className, name, failure, text }: TestCase): string {
  const open = `<testcase classname="${className}" name="${xml(name)}"`
  if (failure === null) return `${open}>\n<system-out>${text}</system-out>\n</testcase>\n`
  const message = xml(failure.message)
  return `${open}>\n<failure type="${failure.level}" message="${message}">${text}</failure>\n</testcase>\n`
}

function lines(texts: string[]): string {
  return texts.map(xml).join('\n')
}

/** The same XML in ASCII. */
function numbered(text: string): string {
  return text.replace(/[^\x00-\x7f]/gu, (character) => `&#${character.codePointAt(0)};`)
}

/** No character that XML 1.0 forbids, none that ends an attribute or an element. */
function xml(text: string): string {
  return escapeText(text)
    .replace(/[\ufffe\uffff]/g, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
