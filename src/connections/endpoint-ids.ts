import { ipv4Text, ipv6Text } from '../../native-free-decoders/network/address-text.ts'
import type { EndpointTable } from '../model/connection-set.ts'
import { WordTable } from './word-table.ts'

/** IPv4 endpoints that were asked for last, a power of two: a capture names a few of them again and again. */
const RECENT = 1 << 10

/** The ids of endpoints by their addresses' words. */
export class EndpointIds implements EndpointTable {
  private readonly table = new WordTable(5)
  /** Address, port and id (+ 1; 0 for none) of each recent one. */
  private readonly recent = new Uint32Array(RECENT * 3)

  get count(): number {
    return this.table.count
  }

  intern(addresses: Uint32Array | null, address: number, port: number): number {
    const { recent } = this
    const at = placeOf(address, port)
    const isRecent = addresses === null && recent[at] === address && recent[at + 1] === port
    if (isRecent && recent[at + 2] !== 0) return recent[at + 2]! - 1
    this.ask(addresses, address, port)
    const id = this.table.intern()
    return addresses === null ? this.remember(at, address, port, id) : id
  }

  find(addresses: Uint32Array | null, address: number, port: number): number {
    const { recent } = this
    const at = placeOf(address, port)
    const isRecent = addresses === null && recent[at] === address && recent[at + 1] === port
    if (isRecent && recent[at + 2] !== 0) return recent[at + 2]! - 1
    this.ask(addresses, address, port)
    const id = this.table.find()
    return id < 0 || addresses !== null ? id : this.remember(at, address, port, id)
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

  private remember(at: number, address: number, port: number, id: number): number {
    this.recent[at] = address
    this.recent[at + 1] = port
    this.recent[at + 2] = id + 1
    return id
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

function placeOf(address: number, port: number): number {
  const hash = Math.imul(address ^ (port << 16), 0x9e3779b1)
  return ((hash ^ (hash >>> 15)) & (RECENT - 1)) * 3
}

type Words = [number, number, number, number, number]

/** Beside the port: the words are an IPv6 address. */
const IPV6 = 1 << 16
