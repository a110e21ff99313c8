import type { ApplicationSummary } from '../model/application.ts'
import type { ResetEvent } from '../model/outcome.ts'
import type { Detail } from '../model/report.ts'
import type { AlignedSegment, Sighting } from '../model/sighting.ts'
import { isNewData, nearestToSender, roundTripNs } from './taps.ts'

/** A handshake that makes no progress for this long has stalled. */
const SILENCE_NS = 3e9

/** How the connection ended, as far as TLS needs to know it. */
export interface TlsEnd {
  /** First FIN or ending RST; null when neither was seen. */
  close: AlignedSegment | null
  reset: ResetEvent | null
}

/** The detail of `tls-aborted`, or null when TLS was not being negotiated or had come into use (VERDICTS §4). */
export function tlsAbort(
  sighting: Sighting,
  application: ApplicationSummary,
  end: TlsEnd,
): Detail | null {
  const { clientFirst, upstreamFirst, tls } = application
  const mixed =
    (clientFirst === 'tls' && isPlaintext(upstreamFirst)) ||
    (upstreamFirst === 'tls' && isPlaintext(clientFirst))
  if (!mixed && (tls === null || tls.clientHello === null)) return null
  const silent = silenceBefore(sighting, end.close)
  if (end.close === null && silent < SILENCE_NS) return null
  if (mixed) return clientFirst === 'tls' ? 'plaintext-from-upstream' : 'plaintext-from-client'
  if (tls === null || tls.stage === 'established' || tls.upstreamApplicationData !== null)
    return null
  // Where the walk lost its place (snap length, loss), records may have gone by unseen: sizes of turns must do.
  const named = tls.alert !== null && tls.alert.name !== 'encrypted'
  const lost = application.upstreamLostPlace === true || application.clientLostPlace === true
  if ((lost || application.lostPlace) && tls.stage !== 'client-hello' && !named) {
    return abortBySizes(sighting, tls.clientCertificate === 'empty')
  }
  if (
    tls.stage === 'client-finished' &&
    tls.alert === null &&
    !endedSoonAfterFinished(sighting, tls, end)
  ) {
    return null
  }
  if (tls.alert?.by === 'upstream') {
    const asked = tls.clientCertificate === 'empty' || tls.clientCertificate === 'sent'
    const refusal =
      tls.alert.name === 'certificate_required' || tls.alert.name === 'bad_certificate'
    if (tls.stage === 'client-finished' && tls.clientCertificate !== 'not-requested') {
      if (asked || refusal) return 'client-certificate-refused'
    }
    if (asked || tls.alert.name === 'certificate_required') return 'client-certificate-refused'
    return tls.alert.name === 'encrypted' ? 'encrypted-alert-by-upstream' : 'alert-by-upstream'
  }
  if (tls.alert?.by === 'client') {
    return tls.alert.name === 'encrypted' ? 'encrypted-alert-by-client' : 'alert-by-client'
  }
  if (silent >= SILENCE_NS) return 'stalled'
  return tls.stage === 'client-hello' ? 'after-client-hello' : 'after-server-flight'
}

/** TCP bytes of an alert record: 7 in plaintext, 24 in TLS 1.3, 31 under AES-GCM in 1.2. */
const ALERT_BYTES = 31

/**
 * The same by the bytes of each turn: hello, server's flight, client's flight, answer. An answer no longer than an
 * alert, or a client's flight no longer than one, is no session in use. Unknown is not aborted.
 */
function abortBySizes(sighting: Sighting, emptyCertificate: boolean): Detail | null {
  const view = sighting.taps.find((tap) => tap.view !== null && tap.view.client.bytes > 0)?.view
  if (view == null || view.midstream || view.contiguousFrom !== view.firstFrame) return null
  const turns: { from: string; bytes: number }[] = []
  for (const s of view.segments) {
    if (s.length === 0 || !isNewData(s)) continue
    const turn = turns[turns.length - 1]
    if (turn !== undefined && turn.from === s.from) turn.bytes += s.length
    else turns.push({ from: s.from, bytes: s.length })
  }
  if (turns.length < 2 || turns[0]!.from !== 'client' || turns.length > 4) return null
  const [, , clientFlight, answer] = turns
  if (answer !== undefined) {
    if (answer.bytes > ALERT_BYTES) return null
    return emptyCertificate ? 'client-certificate-refused' : 'encrypted-alert-by-upstream'
  }
  if (clientFlight === undefined) return 'after-server-flight'
  return clientFlight.bytes <= ALERT_BYTES ? 'encrypted-alert-by-client' : null
}

function isPlaintext(first: ApplicationSummary['clientFirst']): boolean {
  return first !== 'none' && first !== 'tls' && first !== 'not-captured'
}

/** TLS 1.3: the upstream judges the client's last flight only after the client may use the session. */
function endedSoonAfterFinished(
  sighting: Sighting,
  tls: NonNullable<ApplicationSummary['tls']>,
  end: TlsEnd,
): boolean {
  if (end.close === null || end.close.from !== 'upstream') return false
  if (tls.clientFinished === null) return false
  const { tap, segment } = nearestToSender(sighting, end.close)
  const finished = sighting.taps[tap]!.view!.application.tls?.clientFinished
  if (finished == null) return false
  return segment.time - finished.time <= 2 * roundTripNs(sighting.taps[tap]!.view!) + 1e9
}

/** Time without new payload before the end of the connection or of the capture, in ns. */
function silenceBefore(sighting: Sighting, close: AlignedSegment | null): number {
  let shortest = Number.POSITIVE_INFINITY
  sighting.taps.forEach((tap, index) => {
    if (tap.view === null) return
    const closing = close?.seen[index]
    const until = closing?.time ?? tap.captureEnd
    let last = tap.view.firstTime
    for (const s of tap.view.segments) {
      if (closing && s.frame >= closing.frame) break
      if (s.length > 0 && isNewData(s)) last = s.time
    }
    shortest = Math.min(shortest, until - last)
  })
  return shortest
}
