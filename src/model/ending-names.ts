/** How a connection ended: the values of `termination`. Names are never changed, and may be added to. */
export const TERMINATIONS = [
  'rst-without-fin',
  'rst-after-fin',
  'fin-close',
  'handshake-never-completed',
  'tls-aborted',
  'open',
] as const

/** What more is known of it: the values of `detail`. */
export const DETAILS = [
  // handshake-never-completed
  'no-answer',
  'refused',
  'icmp-unreachable',
  'no-final-ack',
  'reset-by-client',
  'reset-after-syn-ack',
  // tls-aborted
  'after-client-hello',
  'after-server-flight',
  'alert-by-client',
  'alert-by-upstream',
  'encrypted-alert-by-client',
  'encrypted-alert-by-upstream',
  'client-certificate-refused',
  'plaintext-from-upstream',
  'plaintext-from-client',
  'stalled',
  // rst-without-fin and rst-after-fin
  'lone-reset',
  'keep-alive-race',
  'data-after-close',
  'mid-response',
  'mid-request',
  'after-complete-response',
  'no-data',
  'idle',
  'half-closed-reset',
  'mid-stream',
  // fin-close
  'truncated-response',
  'late-rst',
  'simultaneous',
  'by-client',
  'by-upstream',
  // open (also stalled, idle)
  'silent-loss',
  'half-closed',
  'active',
] as const
