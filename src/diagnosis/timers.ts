/** A well-known timeout: how long, and whose. */
interface Timer {
  seconds: number
  who: 'server' | 'client' | 'middlebox'
  name: string
}

/** Defaults by their vendors' documentation; see docs/causes.md for how they are matched. */
const TIMERS: readonly Timer[] = [
  { seconds: 2, who: 'server', name: 'gunicorn keepalive' },
  { seconds: 5, who: 'server', name: 'Node.js, uvicorn or Apache keep-alive' },
  { seconds: 20, who: 'server', name: 'Tomcat connectionTimeout in server.xml' },
  { seconds: 30, who: 'server', name: 'Jetty idleTimeout' },
  { seconds: 60, who: 'server', name: 'AWS ALB idle timeout, Tomcat default' },
  { seconds: 65, who: 'server', name: 'newer Node.js or OCI keep-alive' },
  { seconds: 75, who: 'server', name: 'nginx keepalive_timeout' },
  { seconds: 90, who: 'client', name: 'Go http.Transport IdleConnTimeout' },
  { seconds: 120, who: 'server', name: 'IIS connectionTimeout' },
  { seconds: 130, who: 'server', name: 'Kestrel KeepAliveTimeout' },
  { seconds: 240, who: 'middlebox', name: 'Azure load balancer idle timeout' },
  { seconds: 350, who: 'middlebox', name: 'AWS NLB, NAT gateway idle timeout' },
  { seconds: 600, who: 'server', name: 'GCP load balancer backend keep-alive, Kafka broker' },
  { seconds: 900, who: 'middlebox', name: 'IPVS TCP timeout' },
  { seconds: 3600, who: 'server', name: 'Envoy idle timeout' },
  { seconds: 3600, who: 'middlebox', name: 'firewall TCP session timeout' },
]

/** Half-minutes and such: looks like somebody's setting. */
const ROUND_SECONDS = [
  2, 3, 4, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 600, 900, 1800, 3600,
]

/** Timer wheels fire late, never early by more than their resolution (CATALOGUE §3.1). */
function matches(measured: number, timer: number): boolean {
  const tolerance = Math.max(0.25, timer * 0.01)
  return measured >= timer - tolerance && measured <= timer + tolerance + (timer >= 20 ? 1 : 0)
}

/** " (≈ 60 s: …)" when an idle time is that of a well-known or a round timeout; else empty. */
export function timerText(idleNs: number, who: Timer['who']): string {
  const measured = idleNs / 1e9
  const known = TIMERS.filter((t) => matches(measured, t.seconds))
  const fitting = known.filter((t) => t.who === who)
  const named = (fitting.length > 0 ? fitting : []).map((t) => t.name)
  const seconds = fitting[0]?.seconds ?? ROUND_SECONDS.find((s) => matches(measured, s))
  if (seconds === undefined) return ''
  return named.length > 0
    ? ` (≈ ${seconds} s: ${named.join('; ')})`
    : ` (≈ ${seconds} s, which looks configured)`
}
