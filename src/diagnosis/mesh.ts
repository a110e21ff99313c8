import type { Case } from '../model/case.ts'
import type { Side } from '../model/connection.ts'
import type { Connection } from '../model/report.ts'
import { localReplyText } from './local-replies.ts'

/** Ports on which Istio's sidecars and ztunnel listen (istio.io, "Ports used by Istio"). */
const PROXY_PORTS: ReadonlyMap<number, string> = new Map([
  [15001, 'port 15001 (sidecar, outbound)'],
  [15006, 'port 15006 (sidecar, inbound)'],
  [15008, 'port 15008 (HBONE)'],
])

/** Source address of a sidecar's connection to its own application. */
const INBOUND_PASSTHROUGH = '127.0.0.6'

/** Which ends of a connection are mesh proxies, and by what that is known (VERDICTS §5). */
export function meshProxies(c: Case): Connection['proxies'] {
  const found = new Map<Side, string>()
  const note = (side: Side, basis: string) => {
    if (!found.has(side)) found.set(side, basis)
  }
  const tls = c.outcome.application.tls
  const alpn = tls?.alpn.find((name) => name.startsWith('istio'))
  const isMeshName = tls?.sni?.startsWith('outbound_.') === true
  const basis = alpn !== undefined ? `ALPN ${alpn}` : isMeshName ? `SNI ${tls!.sni}` : null
  if (basis !== null) {
    note('client', basis)
    // Only another proxy completes a handshake with the mesh's own protocol names.
    if (tls!.stage === 'established') note('upstream', basis)
  }
  const reply = c.outcome.application.http?.localReply
  if (reply != null) note('upstream', `its own answer: ${localReplyText(reply)}`)
  for (const tap of c.sighting.taps) {
    if (tap.view === null) continue
    for (const pair of [tap.view.endpoints, ...tap.view.alsoSeenAs]) {
      const port = PROXY_PORTS.get(pair.upstream.port)
      if (port !== undefined) {
        note('upstream', port)
        if (pair.upstream.port === 15008) note('client', port)
      }
      if (pair.client.address === INBOUND_PASSTHROUGH)
        note('client', `source ${INBOUND_PASSTHROUGH}`)
    }
  }
  return [...found].map(([side, why]) => ({ side, basis: why }))
}
