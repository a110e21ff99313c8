import type { Cause, Connection, ReportStream, Workload } from '../model/report.ts'
import { endpointText } from './endings.ts'
import { type Layout, labelled } from './fact-lines.ts'

/** What was behind the two addresses of a connection, as far as Kubernetes lists know. */
export function workloadTexts(connection: Connection): string[] {
  const { workload } = connection
  if (workload === null) return []
  return (['client', 'upstream'] as const).flatMap((side) => {
    const one = workload[side]
    return one === null ? [] : [`${side}: ${describe(one, endpointText(connection[side]))}`]
  })
}

function describe(workload: Workload, address: string): string {
  const { kind, namespace, name, podName, basis } = workload
  if (kind === 'unknown') return `${address}: ${basis}`
  const own = namespace === null ? name : `${namespace}/${name}`
  const parts = [
    kind !== 'pod' && podName !== null ? `pod ${podName}` : '',
    labelledPart('container', workload.container),
    kind === 'node' ? '' : labelledPart('node', workload.node),
    workload.owner ?? '',
    kind === 'service' ? '' : labelledPart('Service', workload.service),
    workload.sidecar === 'istio-proxy' ? 'with istio-proxy' : '',
    workload.sidecar === 'ambient' ? 'in the ambient mesh' : '',
  ].filter(Boolean)
  return `${kind} ${own}${parts.length > 0 ? `, ${parts.join(', ')}` : ''} (${basis})`
}

function labelledPart(label: string, value: string | null): string {
  return value === null ? '' : `${label} ${value}`
}

const RELATIONS: Record<string, string> = {
  explains: '',
  against: 'against it: ',
  coincident: 'coincident: ',
}

/** What the lists say beside a cause; what its own sentence holds is not said again. */
export function contextTexts(cause: Cause): string[] {
  return (cause.context ?? [])
    .filter(({ text }) => !cause.why.includes(text))
    .map(({ relation, text }) => `${RELATIONS[relation] ?? `${relation}: `}${text}`)
}

/** What of the lists could not be used. */
export function listWarnings(head: ReportStream['head'], layout: Layout): string[] {
  return labelled('warning', listWarningTexts(head), layout, layout.style.yellow)
}

/** The same as sentences. */
export function listWarningTexts(head: ReportStream['head']): string[] {
  return (head.kubernetes?.warnings ?? []).map(({ code, message, count }) => {
    const times = count > 1 ? ` (${count} times)` : ''
    return `Kubernetes lists: ${code}: ${message}${times}`
  })
}
