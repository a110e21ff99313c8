import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './source-files.ts'
import { verdict } from './support/ladder-verdict.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const pages = [
  ...(readdirSync(join(root, 'docs'), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
].map((path) => ({ path, text: read(path) }))

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

function anchorsOf(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!))
}

describe.each(pages)('$path', ({ path, text }) => {
  it('links to pages and headings that exist', () => {
    const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link!)
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [file, anchor] = link.split('#') as [string, string | undefined]
        const target = file === '' ? path : join(dirname(path), file)
        if (!existsSync(join(root, target))) return true
        return anchor !== undefined && !anchorsOf(target).includes(anchor)
      })
    expect(broken).toEqual([])
  })

  it('quotes lines that a sample really has', () => {
    const reports = readdirSync(join(root, 'samples'))
      .map((name) => `samples/${name}/expected/report.txt`)
      .filter((file) => existsSync(join(root, file)))
      .map(read)
      .join('\n')
    const quoted = [...text.matchAll(/^```text\n([^`]*)^```$/gm)]
      .flatMap(([, block]) => block!.split('\n'))
      .filter((line) =>
        /^ {2}(?!try:)\S|^(CLIENT|UPSTREAM|A DEVICE|CANNOT|NOBODY|Cause:) /.test(line),
      )
    expect(quoted.filter((line) => !reports.includes(`${line}\n`))).toEqual([])
  })
})

describe('docs/errors.md', () => {
  const page = read('docs/errors.md')

  it('explains every error code, limit and warning of the report', () => {
    const sources: [file: string, pattern: RegExp][] = [
      ['src/errors.ts', /'(RSTSCOPE_[A-Z_]+)'/g],
      ['src/diagnosis/limits.ts', /add\(\s*'([a-z-]+)'/g],
      ['src/diagnosis/capture-report.ts', /code: '([a-z-]+)'/g],
      ['src/diagnosis/no-shared-connection.ts', /code: '([a-z-]+)'/g],
      ['src/compare.ts', /code: '([a-z-]+)'/g],
      ['src/line-selection.ts', /code: '([a-z-]+)'/g],
      ['native-free-decoders/container/damage.ts', /warn\(\s*'([a-z-]+)'/g],
      ['native-free-decoders/container/pcapng.ts', /warn\(\s*'([a-z-]+)'/g],
      ['src/capture/compression-damage.ts', /warn\(\s*'([a-z-]+)'/g],
      ['src/context/kubernetes/problems.ts', /\| '([a-z-]+)'/g],
      ['src/capture/gunzip.ts', /warn\(\s*'([a-z-]+)'/g],
    ]
    const codes = sources.flatMap(([file, pattern]) => {
      const found = [...read(file).matchAll(pattern)].map(([, code]) => code!)
      return found.length > 0 ? found : [`no code found in ${file}`]
    })
    expect(codes.filter((code) => !page.includes(`| \`${code}\` |`))).toEqual([])
  })
})

describe('CONTRIBUTING.md', () => {
  it('shows a scenario that passes as it stands there', async () => {
    const shown =
      /^const ladder = `\n([^`]*)`\nexpect\(await verdict\(ladder\)\).*by: '(\w+)', confidence: '(\w+)'/m
    const [, ladder, by, confidence] = shown.exec(read('CONTRIBUTING.md'))!
    const played = ladder!.replaceAll('\\\\', '\\')
    expect(await verdict(played)).toMatchObject({ by, confidence })
  })
})
