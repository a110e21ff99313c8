import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { AxeResults } from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeIndexPage } from '../../../src/batch/html/index-page.ts'
import type { SampleRow } from '../../../src/batch/sample-row.ts'
import { compareWithBaseline } from '../../../src/batch/summary/baseline.ts'
import { summarise } from '../../../src/batch/summary/summarise.ts'
import { CHROMIUM } from '../../support/chromium.ts'
import { end, failedRow, finding, row } from '../summary/row-fixtures.ts'
import { earlierRows, nightRows } from './run-fixture.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Visit {
  scripts?: boolean
  dark?: boolean
  width?: number
}

describe.skipIf(CHROMIUM === null)('in Chromium (skipped where it is not installed)', () => {
  let browser: Browser
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rstscope-index-'))
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The page in a browser, and all that it said or asked for. */
  async function visit(
    rows: SampleRow[],
    { scripts = true, dark = false, width = 1280 }: Visit = {},
  ): Promise<{ page: Page; faults: string[]; requests: string[] }> {
    const path = join(folder, 'index.html')
    const comparison = compareWithBaseline(rows, earlierRows())
    writeFileSync(
      path,
      [...writeIndexPage({ summary: summarise(rows), rows, comparison })].join(''),
    )
    const context = await browser.newContext({
      javaScriptEnabled: scripts,
      colorScheme: dark ? 'dark' : 'light',
      viewport: { width, height: 720 },
    })
    const page = await context.newPage()
    const faults: string[] = []
    const requests: string[] = []
    page.on('console', (message) => faults.push(message.text()))
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('dialog', (dialog) => {
      faults.push('a dialog')
      void dialog.dismiss()
    })
    page.on('request', (request) => requests.push(request.url()))
    await page.goto(`file://${path}`)
    return { page, faults, requests }
  }

  const WAYS: Required<Visit>[] = [true, false].flatMap((scripts) =>
    [true, false].flatMap((dark) => [1280, 390].map((width) => ({ scripts, dark, width }))),
  )

  test.each(WAYS)(
    'scripts $scripts, dark $dark, $width wide: complete, silent, nothing fetched',
    async (way) => {
      const { page, faults, requests } = await visit(nightRows(), way)
      expect(await page.locator('h1').innerText()).toContain('connections were reset')
      for (const id of [
        'findings',
        'baseline',
        'trend',
        'services',
        'samples',
        'failures',
        'limits',
      ]) {
        expect(await page.locator(`#${id}`).isVisible()).toBe(true)
      }
      expect(await page.locator('svg.chart').isVisible()).toBe(true)
      expect(await page.locator('#tools').isVisible()).toBe(way.scripts)
      const [content, window] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
      ])
      expect(content).toBeLessThanOrEqual(window!)
      expect(faults).toEqual([])
      expect(requests).toHaveLength(1)
      await page.context().close()
    },
  )

  test.each<[string, SampleRow[], Visit]>([
    ['a night, light, 1280', nightRows(), {}],
    ['a night, dark, 390', nightRows(), { dark: true, width: 390 }],
    ['nothing, dark', [], { dark: true }],
    ['failures only', [failedRow('a', 'no')], {}],
  ])('%s: axe finds no serious or critical fault', async (_, rows, way) => {
    const { page, faults } = await visit(rows, way)
    await page.evaluate(AXE)
    const results = (await page.evaluate('axe.run()')) as AxeResults
    const serious = results.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`)
    expect(serious).toEqual([])
    expect(faults).toEqual([])
    await page.context().close()
  })

  test('filter, sort and group show every sample that fits, and give all back', async () => {
    const rows = nightRows()
    const { page, faults } = await visit(rows)
    const listed = page.locator('#rows tbody tr:not(.group)')
    const names = () => listed.locator('td:first-child').allInnerTexts()
    const before = await names()
    expect([...before].sort()).toEqual(rows.map(({ sample }) => sample).sort())
    expect(before[0]).toBe('2026-11-20/notes')
    await page.fill('#filter', 'quiet')
    expect(await names()).toEqual(['2026-11-20/quiet'])
    await page.fill('#filter', '')
    for (const group of ['1', '2', 'none', '']) {
      await page.selectOption('#group', group)
      expect((await names()).sort()).toEqual([...before].sort())
    }
    await page.selectOption('#group', 'none')
    await page.getByRole('button', { name: 'Resets' }).click()
    const resets = (await listed.locator('td:nth-child(4)').allInnerTexts()).map(Number)
    expect(resets).toEqual([...resets].sort((a, b) => a - b))
    expect(faults).toEqual([])
    await page.context().close()
  })

  test('a link leads to the report of its sample, whatever its name', async () => {
    const report = 'samples/a b#1?%/ü/report.html'
    mkdirSync(join(folder, dirname(report)), { recursive: true })
    writeFileSync(join(folder, report), '<title>found</title>')
    const { page } = await visit([row('odd', [finding([end(1, 'k', 1)])], { reports: [report] })])
    await page.locator('#rows a').first().click()
    expect(await page.title()).toBe('found')
    await page.context().close()
  })

  test('hostile names make no element and run nothing', async () => {
    const bad = `</script><script>alert(1)</script><img src="//x.invalid/a" onerror=alert(2)>"'><svg onload=alert(3)>`
    const { page, faults, requests } = await visit([
      row(
        bad,
        [finding([end(1, bad, 1)], { title: bad, service: bad, upstream: bad, code: bad })],
        {
          reports: ['javascript:alert(4)'],
          warnings: [bad],
          limits: [bad],
          status: 'partly',
        },
      ),
      failedRow('x', bad, bad),
    ])
    expect(await page.locator('img, [onerror], [onload]').count()).toBe(0)
    expect(await page.locator('script').count()).toBe(1)
    await page.locator('#rows a').first().click()
    expect(faults).toEqual([])
    expect(requests.every((url) => url.startsWith('file://'))).toBe(true)
    await page.context().close()
  })

  test('it prints, without the tools', async () => {
    const { page } = await visit(nightRows())
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('#tools').isVisible()).toBe(false)
    expect(await page.locator('svg.chart').isVisible()).toBe(true)
    expect((await page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-')
    await page.context().close()
  })
})
