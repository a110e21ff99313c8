import type { ReportStream } from '../model/report.ts'
import { escapeJson } from './text-escape.ts'

const BEFORE_CONNECTIONS = [
  'schema',
  'tool',
  'command',
  'captures',
  'verdict',
  'clock',
  'summary',
  'kubernetes',
  'accessLogs',
  'findings',
] as const
const AFTER_CONNECTIONS = ['limits', 'excerpt'] as const

type JsonSource = Pick<ReportStream, 'head' | 'connections'>

/** The report as one JSON object, one connection a line, without ever holding more than one connection. */
export function* writeJson(stream: JsonSource): Iterable<string> {
  yield '{\n'
  for (const key of BEFORE_CONNECTIONS) {
    // Absent where no such input was given.
    if (stream.head[key] !== undefined) yield `${member(stream, key)},\n`
  }
  yield '"connections": ['
  let separator = '\n'
  for (const connection of stream.connections()) {
    yield `${separator}${escapeJson(JSON.stringify(connection))}`
    separator = ',\n'
  }
  yield separator === '\n' ? '],\n' : '\n],\n'
  const after = AFTER_CONNECTIONS.filter((key) => stream.head[key] !== undefined)
  yield `${after.map((key) => member(stream, key)).join(',\n')}\n}\n`
}

function member(stream: JsonSource, key: keyof ReportStream['head']): string {
  return `"${key}": ${escapeJson(JSON.stringify(stream.head[key]))}`
}

/** One connection a line, each with the paths of the report's captures by capture id. */
export function* writeNdjson(stream: JsonSource): Iterable<string> {
  const captures = Object.fromEntries(stream.head.captures.map(({ id, paths }) => [id, paths]))
  for (const connection of stream.connections()) {
    yield `${escapeJson(JSON.stringify({ captures, ...connection }))}\n`
  }
}
