import type { Connection, ReportStream } from '../model/report.ts'
import { EndingGroups, endpointText } from './endings.ts'

/** Who talks to whom in one capture; of many only the first few are kept. */
export interface CaptureEnds {
  clients: Set<string>
  upstreams: Set<string>
}

/** What the text needs of the connections, from one pass over what may be millions. */
export interface Survey {
  leading: Connection | null
  groups: EndingGroups
  ends: Map<string, CaptureEnds>
}

/** As many names as a line shows; one more is kept, to know that there are others. */
export const MOST_NAMED = 2

export function surveyConnections(stream: ReportStream): Survey {
  const id = stream.head.verdict.connections[0]
  const survey: Survey = { leading: null, groups: new EndingGroups(), ends: new Map() }
  for (const { id: capture } of stream.head.captures) {
    survey.ends.set(capture, { clients: new Set(), upstreams: new Set() })
  }
  for (const connection of stream.connections()) {
    if (connection.id === id) survey.leading = connection
    survey.groups.add(connection)
    for (const [capture, ends] of survey.ends) {
      const view = connection.views[capture]
      if (!view || ends.upstreams.size > MOST_NAMED) continue
      if (ends.clients.size <= MOST_NAMED) ends.clients.add(view.client.address)
      ends.upstreams.add(endpointText(view.upstream))
    }
  }
  return survey
}
