/** What a timer measures: silence either way, life since the SYN, or waiting since the end of a request. */
export type Measure = 'idle' | 'age' | 'request'

/** Who acts when it fires. */
export type Holder = 'server' | 'client' | 'middlebox'

/** A well-known timeout, by its vendor's documentation (`source`). */
export interface Timer {
  seconds: number
  measures: Measure
  who: Holder
  name: string
  /** It fires on the next packet only, so what is measured may be longer. */
  onNextPacket?: true
  source: string
}

/** In order of their length; docs/timers.md shows the same table and says how they are matched. */
export const TIMERS: readonly Timer[] = [
  idle(2, 'server', 'gunicorn keepalive', 'gunicorn settings, keepalive'),
  idle(
    5,
    'server',
    'Node.js, uvicorn or Apache keep-alive',
    'Node.js http, keepAliveTimeout; uvicorn settings; Apache KeepAliveTimeout',
  ),
  idle(20, 'server', 'Tomcat connectionTimeout in server.xml', 'Tomcat HTTP connector'),
  idle(30, 'server', 'Jetty idleTimeout', 'Jetty ServerConnector'),
  idle(
    60,
    'server',
    'AWS ALB idle timeout, Tomcat default',
    'AWS ALB attributes; Tomcat HTTP connector',
  ),
  idle(
    65,
    'server',
    'newer Node.js or OCI keep-alive',
    'Node.js http, keepAliveTimeout; OCI load balancer',
  ),
  idle(75, 'server', 'nginx keepalive_timeout', 'nginx ngx_http_core_module'),
  idle(90, 'client', 'Go http.Transport IdleConnTimeout', 'Go net/http DefaultTransport'),
  idle(120, 'server', 'IIS connectionTimeout', 'IIS limits'),
  idle(130, 'server', 'Kestrel KeepAliveTimeout', 'ASP.NET Core Kestrel limits'),
  idle(300, 'server', 'Envoy stream idle timeout', 'Envoy FAQ, timeouts'),
  idle(400, 'client', 'Cloudflare client keep-alive', 'Cloudflare connection limits'),
  idle(
    600,
    'server',
    'GCP load balancer backend keep-alive, Kafka broker',
    'Google Cloud load balancing; Kafka connections.max.idle.ms',
  ),
  idle(3600, 'server', 'Envoy idle timeout', 'Envoy FAQ, timeouts'),
  idle(3600, 'client', 'Envoy idle timeout', 'Envoy FAQ, timeouts'),
  idle(28800, 'server', 'MySQL wait_timeout', 'MySQL server variables'),
  forgets(
    240,
    'Azure load balancer idle timeout',
    'Azure Load Balancer, TCP reset and idle timeout',
  ),
  forgets(350, 'AWS NLB, NAT gateway idle timeout', 'AWS NLB and NAT gateway guides'),
  forgets(600, 'GCP VPC firewall connection tracking', 'Google Cloud VPC firewall'),
  forgets(900, 'IPVS TCP timeout', 'Linux IPVS; kube-router issue 521'),
  forgets(3600, 'firewall TCP session timeout', 'FortiGate, PAN-OS session timers'),
  forgets(
    86400,
    'kube-proxy conntrack established',
    'kube-proxy --conntrack-tcp-timeout-established',
  ),
  forgets(432000, 'nf_conntrack established', 'Linux nf_conntrack-sysctl'),
  request(15, 'server', 'Envoy route timeout', 'Envoy FAQ, timeouts'),
  request(30, 'server', 'gunicorn worker timeout', 'gunicorn settings, timeout'),
  request(30, 'server', 'Jetty idleTimeout', 'Jetty ServerConnector'),
  request(
    60,
    'server',
    'nginx proxy_read_timeout, AWS ALB idle timeout',
    'nginx ngx_http_proxy_module; AWS ALB attributes',
  ),
  request(120, 'server', 'Cloudflare proxy read timeout', 'Cloudflare connection limits'),
  request(300, 'server', 'Node.js requestTimeout', 'Node.js http, requestTimeout'),
  age(1800, 'server', 'istiod keepaliveMaxServerConnectionAge', 'istiod options'),
  age(3600, 'server', 'AWS ALB client keep-alive', 'AWS ALB attributes'),
]

function idle(seconds: number, who: Holder, name: string, source: string): Timer {
  return { seconds, measures: 'idle', who, name, source }
}

/** Devices that forget a connection silently and act on the next packet. */
function forgets(seconds: number, name: string, source: string): Timer {
  return { seconds, measures: 'idle', who: 'middlebox', name, onNextPacket: true, source }
}

function request(seconds: number, who: Holder, name: string, source: string): Timer {
  return { seconds, measures: 'request', who, name, source }
}

function age(seconds: number, who: Holder, name: string, source: string): Timer {
  return { seconds, measures: 'age', who, name, source }
}

/** Half-minutes and such: looks like somebody's setting. */
const ROUND_SECONDS = [
  2, 3, 4, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 600, 900, 1800, 3600,
]

/** Timer wheels fire late, never early by more than their resolution. */
function fits(measured: number, timer: number): boolean {
  const tolerance = Math.max(0.25, timer * 0.01)
  return measured >= timer - tolerance && measured <= timer + tolerance + (timer >= 20 ? 1 : 0)
}

/** A device that acts on the next packet was silent for at least its timeout; twice as long says little. */
function mayHaveFired(measured: number, { seconds, onNextPacket }: Timer): boolean {
  return onNextPacket === true && measured > seconds && measured < 2 * seconds
}

/** What a measured time may be: the time itself, and the timers that have it, nearest first. */
export interface TimerMatch {
  seconds: number
  names: string[]
  /** It only may have fired: what was measured is longer. */
  atLeast: boolean
}

/** The timers of a kind that a time fits; a round time fits nobody's in particular; null where it fits none. */
export function matchTimer(ns: number, who: Holder, measures: Measure = 'idle'): TimerMatch | null {
  const measured = ns / 1e9
  const off = (t: { seconds: number }) => Math.abs(t.seconds - measured)
  const ofKind = TIMERS.filter((t) => t.who === who && t.measures === measures)
  const fitting = ofKind.filter((t) => fits(measured, t.seconds)).sort((a, b) => off(a) - off(b))
  if (fitting.length > 0) {
    return { seconds: fitting[0]!.seconds, names: fitting.map((t) => t.name), atLeast: false }
  }
  const round = ROUND_SECONDS.find((s) => fits(measured, s))
  if (round !== undefined) return { seconds: round, names: [], atLeast: false }
  const passed = ofKind.filter((t) => mayHaveFired(measured, t)).sort((a, b) => off(a) - off(b))
  if (passed.length === 0) return null
  return { seconds: passed[0]!.seconds, names: passed.map((t) => t.name), atLeast: true }
}

/** " (≈ 60 s: …)" when a time is that of a well-known or a round timeout; else empty. */
export function timerText(ns: number, who: Holder, measures: Measure = 'idle'): string {
  const match = matchTimer(ns, who, measures)
  if (match === null) return ''
  const { seconds, names, atLeast } = match
  if (atLeast) return ` (longer than ${seconds} s: ${names.join('; ')})`
  return names.length > 0
    ? ` (≈ ${seconds} s: ${names.join('; ')})`
    : ` (≈ ${seconds} s, which looks configured)`
}
