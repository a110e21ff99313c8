import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { DecodedPacket } from '../../native-free-decoders/decoded-packet.ts'
import { openCapture } from '../../src/capture/open-capture.ts'
import { PacketDecoder } from '../../src/packets/decode-packet.ts'

const corpus = fileURLToPath(new URL('../../../shared/corpus/', import.meta.url))

/** Encapsulations that tshark opens and this decoder does not, on purpose. */
const NOT_DECODED = /\b(wlan|gtp|l2tp|arcnet|fddi|sflow|ipcomp)\b/

/** Files, by the end of their names, where the two may differ, and why. */
const KNOWN: Record<string, string> = {
  '17_ah_invalid_payload_length_too_small.pcap':
    'tshark reads ports out of an impossible AH header',
  '02_ipv4_eoip_inner_ipv4_tcp.pcap': 'MikroTik EoIP in GRE is not decoded',
  'rpki-rtr-oobr.pcap': 'tshark opens a fragment whose length no datagram can have',
}

interface Row {
  name: string
  tcpPackets: number
  encaps: string
}

function manifest(): Row[] {
  const [head, ...lines] = readFileSync(`${corpus}manifest.csv`, 'utf8').trim().split('\n')
  const columns = head!.trim().split(',')
  const at = (name: string) => columns.indexOf(name)
  return lines
    .map((line) => line.trim().split(','))
    .filter((cells) => cells[at('reader_error')] === '')
    .map((cells) => ({
      name: cells[at('name')]!,
      tcpPackets: Number(cells[at('tcp_packets')]),
      encaps: cells[at('encaps')]!,
    }))
}

async function countTcp(path: string): Promise<number> {
  const reader = await openCapture(path, { reader: 'native-free', hash: false })
  const decoder = new PacketDecoder()
  const out = new DecodedPacket()
  for (;;) {
    const batch = await reader.next()
    if (batch === null) break
    for (let i = 0; i < batch.count; i++) {
      decoder.decode(
        batch.view,
        batch.bytes,
        batch.offsets[i]!,
        batch.capturedLengths[i]!,
        batch.originalLengths[i]!,
        reader.facts.interfaces[batch.interfaces[i]!]!.linkType,
        batch.times[i]!,
        out,
      )
    }
  }
  await reader.close()
  return decoder.counters.tcp
}

describe.skipIf(!existsSync(`${corpus}manifest.csv`))('captures of other projects', () => {
  it('hold as many segments as tshark counts', async () => {
    const differences: string[] = []
    let compared = 0
    for (const { name, tcpPackets, encaps } of manifest()) {
      if (NOT_DECODED.test(encaps)) continue
      if (Object.keys(KNOWN).some((end) => name.endsWith(end))) continue
      compared += 1
      const tcp = await countTcp(`${corpus}files/${name}`)
      if (tcp !== tcpPackets) differences.push(`${name}: ${tcp}, tshark ${tcpPackets}`)
    }
    expect(differences).toEqual([])
    expect(compared).toBeGreaterThan(600)
  })
})
