import { RstscopeError } from '../../errors.ts'
import { pageText } from '../../reports/page-text.ts'
import { asciiText } from '../../reports/text-escape.ts'
import type { TextOptions } from '../../reports/text-style.ts'
import { padEnd, textWidth, wrap } from '../../reports/text-width.ts'
import { EXIT } from '../exit-code.ts'
import { type FindingPage, readFindingPages } from '../finding-pages.ts'
import type { Host } from '../host.ts'
import { nearestName } from '../nearest-name.ts'
import type { OptionValues } from '../options.ts'
import { textOptions } from '../terminal-style.ts'
import { writeText } from '../write-text.ts'

/** `rstscope explain`: the pages of these codes and ids, or the list of all. */
export async function explainCommand(
  names: string[],
  values: Pick<OptionValues, 'color' | 'ascii' | 'width'>,
  host: Host,
): Promise<number> {
  const pages = readFindingPages()
  const asked = names.map((name) => findPage(name, pages))
  const options = textOptions(values, host)
  const texts =
    asked.length > 0
      ? asked.map((page, i) => (i > 0 ? '\n\n' : '') + pageText(page.markdown, options))
      : listLines(pages, options)
  await writeText(host.stdout, texts, host.signal)
  return EXIT.done
}

function findPage(name: string, pages: readonly FindingPage[]): FindingPage {
  const typed = name.toLowerCase()
  const page = pages.find(({ code, id }) => typed === code.toLowerCase() || typed === id)
  if (page !== undefined) return page
  const near = nearestName(
    name,
    pages.flatMap(({ code, id }) => [code, id]),
  )
  const hint = near === null ? 'rstscope explain' : `rstscope explain ${near}`
  throw new RstscopeError('RSTSCOPE_USAGE', `no finding has the code or id '${name}'`, hint)
}

function listLines(pages: readonly FindingPage[], options: TextOptions): string[] {
  const widest = Math.max(...pages.map(({ id }) => textWidth(id)))
  const lines = pages.map(({ code, id, title }) => {
    const name = `${code}  ${padEnd(id, widest)}  `
    const titleLines = wrap(title, options.width - textWidth(name))
    return `${name}${titleLines.join(`\n${' '.repeat(textWidth(name))}`)}\n`
  })
  const last = '\nWhat one of them means: rstscope explain CODE\n'
  return [...lines, last].map((line) => (options.ascii ? asciiText(line) : line))
}
