import type { ClusterFact, ClusterStatement } from '../model/cluster.ts'

/** Facts that say something of some causes only; all others are worth a word beside any. */
const ONLY_ABOUT: Partial<Record<ClusterFact, readonly string[]>> = {
  'never-restarted': ['upstream-crash', 'peer-restarted', 'not-ready-yet', 'stale-endpoint'],
  'has-endpoints': ['no-endpoints', 'syn-dropped', 'connection-refused'],
  'target-port': ['connection-refused', 'not-ready-yet'],
  'policy-denies': [
    'syn-dropped',
    'synack-dropped',
    'firewall-reject',
    'upstream-unreachable',
    'client-unreachable',
    'middlebox-reset',
    'middlebox-state-expired',
  ],
  'policy-allows': ['syn-dropped', 'firewall-reject'],
  'policy-silent': ['syn-dropped', 'firewall-reject'],
  'policy-unknown': ['syn-dropped', 'firewall-reject'],
  'strict-mtls': [
    'plaintext-to-tls-port',
    'mtls-client-certificate-missing',
    'client-certificate-refused',
    'tls-handshake-refused',
    'upstream-reset-at-clienthello',
    'wrong-protocol',
  ],
  'permissive-mtls': [
    'plaintext-to-tls-port',
    'mtls-client-certificate-missing',
    'client-certificate-refused',
  ],
  'client-tls': [
    'tls-to-plaintext-port',
    'upstream-reset-at-clienthello',
    'tls-handshake-refused',
    'wrong-protocol',
  ],
  'client-plaintext': ['plaintext-to-tls-port', 'wrong-protocol'],
  'not-in-registry': ['egress-blocked'],
}

/** Does the statement say anything of this cause? */
export function isAboutCause({ fact }: ClusterStatement, cause: string): boolean {
  return ONLY_ABOUT[fact]?.includes(cause) ?? true
}
