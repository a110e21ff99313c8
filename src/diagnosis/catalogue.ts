import type { Severity } from '../model/report.ts'

/** One thing that a report may find. Its page is `docs/findings/CODE.md`; `rstscope explain CODE` prints it. */
export interface CatalogueEntry {
  /** Never given to anything else, even when it is retired. */
  code: string
  /** Of a cause: what stands in `causes[].id`, never renamed. */
  id: string
  severity: Severity
  title: string
}

const entry = (code: string, severity: Severity, id: string, title: string): CatalogueEntry => ({
  code,
  id,
  severity,
  title,
})

/** RS1xx: who ended it. RS2xx: why and when. RS3xx: what logs and lists say beside the packets. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  // Who ended it, where no cause is known.
  entry('RS101', 'error', 'upstream-reset', 'The upstream reset the connection'),
  entry('RS102', 'error', 'client-reset', 'The client reset the connection'),
  entry('RS111', 'error', 'middlebox-reset', 'A device between reset the connection'),
  entry('RS112', 'warning', 'undetermined-reset', 'It cannot be told who reset first'),
  entry('RS113', 'warning', 'unexplained-end', 'A bad end without a RST, and no cause fits'),
  // The handshake was not completed.
  entry('RS201', 'error', 'connection-refused', 'Nothing listens on the port'),
  entry('RS202', 'error', 'firewall-reject', 'A filter rejects the connection'),
  entry('RS204', 'error', 'no-endpoints', 'The Service has no endpoints'),
  entry('RS205', 'error', 'syn-dropped', 'SYNs are dropped on their way'),
  entry('RS206', 'error', 'synack-dropped', 'SYN-ACKs are dropped on their way back'),
  entry('RS207', 'error', 'accept-queue-overflow', 'The accept queue is full'),
  entry('RS208', 'error', 'syn-cookie-lost', 'A SYN cookie was not redeemed'),
  entry('RS209', 'warning', 'not-ready-yet', 'The upstream was not listening yet'),
  entry('RS211', 'error', 'conntrack-full', 'New connections vanish while others work'),
  entry('RS212', 'error', 'port-exhaustion', 'No source port was left'),
  entry('RS213', 'warning', 'time-wait-reuse', 'A port was used again too early'),
  entry('RS214', 'error', 'egress-blocked', 'The mesh does not let the call out'),
  // TLS, and the wrong language.
  entry('RS221', 'error', 'tls-to-plaintext-port', 'TLS sent to a plaintext port'),
  entry('RS222', 'error', 'plaintext-to-tls-port', 'Plaintext sent to a TLS port'),
  entry('RS223', 'error', 'mtls-client-certificate-missing', 'The client sends no certificate'),
  entry('RS224', 'error', 'client-certificate-refused', "The client's certificate is refused"),
  entry('RS225', 'error', 'client-untrusted-ca', "The client refuses the server's certificate"),
  entry('RS226', 'error', 'tls-handshake-refused', 'The upstream refuses the TLS handshake'),
  entry('RS227', 'error', 'tls-serverhello-lost', 'The answer to the ClientHello is lost'),
  entry('RS228', 'error', 'tls-server-silent', 'The upstream does not answer the ClientHello'),
  entry('RS229', 'error', 'upstream-reset-at-clienthello', 'Reset at the ClientHello'),
  entry('RS230', 'error', 'middlebox-sni-filter', 'A device between resets by the name asked for'),
  entry('RS231', 'warning', 'client-gave-up-tls-handshake', 'The client gave up the TLS handshake'),
  entry(
    'RS232',
    'warning',
    'upstream-gave-up-tls-handshake',
    'The upstream gave up the TLS handshake',
  ),
  entry('RS233', 'error', 'wrong-protocol', 'The two ends speak different protocols'),
  entry('RS234', 'error', 'proxy-protocol-mismatch', 'The PROXY header is missing or unexpected'),
  entry('RS235', 'warning', 'h2-goaway', 'The connection was closed by GOAWAY'),
  // Idle connections and their timers.
  entry('RS203', 'warning', 'idle-timeout', 'An idle timeout closed the connection'),
  entry('RS241', 'error', 'keepalive-race', 'A request crossed the close of an idle connection'),
  entry('RS242', 'error', 'stale-keepalive-reuse', 'A connection was used after it was closed'),
  entry('RS243', 'error', 'keepalive-probe-failure', 'Keep-alive probes stayed unanswered'),
  entry('RS244', 'error', 'middlebox-state-expired', 'A device between forgot the idle connection'),
  entry('RS245', 'error', 'middlebox-idle-timeout', 'A device between reset both ends when idle'),
  entry('RS246', 'warning', 'connection-age-limit', 'The connection reached its greatest age'),
  // The path, and addresses.
  entry('RS251', 'error', 'nat-mapping-lost', 'An address translation was lost'),
  entry('RS252', 'error', 'stale-endpoint', 'The address does not know the connection'),
  entry('RS253', 'error', 'mtu-blackhole', 'Large packets vanish'),
  entry('RS254', 'error', 'upstream-unreachable', 'The upstream cannot be reached any more'),
  entry('RS255', 'error', 'client-unreachable', 'The client cannot be reached any more'),
  entry('RS256', 'error', 'proxy-upstream-reset', "The proxy's own connection was reset"),
  entry('RS257', 'warning', 'ineffective-rst', 'A RST was sent and ignored'),
  entry('RS258', 'error', 'ecmp-rehash', 'The connection was routed to another host'),
  entry('RS259', 'error', 'peer-restarted', 'The upstream forgot its connection'),
  // The upstream's process.
  entry('RS261', 'error', 'upstream-crash', "The upstream's process died"),
  entry('RS262', 'error', 'upstream-abort', 'The upstream application aborted'),
  entry('RS263', 'error', 'upstream-close-unread-data', 'The upstream closed with data unread'),
  entry('RS264', 'error', 'premature-close', 'The upstream closed before it was done'),
  entry('RS265', 'error', 'graceful-shutdown', 'The upstream was shut down under load'),
  entry('RS266', 'warning', 'worker-recycled', 'A worker of the upstream was replaced'),
  entry('RS267', 'error', 'application-timeout', 'A timeout ended a request under way'),
  entry('RS268', 'error', 'application-hang', 'The application does not answer'),
  entry('RS269', 'info', 'hard-close', 'RST in place of FIN after a complete exchange'),
  entry('RS270', 'error', 'descriptor-exhaustion', 'Accepted, and closed before a byte was read'),
  entry('RS271', 'error', 'zero-window-stall', 'A receiver stopped reading'),
  // The client.
  entry('RS281', 'error', 'client-abort', 'The client aborted'),
  entry('RS282', 'warning', 'client-cancel', 'The client cancelled the request'),
  entry('RS283', 'error', 'both-abort', 'Both ends aborted at once'),
  entry('RS284', 'info', 'half-open-scan', 'A handshake taken back by the client'),
  entry('RS285', 'info', 'health-probe', 'Connections that carry nothing'),
  // The proxy beside the application.
  entry('RS291', 'error', 'sidecar-starved', 'The proxy gets no CPU time'),
  entry('RS292', 'error', 'sidecar-restarted', 'The proxy was restarted'),
  // Logs and lists beside the packets.
  entry('RS301', 'warning', 'access-log-disagrees', 'The access log and the packets disagree'),
  entry('RS302', 'warning', 'log-line-without-connection', 'A failed request is in no capture'),
  entry('RS303', 'info', 'reset-without-log-line', 'A reset that no access-log line tells of'),
  entry('RS304', 'info', 'events-do-not-cover', 'Kubernetes events do not cover the capture'),
  entry('RS305', 'info', 'proxy-local-reply', 'The proxy answered in place of an upstream'),
]
