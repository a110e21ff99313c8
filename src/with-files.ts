import type { ReportStream } from './model/report.ts'
import { ArchiveFiles } from './workers/archive-file.ts'

/** Makes a report that rests on temporary files: they are closed where it fails, and with the report. */
export async function withFiles(
  make: (files: ArchiveFiles) => Promise<ReportStream>,
): Promise<ReportStream> {
  const files = new ArchiveFiles()
  try {
    return { ...(await make(files)), close: () => files.close() }
  } catch (error) {
    files.close()
    throw error
  }
}
