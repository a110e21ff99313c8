import { readdirSync, readFileSync } from 'node:fs'
import { packageFile } from './package-files.ts'

/** One page of `docs/findings`: its name as the heading gives it, and all of its Markdown. */
export interface FindingPage {
  code: string
  id: string
  title: string
  markdown: string
}

/** All pages, by code. */
export function readFindingPages(): FindingPage[] {
  const folder = packageFile('docs/findings/')
  const names = readdirSync(folder).filter((name) => /^RS\d{3}\.md$/.test(name))
  return names.sort().map((name) => {
    const markdown = readFileSync(new URL(name, folder), 'utf8')
    const heading = /^# (RS\d{3}) ([a-z0-9-]+): (.+)$/m.exec(markdown)
    if (heading === null) throw new Error(`docs/findings/${name} has no heading`)
    const [, code, id, title] = heading as unknown as [string, string, string, string]
    return { code, id, title, markdown }
  })
}
