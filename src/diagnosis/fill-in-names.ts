import type { Workload } from '../model/report.ts'

/** Commands with the names of a workload in place of POD, CONTAINER, SERVICE and NAMESPACE, none of them twice. */
export function filledIn(steps: readonly string[], workload: Workload | null): string[] {
  const { podName = null, namespace = null, container = null } = workload ?? {}
  const service = workload?.service?.split('/')[1] ?? null
  const filled = steps.map((step) => {
    // A command that names its namespace already has it there.
    const where = namespace === null || /\s-n |-A\b/.test(step) ? '' : ` -n ${namespace}`
    const words: Record<string, string | null> = {
      NAMESPACE: namespace,
      POD: podName === null ? null : `${podName}${where}`,
      CONTAINER: container,
      SERVICE: service === null ? null : `${service}${where}`,
    }
    return step.replace(/\b(?:NAMESPACE|POD|CONTAINER|SERVICE)\b/g, (word) => words[word] ?? word)
  })
  return [...new Set(filled)]
}
