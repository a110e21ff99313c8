import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RstscopeError } from '../errors.ts'
import { rowsFile, writeWhole } from './report-files.ts'
import { RowFile, rowText } from './row-file.ts'
import { SAMPLE_ROW_SCHEMA, type SampleRow } from './sample-row.ts'
import type { SampleTask } from './sample-task.ts'

const INDEX = 'index.ndjson'
/** Rows in the order in which samples finish; there as long as a run is not complete. */
const JOURNAL = 'index.part.ndjson'

/**
 * What a run keeps: the rows of its samples, and the folder in which their reports lie. A row is on disk as soon as its
 * sample is done, so a run that is killed can be resumed.
 */
export class Results {
  readonly folder: string | null
  /** Where what is needed until the end of the run may lie: the folder, else a temporary one. */
  readonly workFolder: string
  private readonly journal: RowFile

  /** Opens a folder of results; null: rows only, in a temporary file. */
  constructor(folder: string | null, { resume }: { resume: boolean }) {
    this.folder = folder
    try {
      this.workFolder = folder ?? mkdtempSync(join(tmpdir(), 'rstscope-'))
      if (folder !== null) mkdirSync(folder, { recursive: true })
      this.journal = new RowFile(join(this.workFolder, JOURNAL), { keep: resume })
      if (folder !== null && resume) this.takeOver(join(folder, INDEX))
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      throw new RstscopeError(
        'RSTSCOPE_USAGE',
        `cannot write results to ${folder ?? tmpdir()}: ${code ?? message}`,
        'is there such a folder, and may you write to it?',
        { cause: error },
      )
    }
  }

  /** The row of an earlier run that still holds for this task: nothing changed, nothing failed, its reports are there. */
  kept({ sample, key, reports, rows }: SampleTask): SampleRow | null {
    const row = this.journal.row(sample.id)
    if (row === null || row.schema !== SAMPLE_ROW_SCHEMA || row.key !== key) return null
    if (row.status === 'failed') return null
    const written = row.reports.map((path) => path.slice(path.lastIndexOf('/') + 1))
    const isTold = reports.every(({ file }) => written.includes(file))
    const files = row.reports.map((path) => join(this.folder!, path))
    if (rows !== null) files.push(join(rows, rowsFile(sample.id)))
    return isTold && files.every((path) => existsSync(path)) ? row : null
  }

  add(row: SampleRow): void {
    this.journal.append(row)
  }

  /** The rows of these samples, in their order; one that is not done has none. */
  *rows(samples: Iterable<string>): Iterable<SampleRow> {
    for (const sample of samples) {
      const row = this.journal.row(sample)
      if (row !== null) yield row
    }
  }

  /** Writes the index of these samples; the run is complete then. */
  async finish(samples: readonly string[]): Promise<void> {
    if (this.folder === null) return
    await writeWhole(join(this.folder, INDEX), texts(this.rows(samples)))
  }

  /** Ends the use of the rows. `complete`: nothing is left that could be resumed. */
  close(complete: boolean): void {
    this.journal.close()
    if (this.folder === null) rmSync(this.workFolder, { recursive: true, force: true })
    else if (complete) rmSync(join(this.folder, JOURNAL), { force: true })
  }

  /** The rows of the last complete run; those of a later one that was not completed are newer. */
  private takeOver(index: string): void {
    if (!existsSync(index)) return
    const rows = new RowFile(index, { keep: true })
    for (const sample of rows.samples()) {
      if (!this.journal.has(sample)) this.journal.append(rows.row(sample)!)
    }
    rows.close()
  }
}

function* texts(rows: Iterable<SampleRow>): Iterable<string> {
  for (const row of rows) yield rowText(row)
}
