import { joinBytes, type WrittenRecord } from './write-pcap.ts'

export interface WrittenInterface {
  linkType?: number
  snapLength?: number
  name?: string
  filter?: string
  /** The `if_tsresol` byte; microseconds when it is left out. */
  resolution?: number
  /** Seconds, `if_tsoffset`. */
  offset?: bigint
}

export interface PcapngOptions {
  bigEndian?: boolean
  interfaces?: readonly WrittenInterface[]
}

export type WrittenOption = [code: number, value: Uint8Array]

/** One section with its interfaces and an enhanced packet block for each record. */
export function writePcapng(
  records: readonly WrittenRecord[],
  options: PcapngOptions = {},
): Uint8Array {
  const blocks = new PcapngBlocks(options.bigEndian ?? false)
  const interfaces = options.interfaces ?? [{}]
  return joinBytes([
    blocks.section(),
    ...interfaces.map((one) => blocks.interface(one)),
    ...records.map((record) => {
      const on = interfaces[record.interface ?? 0] ?? {}
      return blocks.enhanced(record, ticksOf(record.time, on))
    }),
  ])
}

/** What an interface's clock shows at this time. */
export function ticksOf(time: bigint, on: WrittenInterface): bigint {
  const resolution = on.resolution ?? 6
  const exponent = BigInt(resolution & 0x7f)
  const perSecond = resolution & 0x80 ? 2n ** exponent : 10n ** exponent
  return ((time - (on.offset ?? 0n) * 1_000_000_000n) * perSecond) / 1_000_000_000n
}

/** Writes the blocks of one section. */
export class PcapngBlocks {
  readonly #little: boolean

  constructor(bigEndian = false) {
    this.#little = !bigEndian
  }

  section(options: readonly WrittenOption[] = []): Uint8Array {
    const body = this.fields([4, 0x1a2b3c4d], [2, 1], [2, 0], [4, 0xffffffff], [4, 0xffffffff])
    return this.block(0x0a0d0d0a, body, options)
  }

  interface(on: WrittenInterface = {}): Uint8Array {
    const options: WrittenOption[] = []
    if (on.name !== undefined) options.push([2, text(on.name)])
    if (on.resolution !== undefined) options.push([9, Uint8Array.of(on.resolution)])
    if (on.filter !== undefined) options.push([11, text(`\0${on.filter}`)])
    if (on.offset !== undefined) options.push([14, this.number64(on.offset)])
    const body = this.fields([2, on.linkType ?? 1], [2, 0], [4, on.snapLength ?? 262144])
    return this.block(1, body, options)
  }

  enhanced(
    record: WrittenRecord,
    ticks: bigint,
    options: readonly WrittenOption[] = [],
  ): Uint8Array {
    const body = this.fields(
      [4, record.interface ?? 0],
      [4, Number(ticks >> 32n)],
      [4, Number(ticks & 0xffffffffn)],
      [4, record.bytes.length],
      [4, record.originalLength ?? record.bytes.length],
    )
    return this.block(6, joinBytes([body, padded(record.bytes)]), options)
  }

  /** The obsolete packet block. */
  obsolete(record: WrittenRecord, ticks: bigint, drops: number): Uint8Array {
    const body = this.fields(
      [2, record.interface ?? 0],
      [2, drops],
      [4, Number(ticks >> 32n)],
      [4, Number(ticks & 0xffffffffn)],
      [4, record.bytes.length],
      [4, record.originalLength ?? record.bytes.length],
    )
    return this.block(2, joinBytes([body, padded(record.bytes)]))
  }

  simple(bytes: Uint8Array, originalLength = bytes.length): Uint8Array {
    return this.block(3, joinBytes([this.fields([4, originalLength]), padded(bytes)]))
  }

  statistics(on: number, options: readonly WrittenOption[]): Uint8Array {
    return this.block(5, this.fields([4, on], [4, 0], [4, 0]), options)
  }

  block(type: number, body: Uint8Array, options: readonly WrittenOption[] = []): Uint8Array {
    const parts = [padded(body)]
    for (const [code, value] of options) {
      parts.push(this.fields([2, code], [2, value.length]), padded(value))
    }
    if (options.length > 0) parts.push(this.fields([2, 0], [2, 0]))
    const inner = joinBytes(parts)
    const length = inner.length + 12
    return joinBytes([this.fields([4, type], [4, length]), inner, this.fields([4, length])])
  }

  number32(value: number): Uint8Array {
    return this.fields([4, value])
  }

  number64(value: bigint): Uint8Array {
    const view = new DataView(new ArrayBuffer(8))
    view.setBigInt64(0, value, this.#little)
    return new Uint8Array(view.buffer)
  }

  fields(...fields: ReadonlyArray<[size: 2 | 4, value: number]>): Uint8Array {
    const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)))
    let at = 0
    for (const [size, value] of fields) {
      if (size === 2) view.setUint16(at, value, this.#little)
      else view.setUint32(at, value, this.#little)
      at += size
    }
    return new Uint8Array(view.buffer)
  }
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

function padded(bytes: Uint8Array): Uint8Array {
  return joinBytes([bytes, new Uint8Array(-bytes.length & 3)])
}
