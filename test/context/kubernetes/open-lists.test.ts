import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLists } from '../../../src/context/kubernetes/open-lists.ts'
import { list, pod, service } from '../../support/kubernetes-lists.ts'

let folder: string
const path = (...names: string[]) => join(folder, ...names)

const PODS = JSON.stringify(list(pod({ name: 'a' }), pod({ name: 'b' })))
const SERVICES = JSON.stringify(service())

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lists-'))
  mkdirSync(path('dump', 'shop'), { recursive: true })
  writeFileSync(path('pods.json'), PODS)
  writeFileSync(path('two.json'), `${PODS}\n${SERVICES}`)
  writeFileSync(path('pods.json.gz'), gzipSync(PODS))
  writeFileSync(path('utf16.json'), Buffer.from(`\ufeff${PODS}`, 'utf16le'))
  writeFileSync(path('bom.json'), `\ufeff${PODS}`)
  writeFileSync(path('pods.yaml'), 'apiVersion: v1\nkind: List\n')
  writeFileSync(path('cut.json.gz'), gzipSync(PODS).subarray(0, 40))
  writeFileSync(path('dump', 'pods.json'), PODS)
  writeFileSync(path('dump', 'shop', 'services.json.gz'), gzipSync(SERVICES))
  writeFileSync(path('dump', 'shop', 'logs.txt'), 'x')
})
afterAll(() => rmSync(folder, { recursive: true }))

async function read(...inputs: Parameters<typeof openLists>[0]) {
  const { objects, warnings } = (await openLists(inputs)).facts
  return { objects, warnings: warnings.map(({ code, count }) => `${code} ${count}`) }
}

describe('lists', () => {
  it.each([
    ['a file', ['pods.json'], { Pod: 2 }, []],
    ['several documents in one', ['two.json'], { Pod: 2, Service: 1 }, []],
    ['several files', ['pods.json', 'two.json'], { Pod: 4, Service: 1 }, []],
    ['gzip', ['pods.json.gz'], { Pod: 2 }, []],
    ['what PowerShell writes', ['utf16.json'], { Pod: 2 }, []],
    ['a byte order mark', ['bom.json'], { Pod: 2 }, []],
    ['a folder, with folders in it', ['dump'], { Pod: 2, Service: 1 }, ['skipped-file 1']],
    ['YAML', ['pods.yaml'], {}, ['not-json 1']],
  ])('are read from %s', async (_, names, objects, warnings) => {
    expect(await read(...names.map((name) => path(name)))).toEqual({ objects, warnings })
  })

  it('are read from bytes and from parsed objects', async () => {
    const bytes = new TextEncoder().encode(PODS)
    expect(await read(bytes, new Uint8Array(gzipSync(SERVICES)), JSON.parse(PODS))).toEqual({
      objects: { Pod: 4, Service: 1 },
      warnings: [],
    })
  })

  it.each([
    ['a file that is not there', 'nothing.json', /no such file or folder/],
    ['a gzip file that is cut', 'cut.json.gz', /damaged gzip/],
  ])('cannot be read from %s', async (_, name, message) => {
    const error = await openLists([path(name)]).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'RSTSCOPE_UNREADABLE' })
    expect(error.message).toMatch(message)
  })

  it('larger than the bound are refused, compressed ones before they are unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(300 * 2 ** 20, 0x20))
    expect(bomb.length).toBeLessThan(2 ** 20)
    const error = await openLists([new Uint8Array(bomb)]).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'RSTSCOPE_UNREADABLE' })
    expect(error.message).toMatch(/larger than 256 MiB/)
    expect(error.hint).toMatch(/-n NAMESPACE/)
  })

  it('are not read on when the run is interrupted', async () => {
    const error = await openLists([path('pods.json')], AbortSignal.abort()).catch(
      (thrown) => thrown,
    )
    expect(error).toMatchObject({ code: 'RSTSCOPE_INTERRUPTED' })
  })
})
