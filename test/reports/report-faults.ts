import { reportSchema } from '../../src/model/report-schema.ts'

interface Def {
  type: string
  shape?: Record<string, { def: Def }>
  element?: { def: Def }
  innerType?: { def: Def }
  valueType?: { def: Def }
}

/** Everything in which a value differs from the result model: wrong by the schema, unknown fields, keys out of order. */
export function reportFaults(value: unknown): string[] {
  const result = reportSchema.safeParse(value)
  const wrong = result.success
    ? []
    : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  return [...wrong, ...keyFaults(reportSchema.def as unknown as Def, value, '')]
}

function keyFaults(def: Def, value: unknown, path: string): string[] {
  if (value === null || typeof value !== 'object') return []
  if (def.type === 'nullable' || def.type === 'optional')
    return keyFaults(def.innerType!.def, value, path)
  if (Array.isArray(value)) {
    const element = def.element?.def
    return element ? value.flatMap((item, i) => keyFaults(element, item, `${path}[${i}]`)) : []
  }
  const entries = Object.entries(value)
  if (def.type === 'record') {
    const item = def.valueType!.def
    return entries.flatMap(([key, one]) => keyFaults(item, one, `${path}.${key}`))
  }
  if (!def.shape) return []
  const { shape } = def
  const known = Object.keys(shape)
  const unknown = entries
    .filter(([key]) => !(key in shape))
    .map(([key]) => `${path}.${key}: unknown`)
  const order = entries.map(([key]) => known.indexOf(key)).filter((at) => at >= 0)
  const sorted = order.every((at, i) => i === 0 || at > order[i - 1]!)
  return [
    ...unknown,
    ...(sorted ? [] : [`${path || 'report'}: keys are not in the documented order`]),
    ...entries.flatMap(([key, one]) =>
      key in shape ? keyFaults(shape[key]!.def, one, `${path}.${key}`) : [],
    ),
  ]
}
