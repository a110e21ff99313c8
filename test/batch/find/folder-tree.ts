import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type WrittenRecord, writePcap } from '../../support/write-pcap.ts'

/** A folder for one test, removed when it ends; with these files in it. */
export function folderTree(files: Record<string, Uint8Array | string>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'rstscope-batch-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return root
}

/** A capture with a packet that is not TCP at each of these seconds (of 2026-11-21, from 10:00 UTC on). */
export function captureAt(...seconds: number[]): Uint8Array {
  const start = 1_795_255_200n
  const records = seconds.map((second): WrittenRecord => {
    const time = start * 1_000_000_000n + BigInt(Math.round(second * 1e9))
    return { time, bytes: new Uint8Array(60) }
  })
  return writePcap(records)
}
