import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ipv4Text, ipv6Text } from '../../native-free-decoders/network/address-text.ts'
import { FORMAT_NAMES } from '../../src/cli/formats.ts'
import type { Report } from '../../src/index.ts'
import { besideFlags, type SampleCase, sampleCases } from '../properties/sample-cases.ts'
import { readCapture } from '../support/capture-file.ts'
import { runSource } from '../support/run-source.ts'

const folder = mkdtempSync(join(tmpdir(), 'rstscope-redact-'))
afterAll(() => rmSync(folder, { recursive: true }))
const samples = sampleCases().filter(({ client }) => client.includes('/samples/'))

interface Run {
  name: string
  sample: SampleCase
  captures: string[]
  argv: string[]
}

/** Both sides of every sample, and the path through the gateway where it was captured, too. */
const runs: Run[] = samples.flatMap((sample) => {
  const { name, client, upstream } = sample
  const beside = besideFlags(sample)
  const gateway = ['gateway.pcap', 'gateway.pcapng']
    .map((file) => join(dirname(client), file))
    .find((path) => existsSync(path))
  const pair = ['compare', client, upstream, ...beside]
  const both: Run = { name, sample, captures: [client, upstream], argv: pair }
  if (gateway === undefined) return [both]
  const path = ['compare', '--client', client, '--via', gateway, '--upstream', upstream, ...beside]
  return [both, { name: `${name}-via`, sample, captures: [client, gateway, upstream], argv: path }]
})

it('some samples were captured at a gateway, too', () => {
  expect(runs.filter(({ captures }) => captures.length === 3).length).toBeGreaterThan(15)
})

/** Every cluster and every mesh has them; words of the sentences that a sample happens to use as a name too. */
const TELL_NOTHING = new Set(
  'default kube-system istio-system istio-proxy istio-init kubernetes http https tcp grpc client upstream gateway proxy none outbound inbound BlackHoleCluster'.split(
    ' ',
  ),
)

const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]\d)/g

/** Keeps what it was: loopback, link-local, multicast (RFC 6890). */
const isSpecial = (address: string) =>
  /^(?:0|127|22[4-9]|23\d|24\d|25[0-5])\.|^169\.254\.|^(?:::1?|fe80:.*|ff.*)$/i.test(address)

interface Names {
  addresses: Set<string>
  names: Set<string>
}

/** Addresses and names that went in, read from the inputs and from the report that is not redacted. */
function originals(report: Report, lists: string[], logs: string[]): Names {
  const addresses = new Set<string>()
  const names = new Set<string>()
  const walk = (value: unknown, key: string, visit: (text: string, key: string) => void): void => {
    if (typeof value === 'string') visit(value, key)
    else if (Array.isArray(value)) for (const one of value) walk(one, key, visit)
    else if (value !== null && typeof value === 'object') {
      for (const [name, one] of Object.entries(value)) walk(one, name, visit)
    }
  }
  walk(report, '', (text, key) => {
    for (const [address] of text.matchAll(IPV4)) addresses.add(address)
    if (key === 'address') addresses.add(text)
    if (key === 'sni' || key === 'requestId') names.add(text)
    if (key === 'path' && text !== '/') names.add(text)
    if (key === 'cluster')
      for (const part of text.split('|')) if (/[a-z]/.test(part)) names.add(part)
  })
  for (const path of lists) {
    walk(JSON.parse(readFileSync(path, 'utf8')), '', (text, key) => {
      const isName = [
        'name',
        'namespace',
        'nodeName',
        'serviceName',
        'uid',
        'message',
        'image',
        'app',
        'hostname',
      ].includes(key)
      if (isName && /[a-z]/i.test(text)) names.add(text)
      for (const [address] of text.matchAll(IPV4)) addresses.add(address)
    })
  }
  for (const path of logs) {
    const text = readFileSync(path, 'utf8')
    for (const [address] of text.matchAll(IPV4)) addresses.add(address)
    for (const [, agent] of text.matchAll(
      /"((?:curl|Mozilla|Go-http|okhttp|python|axios|kube-probe)[^"]*)"/g,
    ))
      names.add(agent!)
    for (const [uuid] of text.matchAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g)) names.add(uuid)
  }
  return { addresses, names }
}

/** What of it stands in a text as a word of its own. */
function found(text: string, { addresses, names }: Names): string[] {
  const isWord = (value: string) => {
    const escaped = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    return new RegExp(`(?<![\\w.])${escaped}(?![\\w])`, 'i').test(text)
  }
  return [
    ...[...addresses].filter((value) => !isSpecial(value) && isWord(value)),
    ...[...names].filter((value) => !TELL_NOTHING.has(value) && isWord(value)),
  ]
}

const OWN_NAMES = /^(?:Started|Killing|Unhealthy)$/

describe.each(runs)('samples/$name', ({ name, sample, captures, argv }) => {
  const redacted = [...argv, '--redact', '--redact-key', 'a key of the tests']

  it('holds no address and no name of its inputs, in no format', async () => {
    const report: Report = JSON.parse((await runSource([...argv, '--json'])).out)
    const given = originals(report, sample.lists, sample.logs)
    for (const path of captures) given.names.add(basename(path))
    for (const one of given.names) if (OWN_NAMES.test(one)) given.names.delete(one)
    // One file for each capture of a path, one for both sides of a pair.
    const isPath = captures.length > 2
    const path = join(folder, isPath ? `${name}.%.pcapng` : `${name}.pcapng`)
    for (const format of FORMAT_NAMES) {
      const extra = format === 'text' ? ['--all', '--out', path] : ['--format', format]
      const { code, out, err } = await runSource([...redacted, ...extra])
      expect(code).toBe(0)
      expect(found(out, given), format).toEqual([])
      expect(out + err.replaceAll(folder, '')).not.toContain('/samples/')
    }
    const evidence = readdirSync(folder).filter((file) => file.startsWith(`${name}.`))
    expect(evidence).toHaveLength(isPath ? captures.length : 1)
    for (const one of evidence) {
      const file = readFileSync(join(folder, one))
      expect(found(file.toString('latin1'), given), one).toEqual([])
      const addresses = readCapture(new Uint8Array(file)).records.flatMap(addressesOf)
      expect(addresses.length).toBeGreaterThan(0)
      expect(
        addresses.filter((a) => given.addresses.has(a) && !isSpecial(a)),
        one,
      ).toEqual([])
    }
  })

  it('says the same of the same frames at the same times', async () => {
    const plain: Report = JSON.parse((await runSource([...argv, '--json'])).out)
    const hidden: Report = JSON.parse((await runSource([...redacted, '--json'])).out)
    const { by, confidence, count, connections } = hidden.verdict
    expect({ by, confidence, count, connections }).toEqual({
      by: plain.verdict.by,
      confidence: plain.verdict.confidence,
      count: plain.verdict.count,
      connections: plain.verdict.connections,
    })
    expect(hidden.verdict.cause?.id).toBe(plain.verdict.cause?.id)
    const frames = (report: Report) =>
      report.verdict.because.map(({ capture, frame, at }) => [capture, frame, at])
    expect(frames(hidden)).toEqual(frames(plain))
    expect(hidden.summary).toEqual(plain.summary)
    expect(hidden.clock).toEqual(plain.clock)
    const core = (report: Report) =>
      report.connections.map(
        ({ id, startedAt, endedAt, termination, detail, client, firstReset }) => [
          ...[
            id,
            startedAt,
            endedAt,
            termination,
            detail,
            client.port,
            firstReset?.by,
            firstReset?.at,
          ],
        ],
      )
    expect(core(hidden)).toEqual(core(plain))
  })
})

it('the search finds what is not redacted', async () => {
  const sample = samples.find(({ name }) => name === 'envoy-refused')!
  const argv = ['compare', sample.client, sample.upstream, ...besideFlags(sample)]
  const { out } = await runSource([...argv, '--json'])
  const all = found(out, originals(JSON.parse(out), sample.lists, sample.logs))
  const some = ['10.42.3.8', 'shop', 'orders-6c9f7d5b84-m2xkq', '/api/v1/orders/1842', 'node-3']
  expect(all).toEqual(expect.arrayContaining(some))
})

/** Addresses of the IP header right behind the link layer. */
function addressesOf({ data, linkType }: { data: Uint8Array; linkType: number }): string[] {
  const at = { 1: 14, 113: 16, 276: 20, 101: 0 }[linkType]
  if (at === undefined || data.length < at + 20) return []
  const view = new DataView(data.buffer, data.byteOffset)
  const version = view.getUint8(at) >> 4
  if (version === 4) return [12, 16].map((field) => ipv4Text(view.getUint32(at + field)))
  if (version !== 6) return []
  return [8, 24].map((field) => {
    const [a, b, c, d] = [0, 4, 8, 12].map((word) => view.getUint32(at + field + word))
    return ipv6Text(a!, b!, c!, d!)
  })
}
