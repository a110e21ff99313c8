import { ipv4Text, ipv6Text } from '../../native-free-decoders/network/address-text.ts'
import type { EndpointTable } from '../model/connection-set.ts'
import { WordTable } from './word-table.ts'

/** The ids of endpoints by their addresses' words. */
export class EndpointIds implements EndpointTable {
  private readonly table = new WordTable(5)

  get count(): number {
    return this.table.count
  }

  intern(addresses: Uint32Array | null, address: number, port: number): number {
    this.ask(addresses, address, port)
    return this.table.intern()
  }

  find(addresses: Uint32Array | null, address: number, port: number): number {
    this.ask(addresses, address, port)
    return this.table.find()
  }

  text(id: number): string {
    const [a, b, c, d, last] = [0, 1, 2, 3, 4].map((at) => this.table.word(id, at)) as Words
    const port = last & 0xffff
    return (last & IPV6) === 0 ? `${ipv4Text(d)}:${port}` : `[${ipv6Text(a, b, c, d)}]:${port}`
  }

  isLoopback(id: number): boolean {
    const [a, b, c, d, last] = [0, 1, 2, 3, 4].map((at) => this.table.word(id, at)) as Words
    return (last & IPV6) === 0 ? d >>> 24 === 127 : a === 0 && b === 0 && c === 0 && d === 1
  }

  private ask(addresses: Uint32Array | null, address: number, port: number): void {
    const { key } = this.table
    if (addresses === null) {
      key[0] = 0
      key[1] = 0
      key[2] = 0
      key[3] = address
      key[4] = port
      return
    }
    const at = address * 4
    key[0] = addresses[at]!
    key[1] = addresses[at + 1]!
    key[2] = addresses[at + 2]!
    key[3] = addresses[at + 3]!
    key[4] = port | IPV6
  }
}

type Words = [number, number, number, number, number]

/** Beside the port: the words are an IPv6 address. */
const IPV6 = 1 << 16
