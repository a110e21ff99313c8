import { readFileSync } from 'node:fs'
import { REPORT_SCHEMA_ID } from '../model/schema-id.ts'
import { longHelp, shortHelp } from './help-text.ts'
import { packageFile } from './package-files.ts'

/** Flags of the program itself that are answered with a text. */
export const ANSWERS: ReadonlyMap<string, () => string> = new Map([
  ['-h', () => shortHelp(null)],
  ['--help', () => longHelp(null)],
  ['--version', versionText],
])

function versionText(): string {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
    version: string
  }
  return `rstscope ${version}\nNode ${process.versions.node}\nschema ${REPORT_SCHEMA_ID}\n`
}
