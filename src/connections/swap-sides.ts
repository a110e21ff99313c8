import type { ApplicationSummary } from '../model/application.ts'
import type { Side } from '../model/connection.ts'

/** The same summary with the roles exchanged. */
export function swapSides(s: ApplicationSummary): ApplicationSummary {
  return {
    ...s,
    clientFirst: s.upstreamFirst,
    upstreamFirst: s.clientFirst,
    tls:
      s.tls === null
        ? null
        : {
            ...s.tls,
            alert: s.tls.alert === null ? null : { ...s.tls.alert, by: other(s.tls.alert.by) },
            clientApplicationRecords: s.tls.upstreamApplicationRecords,
            upstreamApplicationRecords: s.tls.clientApplicationRecords,
            clientEndsWithAlertSize: s.tls.upstreamEndsWithAlertSize,
            upstreamEndsWithAlertSize: s.tls.clientEndsWithAlertSize,
          },
  }
}

function other(side: Side): Side {
  return side === 'client' ? 'upstream' : 'client'
}
