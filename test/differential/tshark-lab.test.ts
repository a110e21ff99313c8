import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import {
  DecodedPacket,
  PACKET_ICMP_QUOTING_TCP,
  PACKET_OTHER,
  PACKET_TCP,
} from '../../native-free-decoders/decoded-packet.ts'
import { openCapture } from '../../src/capture/open-capture.ts'
import { PacketDecoder } from '../../src/packets/decode-packet.ts'

const lab = fileURLToPath(new URL('../../../shared/lab-captures/', import.meta.url))
const hasTshark = ['tshark', 'mergecap'].every((tool) => spawnSync(tool, ['-v']).status === 0)

/** What is compared, by tshark's names. Where a field stands twice the last is the innermost. */
const FIELDS = [
  'frame.number',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.seq_raw',
  'tcp.ack_raw',
  'tcp.flags',
  'tcp.window_size_value',
  'tcp.len',
  'tcp.options.timestamp.tsval',
  'tcp.options.timestamp.tsecr',
  'tcp.options.mss_val',
  'tcp.options.wscale.shift',
  'tcp.options.sack.count',
  'ip.ttl',
  'ipv6.hlim',
  'ip.id',
  'ip.src',
  'ip.dst',
  'icmp.type',
  'icmp.code',
  'icmpv6.type',
]

type Row = Record<string, string>

function tsharkRows(path: string): Map<number, Row> {
  const args = ['-n', '-r', path, '-Y', 'tcp', '-T', 'fields', '-E', 'occurrence=l']
  const text = execFileSync('tshark', [...args, ...FIELDS.flatMap((field) => ['-e', field])], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const rows = new Map<number, Row>()
  for (const line of text.split('\n').filter(Boolean)) {
    const cells = line.split('\t')
    rows.set(Number(cells[0]), Object.fromEntries(FIELDS.map((field, i) => [field, cells[i]!])))
  }
  return rows
}

const dotted = (word: number) => [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff).join('.')

/** The packet in tshark's words; `undefined` where the quote is too short for tshark to say. */
function rowOf(out: DecodedPacket, frame: number): Row {
  const isSyn = (out.flags & 2) !== 0
  const isV4 = out.ipVersion === 4
  return {
    'frame.number': `${frame}`,
    'tcp.srcport': `${out.srcPort}`,
    'tcp.dstport': `${out.dstPort}`,
    'tcp.seq_raw': `${out.seq}`,
    'tcp.ack_raw': `${out.ack}`,
    'tcp.flags': `0x${out.flags.toString(16).padStart(4, '0')}`,
    'tcp.window_size_value': `${out.window}`,
    'tcp.len': `${out.payloadLength}`,
    'tcp.options.timestamp.tsval': out.hasTimestamps ? `${out.tsVal}` : '',
    'tcp.options.timestamp.tsecr': out.hasTimestamps ? `${out.tsEcr}` : '',
    'tcp.options.mss_val': isSyn && out.mss > 0 ? `${out.mss}` : '',
    'tcp.options.wscale.shift': isSyn && out.windowScale >= 0 ? `${out.windowScale}` : '',
    'tcp.options.sack.count': out.sackBlocks > 0 ? `${out.sackBlocks}` : '',
    'ip.ttl': isV4 ? `${out.ttl}` : '',
    'ipv6.hlim': isV4 ? '' : `${out.ttl}`,
    'ip.id': isV4 ? `0x${out.ipId.toString(16).padStart(4, '0')}` : '',
    'ip.src': isV4 ? dotted(out.src3) : '',
    'ip.dst': isV4 ? dotted(out.dst3) : '',
    'icmp.type': out.icmpVersion === 4 ? `${out.icmpType}` : '',
    'icmp.code': out.icmpVersion === 4 ? `${out.icmpCode}` : '',
    'icmpv6.type': out.icmpVersion === 6 ? `${out.icmpType}` : '',
  }
}

async function linkTypeOf(path: string): Promise<string> {
  const reader = await openCapture(path, { reader: 'native-free', hash: false })
  await reader.next()
  await reader.close()
  return reader.facts.interfaces[0]?.linkTypeName ?? 'none'
}

function captureFiles(): string[] {
  return readdirSync(lab, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name))
    .map((name) => join(lab, name))
    .sort()
}

describe.skipIf(!hasTshark || !existsSync(lab))('every segment of the laboratory captures', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rstscope-tshark-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is read as tshark reads it', async () => {
    const byLinkType = new Map<string, string[]>()
    for (const path of captureFiles()) {
      const linkType = await linkTypeOf(path)
      byLinkType.set(linkType, [...(byLinkType.get(linkType) ?? []), path])
    }
    let segments = 0
    let quotes = 0
    const out = new DecodedPacket()
    for (const [linkType, paths] of byLinkType) {
      // One file after another into one: tshark takes longer to start than to read them.
      const merged = join(folder, `${linkType}.pcap`)
      execFileSync('mergecap', ['-a', '-F', 'nsecpcap', '-w', merged, ...paths], {
        stdio: 'ignore',
      })
      const expected = tsharkRows(merged)
      const decoder = new PacketDecoder()
      const reader = await openCapture(merged, { reader: 'native-free', hash: false })
      for (;;) {
        const batch = await reader.next()
        if (batch === null) break
        for (let i = 0; i < batch.count; i++) {
          const frame = batch.firstFrame + i
          decoder.decode(
            batch.view,
            batch.bytes,
            batch.offsets[i]!,
            batch.capturedLengths[i]!,
            batch.originalLengths[i]!,
            reader.facts.interfaces[0]!.linkType,
            batch.times[i]!,
            out,
          )
          const row = expected.get(frame)
          if (out.kind === PACKET_OTHER) {
            expect(row, `${linkType} frame ${frame}`).toBeUndefined()
            continue
          }
          const mine = rowOf(out, frame)
          if (out.kind === PACKET_TCP) segments += 1
          else if (out.kind === PACKET_ICMP_QUOTING_TCP) {
            quotes += 1
            // tshark does not work out sequence numbers and lengths of a quoted segment.
            for (const field of ['tcp.seq_raw', 'tcp.ack_raw', 'tcp.len']) {
              mine[field] = row?.[field] ?? ''
            }
          }
          expect({ linkType, ...mine }).toEqual({ linkType, ...row })
        }
      }
      await reader.close()
    }
    expect([...byLinkType.keys()].sort()).toEqual(['EN10MB', 'LINUX_SLL', 'LINUX_SLL2'])
    expect(segments).toBeGreaterThan(4000)
    expect(quotes).toBeGreaterThan(0)
  })
})
