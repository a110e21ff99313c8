import { linkTypeName } from './link-type-name.ts'

/** Records found in one window of a capture file, as columns that are filled again for each window. */
export class RecordColumns {
  readonly capacity: number
  count = 0
  /** Index in the window of each record's first captured byte. */
  readonly offsets: Uint32Array
  readonly capturedLengths: Uint32Array
  readonly originalLengths: Uint32Array
  /** Nanoseconds after `ContainerContext.baseNs`. */
  readonly times: Float64Array
  /** Index into `ContainerContext.interfaces`. */
  readonly interfaces: Uint16Array
  /** 0 unknown, 1 inbound, 2 outbound. */
  readonly directions: Uint8Array

  constructor(capacity: number) {
    this.capacity = capacity
    this.offsets = new Uint32Array(capacity)
    this.capturedLengths = new Uint32Array(capacity)
    this.originalLengths = new Uint32Array(capacity)
    this.times = new Float64Array(capacity)
    this.interfaces = new Uint16Array(capacity)
    this.directions = new Uint8Array(capacity)
  }
}

/** Reads records out of windows of one capture file. Pure: bytes are pushed in, and what is left over stays with the caller. */
export interface ContainerParser {
  /** How many bytes must be in view together before the parser can go on; 0 when only the columns were full. */
  readonly needed: number
  /** True after damage that cannot be read across: whatever follows is not read. */
  readonly stopped: boolean
  /**
   * Appends the complete records of `bytes[start … end)` to the columns and returns the index of the first byte not
   * consumed. `view` covers the same bytes.
   */
  parse(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    columns: RecordColumns,
  ): number
  /** Says that no more bytes will come, with this many left unconsumed. */
  finish(remaining: number): void
}

export interface ContainerInterface {
  /** The LINKTYPE_ number. */
  linkType: number
  linkTypeName: string
  snapLength: number
  name: string | null
  filter: string | null
}

export interface ContainerWarning {
  code: string
  message: string
  offset: number | null
}

/** More interfaces than any capture has; what a hostile file may make us hold is bounded by it. */
export const MAX_INTERFACES = 16_384

/** What the parsers of one capture, or of a rotated set read as one capture, share and add to. */
export class ContainerContext {
  readonly interfaces: ContainerInterface[] = []
  readonly warnings: ContainerWarning[] = []
  /** Nanoseconds since 1970 of the first record that has a time. */
  baseNs: bigint | null = null
  /** Packets that the capturing program says it lost; null until a file says anything about it. */
  droppedByCapture: number | null = null
  /** Put before each warning: tells the files of a rotated set apart. */
  warningPrefix = ''

  readonly #known = new Map<string, number>()
  readonly #repeated = new Map<string, { warning: ContainerWarning; count: number }>()

  /**
   * Index of this interface in the table, or -1 when the table is full. An equal interface at the same place of
   * another section or file is the same interface.
   */
  addInterface(
    place: number,
    linkType: number,
    snapLength: number,
    name: string | null,
    filter: string | null,
    typeName: string = linkTypeName(linkType),
  ): number {
    const key = JSON.stringify([place, linkType, snapLength, name, filter])
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.interfaces.length >= MAX_INTERFACES) return -1
    this.#known.set(key, this.interfaces.length)
    this.interfaces.push({ linkType, linkTypeName: typeName, snapLength, name, filter })
    return this.interfaces.length - 1
  }

  /** Counts packets that the capturing program lost. */
  addDropped(packets: number): void {
    this.droppedByCapture = Math.min(
      Number.MAX_SAFE_INTEGER,
      (this.droppedByCapture ?? 0) + packets,
    )
  }

  /** Keeps the first warning of each code in a file; further ones are only counted. */
  warn(code: string, message: string, offset: number | null): void {
    const before = this.#repeated.get(code)
    if (before) {
      before.count++
      return
    }
    const warning = { code, message: this.warningPrefix + message, offset }
    this.#repeated.set(code, { warning, count: 1 })
    this.warnings.push(warning)
  }

  /** Completes the warnings of a file with how often each occurred. */
  finishFile(): void {
    for (const { warning, count } of this.#repeated.values()) {
      if (count > 1) warning.message += ` (the first of ${count})`
    }
    this.#repeated.clear()
  }
}
