// Draws the first screen of the HTML report of a sample: docs/images/report.png.
// Needs an installed Chromium (or CHROMIUM=/path/to/it), and `npm run build` first.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const MOST_BYTES = 200_000
const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'docs/images/report.png')
const browserPath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser']
  .filter(Boolean)
  .find((path) => existsSync(path))
if (browserPath === undefined) throw new Error('no Chromium found: name it with CHROMIUM=')

const sample = 'samples/keepalive-race'
const captures = [`${sample}/client.pcap`, `${sample}/upstream.pcap`]
const folder = mkdtempSync(join(tmpdir(), 'rstscope-'))
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] })
try {
  const path = join(folder, 'report.html')
  const argv = ['dist/cli/main.js', 'compare', ...captures, '--quiet', '--out', path]
  execFileSync(process.execPath, argv, { cwd: root })
  const page = await browser.newPage({
    viewport: { width: 1280, height: 690 },
    colorScheme: 'light',
  })
  await page.goto(pathToFileURL(path).href)
  mkdirSync(dirname(target), { recursive: true })
  await page.screenshot({ path: target })
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}
const { size } = statSync(target)
console.log(`${target}: ${size} bytes`)
if (size > MOST_BYTES) throw new Error(`larger than ${MOST_BYTES} bytes`)
