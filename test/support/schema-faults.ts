interface Schema {
  $ref?: string
  anyOf?: Schema[]
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  pattern?: string
  required?: string[]
  properties?: Record<string, Schema>
  additionalProperties?: Schema
  propertyNames?: Schema
  items?: Schema
}

const KNOWN = new Set([
  ...['$ref', 'anyOf', 'type', 'const', 'enum', 'minimum', 'maximum', 'exclusiveMinimum'],
  ...['pattern', 'required', 'properties', 'additionalProperties', 'propertyNames', 'items'],
  ...['$schema', '$id', '$defs', 'title', 'description'],
])

/**
 * Where a value breaks a JSON Schema (draft 2020-12, the keywords that our schema uses; another one throws). Written
 * from the specification, apart from the definition that the schema is generated from.
 */
export function schemaFaults(root: object, value: unknown): string[] {
  return faultsOf(root as Schema, value, '', (root as { $defs?: Record<string, Schema> }).$defs)
}

function faultsOf(
  schema: Schema,
  value: unknown,
  path: string,
  defs: Record<string, Schema> | undefined,
): string[] {
  const strange = Object.keys(schema).find((keyword) => !KNOWN.has(keyword))
  if (strange !== undefined) throw new Error(`keyword ${strange} is not known here`)
  const at = path || 'report'
  const sub = (part: Schema, item: unknown, where: string) => faultsOf(part, item, where, defs)
  const faults: string[] = []
  const must = (holds: boolean, what: string) => {
    if (!holds) faults.push(`${at}: ${what}`)
  }
  if (schema.$ref !== undefined) {
    const target = defs?.[schema.$ref.replace('#/$defs/', '')]
    if (!target) throw new Error(`${schema.$ref} leads nowhere`)
    faults.push(...sub(target, value, path))
  }
  if (schema.anyOf) {
    const tried = schema.anyOf.map((option) => sub(option, value, path))
    // The one that comes nearest is the one to read about.
    const nearest = tried.sort((a, b) => b.length - a.length).at(-1)!
    faults.push(...nearest)
  }
  if (schema.type !== undefined) {
    const types = [schema.type].flat()
    must(
      types.some((type) => hasType(type, value)),
      `is no ${types.join(' or ')}`,
    )
  }
  if ('const' in schema) must(value === schema.const, `is not ${schema.const}`)
  if (schema.enum) must(schema.enum.includes(value), `${value} is none of ${schema.enum}`)
  if (typeof value === 'number') {
    must(value >= (schema.minimum ?? -Infinity), 'is too small')
    must(value <= (schema.maximum ?? Infinity), 'is too large')
    must(value > (schema.exclusiveMinimum ?? -Infinity), 'is too small')
  }
  if (typeof value === 'string' && schema.pattern !== undefined) {
    must(new RegExp(schema.pattern, 'u').test(value), `${value} does not match ${schema.pattern}`)
  }
  if (Array.isArray(value)) {
    const { items } = schema
    if (items) faults.push(...value.flatMap((item, i) => sub(items, item, `${path}[${i}]`)))
  } else if (value !== null && typeof value === 'object') {
    for (const key of schema.required ?? []) must(key in value, `has no ${key}`)
    for (const [key, item] of Object.entries(value)) {
      const part = schema.properties?.[key] ?? schema.additionalProperties
      if (part) faults.push(...sub(part, item, `${path}.${key}`))
      if (schema.propertyNames) faults.push(...sub(schema.propertyNames, key, `${path}.${key}`))
    }
  }
  return faults
}

function hasType(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'number':
      return Number.isFinite(value)
    case 'string':
      return typeof value === 'string'
    case 'boolean':
      return typeof value === 'boolean'
    default:
      throw new Error(`type ${type} is not known here`)
  }
}
