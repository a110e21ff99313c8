import type { ReportStream } from '../model/report.ts'
import { endpointText } from './endings.ts'

/** Who talks to whom in one capture; of many only the first few are kept. */
export interface CaptureEnds {
  clients: Set<string>
  upstreams: Set<string>
}

/** As many names as a line shows; one more is kept, to know that there are others. */
export const MOST_NAMED = 2

export function captureEnds(stream: ReportStream, capture: string): CaptureEnds {
  const ends: CaptureEnds = { clients: new Set(), upstreams: new Set() }
  for (const { client, upstream } of stream.ends(capture)) {
    if (ends.clients.size <= MOST_NAMED) ends.clients.add(client.address)
    ends.upstreams.add(endpointText(upstream))
    if (ends.upstreams.size > MOST_NAMED) break
  }
  return ends
}
