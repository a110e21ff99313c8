import type { Fields } from './fields.ts'

/** Whether something holds, where the lists may not say enough. */
export type Known = 'yes' | 'no' | 'unknown'

/** `metav1.LabelSelector`; without requirements it selects everything. */
export interface LabelSelector {
  requirements: Requirement[]
}

interface Requirement {
  key: string
  operator: string
  values: string[]
}

export function readSelector(fields: Fields): LabelSelector {
  const equal = [...fields.labels('matchLabels')].map(([key, value]) => ({
    key,
    operator: 'In',
    values: [value],
  }))
  const expressions = fields.objects('matchExpressions').map((one) => ({
    key: one.text('key') ?? '',
    operator: one.word('operator') ?? '',
    values: one.texts('values'),
  }))
  return { requirements: [...equal, ...expressions] }
}

/** Does a selector select these labels? Null labels are not known. */
export function selects(
  { requirements }: LabelSelector,
  labels: ReadonlyMap<string, string> | null,
): Known {
  if (requirements.length === 0) return 'yes'
  if (labels === null) return 'unknown'
  return allOf(requirements.map((one) => holds(one, labels)))
}

function holds({ key, operator, values }: Requirement, labels: ReadonlyMap<string, string>): Known {
  const value = labels.get(key)
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value) ? 'yes' : 'no'
    case 'NotIn':
      return value === undefined || !values.includes(value) ? 'yes' : 'no'
    case 'Exists':
      return value !== undefined ? 'yes' : 'no'
    case 'DoesNotExist':
      return value === undefined ? 'yes' : 'no'
    default:
      return 'unknown'
  }
}

export function allOf(parts: readonly Known[]): Known {
  if (parts.includes('no')) return 'no'
  return parts.includes('unknown') ? 'unknown' : 'yes'
}

export function anyOf(parts: readonly Known[]): Known {
  if (parts.includes('yes')) return 'yes'
  return parts.includes('unknown') ? 'unknown' : 'no'
}
