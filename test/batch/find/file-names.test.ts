import { describe, expect, test } from 'vitest'
import { companionOf, isArchiveName, readCaptureName } from '../../../src/batch/find/file-names.ts'
import { seriesName } from '../../../src/batch/find/series-names.ts'

describe('names of captures', () => {
  test.each([
    ['x.pcap', 'x', 'pcap', ''],
    ['X.PCAPNG', 'X', 'pcapng', ''],
    ['cart.v2.cap.gz', 'cart.v2', 'cap', ''],
    ['x.pcap7', 'x', 'pcap', '7'],
    ['x.pcap07.zst', 'x', 'pcap', '07'],
    ['trace.dmp.lz4', 'trace', 'dmp', ''],
    ['x.snoop', 'x', 'snoop', ''],
  ])('%s', (name, stem, ending, rotation) => {
    expect(readCaptureName(name)).toEqual({ stem, ending, rotation })
  })

  test('a file that was moved aside is a capture, but of no series', () => {
    expect(readCaptureName('x.pcap.1')).toEqual({ stem: 'x.pcap.1', ending: '', rotation: '' })
    expect(readCaptureName('x.pcap.2.gz')).toEqual({ stem: 'x.pcap.2', ending: '', rotation: '' })
  })

  test.each(['x', '.pcap', 'pcap', 'x.pcapx', 'x.txt', 'x.gz', 'x.pcap.xz', 'x.pcap1234567890'])(
    '%s says nothing',
    (name) => expect(readCaptureName(name)).toBeNull(),
  )

  test('what cannot be read without unpacking is known by its name', () => {
    for (const name of ['x.pcap.xz', 'case.zip', 'case.tar.gz', 'x.tgz', 'x.pcap.bz2'])
      expect(isArchiveName(name), name).toBe(true)
    for (const name of ['x.pcap.gz', 'tar', 'x.gz']) expect(isArchiveName(name), name).toBe(false)
  })
})

describe('names of what lies beside captures', () => {
  test.each([
    ['access.log', 'access-log'],
    ['access-upstream.log', 'access-log'],
    ['access.log.2.gz', 'access-log'],
    ['envoy-7d9f.log', 'access-log'],
    ['istio-proxy.log.gz', 'access-log'],
    ['kubernetes.json', 'kubernetes'],
    ['kubectl-pods.json.gz', 'kubernetes'],
    ['kubectl-pods.yaml', 'kubernetes-yaml'],
    ['application.log', null],
    ['truth.json', null],
    ['access.pcap', null],
  ])('%s is %s', (name, kind) => expect(companionOf(name)).toBe(kind))
})

describe('places in a series', () => {
  const place = (name: string) => seriesName(readCaptureName(name)!)

  test('tcpdump -C: the first file has no number', () => {
    expect(place('x.pcap')).toMatchObject({ kind: 'size', stem: 'x', number: -1 })
    expect(place('x.pcap12')).toMatchObject({ kind: 'size', stem: 'x', number: 12 })
    expect(place('x.pcap').key).toBe(place('x.pcap12').key)
  })

  test.each([
    'trace-20261121100000.pcap',
    'trace_2026-11-21_10-00-00.pcap',
    'trace_2026-11-21_10.00.00.pcap.gz',
    'trace.2026_11_21T10:00:00Z.pcap',
    '2026-11-21 10-00-00 trace.pcap',
  ])('tcpdump -G: %s', (name) => {
    expect(place(name)).toMatchObject({ kind: 'time', stem: 'trace', time: '20261121100000' })
  })

  test('tcpdump -G with seconds since 1970, with days only, and with -C', () => {
    expect(place('x-1795255200.pcap')).toMatchObject({ kind: 'time', time: '1795255200' })
    expect(place('x-2026-11-21.pcap')).toMatchObject({ kind: 'time', time: '20261121' })
    expect(place('x-20261121100000.pcap3')).toMatchObject({ kind: 'time', number: 3 })
  })

  test.each(['x_00001_20261121100000.pcapng', 'x_20261121100000_00001.pcapng'])(
    'Wireshark and dumpcap -b: %s',
    (name) => {
      expect(place(name)).toMatchObject({ kind: 'ring-buffer', stem: 'x', number: 1 })
    },
  )

  test.each([
    'cart-1.pcap',
    'cart-2.pcap',
    '10.0.0.15.pcap',
    'x-20269999999999.pcap',
    'v2026.pcap',
  ])('a number in %s is only a part of its name', (name) => {
    expect(place(name)).toMatchObject({ kind: 'size', time: '', number: -1 })
    expect(place(name).key).toBe(name)
  })

  test('a time that is written otherwise is another series', () => {
    expect(place('x-2026-11-21.pcap').key).not.toBe(place('x-20261121.pcap').key)
  })

  test('names made to be slow are not', () => {
    const started = performance.now()
    for (const part of ['2026-11-21_', '1', '_00001', '20261121', '-', '2026.'])
      place(`${part.repeat(20_000)}.pcap`)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})
