import type { Capture, Connection, Evidence, Fate, Report, View } from '../../src/model/report.ts'

/** Reports written by hand: what the renderings and the command line are tested with. */

const DAY = '2026-06-28T'

/** The client clock is `seconds` after 14:01; nine digits. */
function time(seconds: number): string {
  const [whole, fraction] = seconds.toFixed(9).split('.') as [string, string]
  const minute = 1 + Math.floor(Number(whole) / 60)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${DAY}14:${two(minute)}:${two(Number(whole) % 60)}.${fraction}Z`
}

function capture(id: 'client' | 'upstream' | 'capture', more: Partial<Capture> = {}): Capture {
  return {
    id,
    role: id,
    paths: [`${id}.pcap`],
    sha256: ['00'.repeat(32)],
    format: 'pcap',
    compression: null,
    linkTypes: ['EN10MB'],
    snapLength: 262144,
    filter: null,
    tap: null,
    packets: 430,
    tcpPackets: 430,
    skippedPackets: 0,
    droppedByCapture: 0,
    dropsKnown: false,
    unseenSegments: 0,
    firstPacketAt: time(0),
    lastPacketAt: time(75),
    warnings: [],
    ...more,
  }
}

function evidence(captureId: string, frame: number, seconds: number, text: string): Evidence {
  return { capture: captureId, frame, at: time(seconds), text }
}

function view(more: Partial<View> = {}): View {
  return {
    client: { address: '10.4.7.21', port: 51344 },
    upstream: { address: '10.8.1.15', port: 8443 },
    alsoSeenAs: [],
    firstFrame: 400,
    lastFrame: 417,
    packets: 17,
    bytes: { fromClient: 600, fromUpstream: 5120 },
    history: 'ShADadDDr',
    midstream: false,
    unseenSegments: 0,
    tunnel: null,
    termination: 'rst-without-fin',
    detail: 'mid-request',
    ...more,
  }
}

function connection(id: number, more: Partial<Connection> = {}): Connection {
  return {
    id,
    client: { address: '10.4.7.21', port: 51344, name: null },
    upstream: { address: '10.8.1.15', port: 8443, name: null },
    roleReason: 'syn',
    views: { client: view(), upstream: view() },
    match: { method: 'isn' },
    unmatchedReason: null,
    nat: null,
    startedAt: time(0),
    endedAt: time(70),
    durationSeconds: 70,
    protocol: 'http/1',
    tls: null,
    termination: 'fin-close',
    detail: 'by-client',
    benign: true,
    crossedInFlight: false,
    firstReset: null,
    ignoredResets: [],
    firstClose: { by: 'client', kind: 'fin' },
    fates: [],
    causes: [],
    proxies: [],
    accessLog: [],
    workload: null,
    links: [],
    ...more,
  }
}

const UPSTREAM_AHEAD = 0.001842

interface Crossing {
  from: 'client' | 'upstream'
  flags: string
  length?: number
  /** Client clock at both taps; null: not seen there. */
  client: [frame: number, seconds: number] | null
  upstream: [frame: number, seconds: number] | null
  fate?: Fate['fate']
  note?: string
  firstReset?: boolean
}

function fate(crossing: Crossing): Fate {
  const { client, upstream } = crossing
  return {
    segment: {
      from: crossing.from,
      seq: 1000,
      ack: 2000,
      length: crossing.length ?? 0,
      flags: crossing.flags,
    },
    fate: crossing.fate ?? 'delivered',
    frames: { client: client?.[0] ?? null, upstream: upstream?.[0] ?? null },
    at: {
      client: client ? time(client[1]) : null,
      upstream: upstream ? time(upstream[1] + UPSTREAM_AHEAD) : null,
    },
    firstReset: crossing.firstReset ?? false,
    note: crossing.note ?? null,
  }
}

const RESET_EVIDENCE = [
  evidence('upstream', 378, 70.004191, 'RST leaves the upstream’s tap, untouched TTL 64'),
  evidence('client', 415, 70.007791, 'the same RST arrives 3.6 ms later'),
]

/** An idle timeout: the upstream's RST crosses the next request. */
export function compareReport(): Report {
  const reset = connection(7, {
    nat: { client: '10.4.7.21:51344 → 10.8.0.4:38122', upstream: null },
    termination: 'rst-without-fin',
    detail: 'mid-request',
    benign: false,
    firstReset: {
      by: 'upstream',
      confidence: 'certain',
      causedBy: 'upstream',
      causedByConfidence: 'probable',
      where: null,
      anatomy: 'active',
      acceptance: 'exact',
      crossedInFlight: false,
      idleSeconds: 60.002,
      trigger: evidence('upstream', 377, 70.003, 'POST /pay, 512 B'),
      at: time(70.007791),
      evidence: RESET_EVIDENCE,
      settles: [],
    },
    firstClose: { by: 'upstream', kind: 'rst' },
    ignoredResets: [evidence('client', 417, 70.0096, 'answer to #413 by a socket that is gone')],
    fates: [
      fate({ from: 'client', flags: 'ACK', client: [409, 10], upstream: [374, 10.0018] }),
      fate({
        from: 'client',
        flags: 'PSH ACK',
        length: 512,
        note: 'POST /pay',
        client: [412, 70.002114],
        upstream: [377, 70.003914],
      }),
      fate({
        from: 'client',
        flags: 'PSH ACK',
        length: 88,
        fate: 'lost-between',
        client: [413, 70.00402],
        upstream: null,
      }),
      fate({
        from: 'upstream',
        flags: 'RST ACK',
        note: 'in window, TTL as usual',
        firstReset: true,
        client: [415, 70.007791],
        upstream: [378, 70.004191],
      }),
      fate({
        from: 'upstream',
        flags: 'RST',
        note: 'ordinary',
        fate: 'arrived-only',
        client: [417, 70.0096],
        upstream: null,
      }),
    ],
    causes: [
      {
        id: 'idle-timeout',
        confidence: 'probable',
        why: 'the connection was silent for 60.002 s, and the RST answered the next request',
        evidence: [evidence('client', 409, 10, 'last payload byte before the silence')],
        against: [],
        next: ['Compare the client’s keep-alive with the upstream’s idle timeout (≈ 60 s).'],
      },
    ],
  })
  const twin = { ...structuredClone(reset), id: 9 }
  const refused = connection(8, {
    upstream: { address: '10.8.1.22', port: 443, name: null },
    views: { client: view({ lastFrame: 20 }), upstream: null },
    match: null,
    unmatchedReason: 'not-on-path',
    termination: 'handshake-never-completed',
    detail: 'refused',
    benign: false,
    firstClose: { by: 'undetermined', kind: 'rst' },
    causes: [],
  })
  return {
    schema: 'rstscope.report/1',
    tool: { name: 'rstscope', version: '0.1.0' },
    command: 'compare',
    captures: [capture('client'), capture('upstream')],
    verdict: {
      by: 'upstream',
      confidence: 'certain',
      headline:
        'UPSTREAM reset first: 10.8.1.15:8443 sent RST 14:02:10.004191Z, client got it 3.6 ms later.',
      cause: {
        id: 'idle-timeout',
        confidence: 'probable',
        headline: 'silent for 60.002 s, then the RST answered the next request — idle timeout.',
      },
      connections: [7, 9],
      count: 2,
      others: 1,
      because: RESET_EVIDENCE,
      against: [],
      settles: ['A look at the upstream’s idle timeout would make the cause certain.'],
    },
    clock: {
      offsetSeconds: UPSTREAM_AHEAD,
      lowSeconds: 0.001632,
      highSeconds: 0.002052,
      driftPpm: 0,
      pairs: 188,
      consistent: true,
      steps: [],
    },
    summary: {
      connections: 4,
      matched: 3,
      benign: 1,
      byTermination: {
        'rst-without-fin': 2,
        'rst-after-fin': 0,
        'fin-close': 1,
        'handshake-never-completed': 1,
        'tls-aborted': 0,
        open: 0,
      },
      byFirstReset: { upstream: 2, client: 0, between: 0, undetermined: 0 },
      byCause: { 'idle-timeout': 2 },
    },
    findings: [],
    connections: [connection(1), reset, refused, twin],
    limits: [],
  }
}

/** One capture: the RST came from the upstream's direction. */
export function analyzeReport(): Report {
  const report = compareReport()
  const only = (item: Evidence): Evidence => ({ ...item, capture: 'capture' })
  return {
    ...report,
    command: 'analyze',
    captures: [capture('capture', { paths: ['node7.pcapng'], format: 'pcapng' })],
    clock: null,
    verdict: {
      ...report.verdict,
      confidence: 'probable',
      headline: '2 of 4 connections were reset, 2 from the upstream’s side.',
      because: report.verdict.because.map(only).slice(1),
    },
    summary: { ...report.summary, matched: 0 },
    connections: report.connections.map((item) => ({
      ...item,
      match: null,
      unmatchedReason: null,
      nat: null,
      views: { capture: item.views.client ?? null },
      ignoredResets: item.ignoredResets.map(only),
      firstReset: item.firstReset && {
        ...item.firstReset,
        confidence: 'probable',
        trigger: null,
        evidence: item.firstReset.evidence.map(only).slice(1),
      },
      causes: item.causes.map((cause) => ({ ...cause, evidence: cause.evidence.map(only) })),
      fates: item.fates.map((one) => ({
        ...one,
        fate: 'delivered' as const,
        frames: { capture: one.frames.client ?? null },
        at: { capture: one.at.client ?? null },
      })),
    })),
    limits: [{ code: 'one-capture', message: 'what happened on the other side of the path.' }],
  }
}

/** Two captures of different incidents. */
export function unsharedReport(): Report {
  const report = compareReport()
  return {
    ...report,
    clock: null,
    verdict: {
      by: null,
      confidence: 'certain',
      headline: 'THE TWO CAPTURES SHARE NO CONNECTION: nothing can be compared.',
      cause: null,
      connections: [],
      count: 0,
      others: 0,
      because: [],
      against: [],
      settles: [
        'check that both files belong to the same incident.',
        'if the clocks differ by exactly 2 h: --clock-offset 7200',
      ],
    },
    summary: { ...report.summary, matched: 0 },
    connections: report.connections.map((item) => ({
      ...item,
      match: null,
      views:
        item.id === 1 ? { client: null, upstream: view() } : { client: view(), upstream: null },
    })),
    limits: [{ code: 'no-shared-connection', message: 'the other view of every connection.' }],
  }
}

/** Nobody reset anything. */
export function healthyReport(): Report {
  const report = compareReport()
  return {
    ...report,
    verdict: {
      by: null,
      confidence: 'certain',
      headline: '✔ No connection was reset.',
      cause: null,
      connections: [],
      count: 0,
      others: 0,
      because: [],
      against: [],
      settles: [],
    },
    summary: {
      ...report.summary,
      connections: 1,
      matched: 1,
      byTermination: { ...report.summary.byTermination, 'rst-without-fin': 0, 'fin-close': 1 },
      byFirstReset: { upstream: 0, client: 0, between: 0, undetermined: 0 },
      byCause: {},
    },
    connections: [report.connections[0]!],
  }
}

/** The same incident with Kubernetes lists beside it. */
export function kubernetesReport(): Report {
  const report = compareReport()
  const [first, reset, ...others] = report.connections as [Connection, Connection, ...Connection[]]
  const workload = {
    kind: 'pod' as const,
    namespace: 'shop',
    name: 'pay-6f7d8b9c4d-x2x7q',
    podName: 'pay-6f7d8b9c4d-x2x7q',
    container: 'app',
    port: 'https',
    node: 'n1',
    service: 'shop/pay',
    owner: 'Deployment/pay',
    sidecar: 'istio-proxy' as const,
    since: time(-60),
    until: null,
    basis: 'pod IP since 14:00:00Z',
  }
  const named: Connection = {
    ...reset,
    client: { ...reset.client, name: 'node/n2' },
    upstream: { ...reset.upstream, name: 'shop/pay-6f7d8b9c4d-x2x7q:https' },
    causes: reset.causes.map((cause) => ({
      ...cause,
      context: [
        {
          source: 'kubernetes',
          object: 'Pod shop/pay-6f7d8b9c4d-x2x7q',
          text: 'container metrics of shop/pay-6f7d8b9c4d-x2x7q ended with exit 1 at 14:02:10Z, in the same second; another container holds the connection',
          relation: 'coincident',
          confidence: 'unclear',
        },
        {
          source: 'kubernetes',
          object: 'Pod shop/pay-6f7d8b9c4d-x2x7q',
          text: 'container app of shop/pay-6f7d8b9c4d-x2x7q runs since 14:00:00Z',
          relation: 'against',
          confidence: 'probable',
        },
      ],
    })),
    workload: {
      client: {
        ...workload,
        kind: 'node',
        namespace: null,
        name: 'n2',
        podName: null,
        container: null,
        port: null,
        node: 'n2',
        service: null,
        owner: null,
        sidecar: 'unknown',
        since: null,
        basis: 'address of the node',
      },
      upstream: workload,
    },
  }
  return {
    ...report,
    kubernetes: {
      objects: { Event: 2, Pod: 3 },
      events: { count: 2, oldestAt: time(30), newestAt: time(70), coverCaptures: false },
      warnings: [
        { code: 'bad-time', message: 'Pod status.startTime is no RFC 3339 time', count: 2 },
      ],
    },
    findings: [
      {
        code: 'RS304',
        severity: 'info',
        title: 'Kubernetes events do not cover the capture',
        why: 'the oldest event is of 14:01:30Z',
        next: ['collect events at once'],
        connections: [],
        evidence: [],
        against: [],
      },
    ],
    connections: [first, named, ...others],
  }
}

/** With lists and with an access log whose lines agree, disagree and try to steer the terminal. */
export function loggedReport(): Report {
  const report = kubernetesReport()
  const [first, reset, ...others] = report.connections as [Connection, Connection, ...Connection[]]
  const line: Connection['accessLog'][number] = {
    source: 'logs/gateway.log',
    line: 812,
    leg: 'upstream',
    confidence: 'certain',
    basis: '10.8.0.3:51324 → 10.8.1.15:8443; the request lies within its life',
    candidates: [],
    at: time(0),
    durationSeconds: 0.004,
    method: 'GET',
    path: '/pay/\u001b]0;x\u0007',
    protocol: 'HTTP/1.1',
    code: 503,
    flags: ['UC', 'URX'],
    details: 'upstream_reset_before_response_started{connection_termination}',
    terminationDetails: null,
    transportFailure: null,
    bytesReceived: 0,
    bytesSent: 95,
    requestId: '4f1a7e0a-0a53-4f3e-9a3f-7f0a2a9d1c11',
    cluster: 'outbound|8443||pay.shop.svc.cluster.local',
    attempts: 3,
    localCloseReason: null,
    detectedCloseType: 'RemoteReset',
    meaning: 'the upstream connection ended (connection termination)',
    agrees: 'yes',
    comparison: 'UC: the upstream connection ended; packets: the upstream reset it (idle)',
  }
  const ordinary = {
    ...line,
    ...{ line: 700, code: 200, flags: [], attempts: 1, meaning: null },
    comparison: '200; packets: later the upstream reset it (idle)',
  }
  const wrong = { ...line, line: 900, agrees: 'no' as const, durationSeconds: null }
  const lines = [0, 1, 2].map((i) => ({ ...ordinary, line: 700 + i }))
  return {
    ...report,
    accessLogs: [
      {
        source: 'logs/gateway.log',
        format: 'istio',
        lines: 1200,
        read: 1199,
        unreadable: 1,
        joined: 5,
        ambiguous: 2,
        errors: 17,
        firstAt: time(-60),
        lastAt: time(60),
        warnings: [
          {
            code: 'no-access-log-line',
            message: '1 line could not be read as an access log line',
            line: 3,
          },
        ],
      },
    ],
    connections: [first, { ...reset, accessLog: [...lines, line, wrong] }, ...others],
  }
}

/** Every report with its name. */
export const REPORTS: [name: string, report: Report][] = [
  ['compare', compareReport()],
  ['analyze', analyzeReport()],
  ['unshared', unsharedReport()],
  ['healthy', healthyReport()],
  ['kubernetes', kubernetesReport()],
  ['logged', loggedReport()],
]
