import { z } from 'zod'
import { DETAILS, TERMINATIONS } from './ending-names.ts'
import { REPORT_SCHEMA_ID } from './schema-id.ts'

/**
 * The one definition of a `Report`. The TypeScript type is inferred from it (`report.ts`) and the published JSON
 * Schema is generated from it (`npm run schema`). Import it only where foreign JSON is read: zod takes 100 ms to load.
 *
 * Field order here is the documented key order of the JSON output.
 */

const count = z.int().nonnegative()
const seconds = z.number()
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
  .meta({ id: 'Time', description: 'RFC 3339, UTC, nine fractional digits' })

const side = z.enum(['client', 'upstream']).meta({ id: 'Side' })
const resetBy = z.enum(['client', 'upstream', 'between', 'undetermined']).meta({ id: 'ResetBy' })
const verdictBy = z.enum(['client', 'upstream', 'between', 'proxy', 'undetermined'])
const confidence = z.enum(['certain', 'probable', 'unclear']).meta({ id: 'Confidence' })
const termination = z.enum(TERMINATIONS).meta({ id: 'Termination' })
const detail = z.enum(DETAILS).meta({ id: 'Detail' })

const evidence = z
  .object({
    capture: z.string().meta({ description: 'id of a capture' }),
    frame: z
      .int()
      .positive()
      .nullable()
      .meta({ description: '1-based, as Wireshark numbers; null: the whole capture shows it' }),
    at: time.nullable().meta({ description: "in that capture's clock" }),
    text: z.string(),
  })
  .meta({ id: 'Evidence' })

const endpoint = z
  .object({ address: z.string(), port: z.int().min(0).max(65535) })
  .meta({ id: 'Endpoint' })
const addressPair = z.object({ client: endpoint, upstream: endpoint })
const namedEndpoint = z.object({ ...endpoint.shape, name: z.string().nullable() })

const capture = z
  .object({
    id: z.string(),
    role: z.enum(['client', 'upstream', 'hop', 'capture']),
    paths: z.array(z.string()),
    sha256: z.array(z.string()),
    format: z.enum(['pcap', 'pcap-nanosecond', 'pcap-modified', 'pcapng', 'snoop']),
    compression: z.enum(['gzip', 'zstd', 'lz4']).nullable(),
    linkTypes: z.array(z.string()),
    snapLength: count.nullable(),
    filter: z.string().nullable(),
    tap: z.object({ inHost: side, basis: z.string(), told: z.boolean() }).nullable(),
    packets: count,
    tcpPackets: count,
    skippedPackets: count,
    droppedByCapture: count,
    dropsKnown: z.boolean().meta({
      description: 'false: the format (classic pcap) cannot say, and droppedByCapture is 0',
    }),
    unseenSegments: count,
    firstPacketAt: time.nullable(),
    lastPacketAt: time.nullable(),
    warnings: z.array(
      z.object({ code: z.string(), message: z.string(), offset: count.nullable() }),
    ),
    clock: z
      .object({
        offsetSeconds: seconds,
        lowSeconds: seconds.nullable(),
        highSeconds: seconds.nullable(),
      })
      .nullable()
      .optional()
      .meta({
        description:
          "this capture's clock minus the first one's; given where captures along a path are compared",
      }),
  })
  .meta({ id: 'Capture' })

const verdict = z.object({
  by: verdictBy.nullable().meta({ description: 'null: nobody reset' }),
  confidence,
  headline: z.string(),
  cause: z.object({ id: z.string(), confidence, headline: z.string() }).nullable(),
  connections: z
    .array(count)
    .meta({ description: 'the leading group, at most 1000 of it; its first is the example' }),
  count: count.meta({ description: 'how many connections the leading group has' }),
  others: count.meta({ description: 'how many other groups there are' }),
  because: z.array(evidence),
  against: z.array(evidence),
  settles: z.array(z.string()),
})

const clock = z.object({
  offsetSeconds: seconds.meta({
    description: 'upstream clock minus client clock at the first packet of the client capture',
  }),
  lowSeconds: seconds.nullable(),
  highSeconds: seconds.nullable(),
  driftPpm: z.number(),
  pairs: count.meta({
    description:
      'packets seen at both points; requests passed on by a proxy where the limit clock-by-requests says so',
  }),
  consistent: z.boolean(),
  steps: z.array(
    z.object({
      at: time.meta({ description: 'client clock' }),
      offsetSeconds: seconds.meta({ description: 'the offset from then on' }),
      lowSeconds: seconds.nullable(),
      highSeconds: seconds.nullable(),
    }),
  ),
})

const summary = z.object({
  connections: count,
  matched: count,
  benign: count,
  byTermination: z.object({
    'rst-without-fin': count,
    'rst-after-fin': count,
    'fin-close': count,
    'handshake-never-completed': count,
    'tls-aborted': count,
    open: count,
  }),
  byFirstReset: z.object({
    upstream: count,
    client: count,
    between: count,
    undetermined: count,
  }),
  byCause: z.record(z.string(), count),
})

const finding = z
  .object({
    code: z.string(),
    severity: z.enum(['error', 'warning', 'info']),
    title: z.string(),
    why: z.string(),
    next: z.array(z.string()),
    count: count.optional().meta({ description: 'connections it is about' }),
    connections: z.array(count).meta({ description: 'ids of the first 1000 of them' }),
    evidence: z.array(evidence),
    against: z.array(evidence),
  })
  .meta({ id: 'Finding' })

const view = z
  .object({
    client: endpoint,
    upstream: endpoint,
    alsoSeenAs: z.array(addressPair),
    firstFrame: z.int().positive(),
    lastFrame: z.int().positive(),
    packets: count,
    bytes: z.object({ fromClient: count, fromUpstream: count }),
    history: z.string().meta({ description: "Zeek's letters: ShADadFf…" }),
    midstream: z.boolean(),
    initialSequence: z
      .object({ client: count.nullable(), upstream: count.nullable() })
      .optional()
      .meta({ description: 'as SYN and SYN-ACK have it; null for one that is not there' }),
    unseenSegments: count,
    tunnel: z.string().nullable(),
    termination,
    detail,
  })
  .meta({ id: 'View' })

const tls = z.object({
  version: z.string().nullable(),
  stage: z.enum([
    'client-hello',
    'server-hello',
    'server-flight',
    'client-finished',
    'established',
  ]),
  sni: z.string().nullable(),
  alpn: z.array(z.string()),
  alert: z.string().nullable(),
  endedBy: side.nullable(),
  clientCertificate: z.enum(['not-requested', 'sent', 'empty', 'unknown']),
})

const firstReset = z
  .object({
    by: resetBy,
    confidence,
    causedBy: resetBy,
    causedByConfidence: confidence,
    where: z.object({ near: side.nullable(), hops: count.nullable(), text: z.string() }).nullable(),
    anatomy: z.enum(['active', 'passive', 'refusal', 'inconsistent', 'unknown']),
    acceptance: z.enum(['exact', 'after-fin', 'sack-edge', 'assumed', 'not-delivered']),
    crossedInFlight: z.boolean(),
    idleSeconds: seconds.nullable(),
    trigger: evidence.nullable(),
    at: time,
    evidence: z.array(evidence),
    settles: z.array(z.string()),
  })
  .meta({ id: 'FirstReset' })

const fate = z
  .object({
    segment: z.object({
      from: side,
      seq: count.meta({ description: 'as in the packet, not relative' }),
      ack: count.nullable().meta({ description: 'null without ACK flag' }),
      length: count.meta({ description: 'payload bytes' }),
      flags: z
        .string()
        .meta({ description: 'names in the order SYN FIN RST PSH ACK URG, one space between' }),
    }),
    fate: z.enum(['delivered', 'lost-between', 'arrived-only', 'changed', 'capture-loss']),
    frames: z.record(z.string(), z.int().positive().nullable()),
    at: z
      .record(z.string(), time.nullable())
      .meta({ description: 'by capture id, each in its own clock' }),
    firstReset: z.boolean(),
    note: z.string().nullable(),
  })
  .meta({ id: 'Fate' })

const contextItem = z
  .object({
    source: z.string().meta({ description: 'kubernetes or access-log' }),
    object: z.string().meta({ description: 'Pod shop/cart-7d9f, or line 12' }),
    text: z.string(),
    relation: z.enum(['explains', 'coincident', 'against']),
    confidence,
  })
  .meta({ id: 'ContextItem' })

const cause = z
  .object({
    id: z.string(),
    code: z.string().optional().meta({ description: 'of its finding' }),
    confidence,
    why: z.string(),
    evidence: z.array(evidence),
    against: z.array(evidence),
    next: z.array(z.string()),
    context: z.array(contextItem).optional().meta({
      description: 'what lists and logs beside the packets say; absent unless they were given',
    }),
  })
  .meta({ id: 'Cause' })

const workload = z
  .object({
    kind: z.enum(['pod', 'service', 'node', 'unknown']).meta({
      description: 'unknown: the lists know the address, but of nobody who had it then',
    }),
    namespace: z.string().nullable(),
    name: z.string().nullable(),
    podName: z.string().nullable().meta({ description: 'behind a Service: its only pod' }),
    container: z.string().nullable().meta({ description: 'the one that has this port' }),
    port: z.string().nullable().meta({ description: 'the name of the port' }),
    node: z.string().nullable(),
    service: z.string().nullable().meta({ description: 'NAMESPACE/NAME' }),
    owner: z.string().nullable().meta({ description: 'Deployment/cart' }),
    sidecar: z.enum(['none', 'istio-proxy', 'ambient', 'unknown']),
    since: time.nullable().meta({ description: 'since when the address was its own' }),
    until: time.nullable(),
    basis: z.string(),
  })
  .meta({ id: 'Workload' })

const accessLogLine = z
  .object({
    source: z.string().meta({ description: 'of `accessLogs`' }),
    line: z.int().positive(),
    leg: z.enum(['downstream', 'upstream']).meta({
      description: 'upstream: the proxy is the client of this connection; downstream: its upstream',
    }),
    confidence: confidence.meta({ description: 'that the line belongs to this connection' }),
    basis: z.string(),
    candidates: z
      .array(z.int().positive())
      .meta({ description: 'other connections that it may belong to' }),
    at: time.nullable().meta({ description: "START_TIME, in the proxy's clock" }),
    durationSeconds: seconds.nullable(),
    method: z.string().nullable(),
    path: z.string().nullable().meta({ description: 'without its query' }),
    protocol: z.string().nullable(),
    code: count.nullable(),
    flags: z.array(z.string()).meta({ description: 'short names' }),
    details: z.string().nullable(),
    terminationDetails: z.string().nullable(),
    transportFailure: z.string().nullable(),
    bytesReceived: count.nullable(),
    bytesSent: count.nullable(),
    requestId: z.string().nullable(),
    cluster: z.string().nullable(),
    attempts: count.nullable(),
    localCloseReason: z.string().nullable().meta({ description: 'of this leg' }),
    detectedCloseType: z.string().nullable().meta({ description: 'of this leg' }),
    meaning: z.string().nullable().meta({ description: 'what the line says went wrong' }),
    agrees: z.enum(['yes', 'no', 'cannot-tell']),
    comparison: z.string().meta({ description: 'the line beside the packets' }),
  })
  .meta({ id: 'AccessLogLine' })

const accessLog = z
  .object({
    source: z.string(),
    format: z
      .enum(['custom', 'istio', 'envoy', 'json', 'by-shape'])
      .nullable()
      .meta({ description: 'how most lines were read' }),
    lines: count.meta({ description: 'that are not blank' }),
    read: count,
    unreadable: count.meta({ description: 'no access log lines' }),
    joined: count.meta({ description: 'with a connection' }),
    ambiguous: count.meta({ description: 'with several that may be theirs' }),
    errors: count.meta({ description: 'a failure flag, 5xx, or no response' }),
    firstAt: time.nullable().meta({ description: "in the proxy's clock" }),
    lastAt: time.nullable(),
    warnings: z.array(
      z.object({
        code: z.string(),
        message: z.string(),
        line: z.int().positive().nullable().meta({ description: 'the first one' }),
      }),
    ),
  })
  .meta({ id: 'AccessLog' })

export const connectionSchema = z
  .object({
    id: z.int().positive(),
    client: namedEndpoint,
    upstream: namedEndpoint,
    roleReason: z.enum([
      'syn',
      'syn-ack',
      'application',
      'server-option',
      'several-peers',
      'tap-direction',
      'first-packet',
    ]),
    views: z.record(z.string(), view.nullable()),
    match: z.object({ method: z.enum(['isn', 'sequence', 'timestamps', 'payload']) }).nullable(),
    unmatchedReason: z
      .enum([
        'tap-not-covering',
        'not-on-path',
        'dropped-before-tap',
        'terminated-by-proxy',
        'unknown',
      ])
      .nullable(),
    nat: z.object({ client: z.string().nullable(), upstream: z.string().nullable() }).nullable(),
    startedAt: time,
    endedAt: time,
    durationSeconds: seconds,
    protocol: z.enum(['tls', 'http/1', 'h2', 'other', 'none']),
    tls: tls.nullable(),
    termination,
    detail,
    benign: z.boolean(),
    headline: z
      .string()
      .nullable()
      .optional()
      .meta({ description: 'what the verdict says where this one leads; null: nothing is wrong' }),
    crossedInFlight: z.boolean(),
    firstReset: firstReset.nullable(),
    ignoredResets: z.array(evidence),
    firstClose: z.object({ by: resetBy, kind: z.enum(['fin', 'rst', 'silence']) }).nullable(),
    fates: z.array(fate),
    causes: z.array(cause),
    proxies: z.array(z.object({ side, basis: z.string() })),
    accessLog: z.array(accessLogLine),
    workload: z.object({ client: workload.nullable(), upstream: workload.nullable() }).nullable(),
    links: z.array(
      z.object({
        connection: z.int().positive(),
        relation: z.enum(['proxied-to', 'proxied-from']),
        basis: z.string(),
        confidence,
        requests: count.meta({
          description: 'requests that both carry; 0: one stands for the other as a whole',
        }),
        firstAt: time,
        lastAt: time,
        owed: z.boolean().meta({
          description: 'the upstream leg ended before it had answered the last of them',
        }),
      }),
    ),
  })
  .meta({ id: 'Connection' })

const kubernetes = z
  .object({
    objects: z.record(z.string(), count).meta({ description: 'how many, by kind' }),
    events: z.object({
      count,
      oldestAt: time.nullable(),
      newestAt: time.nullable(),
      coverCaptures: z.boolean().meta({
        description: 'false: the captures began before the oldest event, or there are none',
      }),
    }),
    warnings: z.array(z.object({ code: z.string(), message: z.string(), count })),
  })
  .meta({ id: 'Kubernetes' })

const ending = z
  .object({
    termination,
    detail,
    benign: z.boolean(),
    by: resetBy.nullable(),
    confidence: confidence.nullable(),
    cause: z.object({ id: z.string(), confidence }).nullable(),
    ignoredReset: z.boolean(),
    peer: z.string(),
    count,
    first: z.int().positive().meta({ description: 'id of the first of them' }),
  })
  .meta({ id: 'Ending', description: 'connections that ended alike, with the same peer' })

export const reportSchema = z.object({
  schema: z.literal(REPORT_SCHEMA_ID),
  tool: z.object({ name: z.literal('rstscope'), version: z.string() }),
  command: z.enum(['analyze', 'compare']),
  captures: z.array(capture),
  verdict,
  clock: clock.nullable(),
  summary,
  kubernetes: kubernetes
    .optional()
    .meta({ description: 'what was read of the lists; absent unless they were given' }),
  accessLogs: z
    .array(accessLog)
    .optional()
    .meta({ description: 'what was read of each log; absent unless logs were given' }),
  findings: z.array(finding),
  connections: z.array(connectionSchema),
  limits: z.array(z.object({ code: z.string(), message: z.string() })),
  excerpt: z
    .object({ endings: z.array(ending) })
    .optional()
    .meta({
      description: 'only where `connections` are not all of them: how all of them ended',
    }),
})

/** The published JSON Schema (draft 2020-12). Unknown fields are allowed: a later version may add some. */
export function reportJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(reportSchema, {
    target: 'draft-2020-12',
    io: 'input',
  })
  return {
    $schema: schema.$schema,
    $id: 'urn:rstscope:report:1',
    title: 'rstscope report, version 1',
    ...schema,
  }
}
