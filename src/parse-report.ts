import { RstscopeError } from './errors.ts'
import type { Report } from './model/report.ts'

const HINT = 'a report is what rstscope compare … --format json prints'

/** A saved report, checked against its schema; fields of later versions stay. Rejects with RSTSCOPE_NOT_A_REPORT. */
export async function parseReport(json: unknown): Promise<Report> {
  // zod takes 100 ms to load, and only foreign JSON needs it.
  const { reportSchema } = await import('./model/report-schema.ts')
  const { success, error } = reportSchema.safeParse(json)
  // The value itself, not zod's copy, which has only the fields that this version knows.
  if (success) return json as Report
  const [issue] = error.issues
  const where = issue!.path.map(String).join('.').slice(0, MOST_PATH)
  const what = where === '' ? issue!.message : `${where}: ${issue!.message}`
  throw new RstscopeError('RSTSCOPE_NOT_A_REPORT', `not a report of rstscope: ${what}`, HINT)
}

const MOST_PATH = 200

/** The same for the text of a file. */
export async function parseReportText(text: string): Promise<Report> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new RstscopeError('RSTSCOPE_NOT_A_REPORT', 'not a report of rstscope: no JSON', HINT, {
      cause,
    })
  }
  return parseReport(json)
}
