import type { ByteWriter } from './byte-codec.ts'
import { ByteReader } from './byte-codec.ts'
import type { Said } from './connection-store.ts'
import { packApplication, type SharedTexts } from './packed-application.ts'
import { unpackApplication } from './unpacked-application.ts'

/** Writes what was said, behind the packed state of its connection. */
export function packEntry(
  out: ByteWriter,
  said: Said | null,
  first: { frame: number; time: number },
  texts: SharedTexts,
): void {
  if (said === null) {
    out.number(0)
    return
  }
  out.number(1 + said.client + (said.shown + 1) * 2)
  packApplication(out, said.application, first, texts)
}

/** Reads it back. */
export function unpackEntry(
  bytes: Uint8Array,
  at: number,
  first: { frame: number; time: number },
  texts: readonly string[],
): Said | null {
  const head = new ByteReader(bytes, at).number()
  if (head === 0) return null
  return {
    client: ((head - 1) & 1) as 0 | 1,
    shown: (((head - 1) >> 1) - 1) as -1 | 0 | 1,
    application: unpackApplication(bytes, at + 1, first, texts),
  }
}
