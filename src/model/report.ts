import type { z } from 'zod'
import type { AddressPair } from './connection.ts'
import type { Endings } from './ending.ts'
import type { connectionSchema, reportSchema } from './report-schema.ts'

/** What `analyze` and `compare` find, and the only thing that a rendering may use. */
export type Report = z.infer<typeof reportSchema>

/** One connection of a report, with a view for each capture. */
export type Connection = z.infer<typeof connectionSchema>

export type Capture = Report['captures'][number]
export type CaptureProblem = Capture['warnings'][number]
export type Verdict = Report['verdict']
/** The verdict's `by`: who reset first. */
export type VerdictBy = NonNullable<Verdict['by']>
export type Confidence = Verdict['confidence']
/** A sentence with the frame of the capture that shows it. */
export type Evidence = Verdict['because'][number]
/** One access log that was given, and one of its lines beside a connection. */
export type AccessLog = NonNullable<Report['accessLogs']>[number]
export type AccessLogLine = Connection['accessLog'][number]
export type Clock = NonNullable<Report['clock']>
export type ClockStep = Clock['steps'][number]
export type Summary = Report['summary']
export type Finding = Report['findings'][number]
export type Severity = Finding['severity']
export type Limit = Report['limits'][number]

/** How one capture saw a connection. */
export type View = NonNullable<Connection['views'][string]>
export type Termination = Connection['termination']
export type Detail = Connection['detail']
export type Tls = NonNullable<Connection['tls']>
export type FirstReset = NonNullable<Connection['firstReset']>
/** Who sent or caused a reset. */
export type ResetBy = FirstReset['by']
export type Anatomy = FirstReset['anatomy']
export type Acceptance = FirstReset['acceptance']
export type FirstClose = NonNullable<Connection['firstClose']>
export type Fate = Connection['fates'][number]
export type Cause = Connection['causes'][number]
/** A sentence from lists beside the packets. */
export type ContextItem = NonNullable<Cause['context']>[number]
/** What was behind an address when the packets passed. */
export type Workload = NonNullable<NonNullable<Connection['workload']>['client']>
export type Kubernetes = NonNullable<Report['kubernetes']>
export type Link = Connection['links'][number]
export type MatchMethod = NonNullable<Connection['match']>['method']
export type UnmatchedReason = NonNullable<Connection['unmatchedReason']>

/**
 * A report whose connections come one by one: what `analyze` and `compare` make inside, so that millions of
 * connections never stand in memory as objects. What can be asked may be asked more than once and starts anew each time.
 */
export interface ReportStream {
  head: Omit<Report, 'connections'>
  connections(): Iterable<Connection>
  /** One connection by its id; null where the report has none of it. */
  at(id: number): Connection | null
  /** How the connections ended, counted. */
  endings(): Endings
  /** Both ends of each connection that a capture (by its id) saw, as that capture shows them. */
  ends(capture: string): Iterable<AddressPair>
  /** Closes the temporary files that a large capture needs; nothing may be asked of the stream afterwards. */
  close?(): void
}
