import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../../src/model/report.ts'
import { writeHtml } from '../../../src/reports/html/page.ts'
import { streamOf } from '../../../src/reports/stream-of.ts'
import { CHROMIUM } from '../../support/chromium.ts'
import { compareReport, kubernetesReport, loggedReport, REPORTS } from '../report-fixtures.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Visit {
  scripts?: boolean
  dark?: boolean
  width?: number
}

/** A page in a browser, and all that it said or asked for. */
interface Visited {
  page: Page
  faults: string[]
  requests: string[]
}

describe.skipIf(CHROMIUM === null)('in Chromium (skipped where it is not installed)', () => {
  let browser: Browser
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rstscope-html-'))
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function visit(
    report: Report,
    { scripts = true, dark = false, width = 1280 }: Visit = {},
  ): Promise<Visited> {
    const path = join(folder, 'report.html')
    writeFileSync(path, [...writeHtml(streamOf(report), { time: 'utc' })].join(''))
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
      const { page, faults, requests } = await visit(loggedReport(), way)
      expect(await page.locator('h1').innerText()).toContain('reset first')
      expect(await page.locator('svg.ladder').first().isVisible()).toBe(true)
      expect(await page.locator('#tools').isVisible()).toBe(way.scripts)
      for (const id of ['findings', 'logs', 'connections', 'captures', 'limits', 'decided']) {
        expect(await page.locator(`#${id}`).isVisible()).toBe(true)
      }
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

  test.each(
    REPORTS.flatMap(([name, report]) => [
      [`${name}, light, 1280`, report, {}] as const,
      [`${name}, dark, 390`, report, { dark: true, width: 390 }] as const,
    ]),
  )('%s: axe finds no serious or critical fault', async (_, report, way) => {
    const { page, faults } = await visit(report, way)
    for (const details of await page.locator('details').all()) {
      await details.evaluate((element) => element.setAttribute('open', ''))
    }
    await page.evaluate(AXE)
    const results = (await page.evaluate('axe.run()')) as AxeResults
    const serious = results.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`)
    expect(serious).toEqual([])
    expect(faults).toEqual([])
    await page.context().close()
  })

  test('the first screen of a comparison needs no scrolling at 1280 × 720', async () => {
    const { page } = await visit(compareReport())
    const box = await page.locator('nav').boundingBox()
    expect(box!.y + box!.height).toBeLessThanOrEqual(720)
    await page.context().close()
  })

  test('filter, sort and group show every row that fits, and give all back', async () => {
    const report = kubernetesReport()
    const [model] = report.connections
    report.connections = Array.from({ length: 40 }, (_, i) => ({
      ...model!,
      id: i + 1,
      durationSeconds: (i * 7) % 40,
      ...(i < 10 ? { firstReset: null, causes: [] } : {}),
      client: { ...model!.client, address: `10.0.0.${i + 1}` },
    }))
    const { page, faults } = await visit(report)
    const rows = page.locator('#rows tbody tr:not(.group)')
    const ids = async () => (await rows.locator('td:first-child').allInnerTexts()).map(Number)
    expect(await rows.count()).toBe(40)
    const before = await ids()
    await page.fill('#filter', '10.0.0.17:')
    expect(await ids()).toEqual([17])
    expect(await page.locator('#shown').innerText()).toBe('1 of 40 listed rows')
    await page.fill('#filter', '')
    expect(await ids()).toEqual(before)
    await page.selectOption('#group', 'none')
    await page.getByRole('button', { name: 'Lasted' }).click()
    const lasted = (await ids()).map((id) => report.connections[id - 1]!.durationSeconds)
    expect(lasted).toEqual([...lasted].sort((a, b) => a - b))
    for (const group of ['4', '5', '2', '']) {
      await page.selectOption('#group', group)
      expect((await ids()).sort((a, b) => a - b)).toEqual(before.toSorted((a, b) => a - b))
    }
    expect(faults).toEqual([])
    await page.context().close()
  })

  test('arrows are reached by keyboard in the order of time, and lead to their row', async () => {
    const { page } = await visit(compareReport())
    const links = page.locator('svg.ladder').first().locator('a')
    await links.nth(0).focus()
    await page.keyboard.press('Tab')
    expect(await links.nth(1).evaluate((link) => link === document.activeElement)).toBe(true)
    await page.keyboard.press('Enter')
    const target = page.locator(':target')
    expect(await target.getAttribute('id')).toBe(
      (await links.nth(1).getAttribute('href'))!.slice(1),
    )
    expect(await target.isVisible()).toBe(true)
    await page.context().close()
  })

  test('hostile names make no element and run nothing', async () => {
    const bad = `</script><script>alert(1)</script><img src="//x.invalid/a" onerror=alert(2)>"'><svg onload=alert(3)>`
    const report = loggedReport()
    report.verdict.headline += bad
    for (const capture of report.captures) capture.paths = [bad]
    for (const connection of report.connections) {
      connection.client.name = bad
      for (const line of connection.accessLog) line.path = bad
      for (const fate of connection.fates) fate.note = bad
    }
    const { page, faults, requests } = await visit(report)
    expect(await page.locator('img, [onerror], [onload]').count()).toBe(0)
    expect(await page.locator('script').count()).toBe(2)
    expect(await page.locator('h1, .rest').allInnerTexts()).toContainEqual(
      expect.stringContaining('<img src='),
    )
    const carried = await page.evaluate(() =>
      JSON.parse(document.querySelector('#report')!.textContent!),
    )
    expect(carried).toEqual(report)
    expect(faults).toEqual([])
    expect(requests).toHaveLength(1)
    await page.context().close()
  })

  test('it prints with its ladder on one page or more, and without the tools', async () => {
    const { page } = await visit(compareReport())
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('#tools').isVisible()).toBe(false)
    expect(await page.locator('svg.ladder').first().isVisible()).toBe(true)
    const pdf = await page.pdf({ format: 'A4' })
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
    await page.context().close()
  })
})
