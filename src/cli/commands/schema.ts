import { readFile } from 'node:fs/promises'
import { RstscopeError } from '../../errors.ts'
import { EXIT } from '../exit-code.ts'
import type { Host } from '../host.ts'
import { packageFile } from '../package-files.ts'
import { writeText } from '../write-text.ts'

/** `rstscope schema`: the JSON Schema of the report. */
export async function schemaCommand(words: string[], host: Host): Promise<number> {
  if (words.length > 0) {
    throw new RstscopeError('RSTSCOPE_USAGE', 'schema takes no argument', 'rstscope schema')
  }
  const text = await readFile(packageFile('schema/report-1.schema.json'), 'utf8')
  await writeText(host.stdout, [text], host.signal)
  return EXIT.done
}
