import type { ApplicationSummary } from '../model/application.ts'
import type { Side } from '../model/connection.ts'

/** The same summary with the roles exchanged. */
export function swapSides(s: ApplicationSummary): ApplicationSummary {
  const goaway = s.h2?.goaway
  return {
    ...s,
    ...(goaway == null ? {} : { h2: { ...s.h2!, goaway: { ...goaway, by: other(goaway.by) } } }),
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
