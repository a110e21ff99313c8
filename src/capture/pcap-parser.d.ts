/** The part of npm `pcap-parser` 0.2.1 that is used here; the package brings no types. */
declare module 'pcap-parser' {
  import type { EventEmitter } from 'node:events'

  export interface GlobalHeader {
    snapshotLength: number
    linkLayerType: number
  }

  export interface PacketHeader {
    timestampSeconds: number
    timestampMicroseconds: number
    capturedLength: number
    originalLength: number
  }

  export interface Parser extends EventEmitter {
    on(event: 'globalHeader', listener: (header: GlobalHeader) => void): this
    on(event: 'packetHeader', listener: (header: PacketHeader) => void): this
    on(event: 'packetData', listener: (data: Buffer) => void): this
    on(event: 'error', listener: (error: Error) => void): this
  }

  /** Something that emits `data`, `error` and `end`. */
  export interface ByteEmitter extends EventEmitter {
    pause(): unknown
    resume(): unknown
  }

  const pcapParser: { parse(input: ByteEmitter): Parser }
  export default pcapParser
}
