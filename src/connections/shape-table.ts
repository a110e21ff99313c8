import { mix } from './connection-table.ts'
import { grown } from './segment-log.ts'

/** Shapes by number: equal numbers, equal shape. Exact: nothing is left to a digest. */
export class ShapeTable {
  /** Numbers of all shapes, one behind the other, and where each begins. */
  private numbers = new Uint32Array(1024)
  private starts: number[] = [0]
  private slots = new Int32Array(256).fill(-1)

  get count(): number {
    return this.starts.length - 1
  }

  /** The shape with these numbers. */
  intern(numbers: Uint32Array, count: number): number {
    let hash = count
    for (let i = 0; i < count; i++) hash = Math.imul(hash ^ numbers[i]!, 0x9e3779b1) ^ (hash >>> 15)
    hash = mix(hash, count, 0, 0)
    const mask = this.slots.length - 1
    let slot = hash & mask
    for (;;) {
      const shape = this.slots[slot]!
      if (shape < 0) break
      if (this.isEqual(shape, numbers, count)) return shape
      slot = (slot + 1) & mask
    }
    return this.add(numbers, count, slot)
  }

  /** The numbers of every shape, in order. */
  list(): Uint32Array[] {
    return Array.from({ length: this.count }, (_, shape) => this.numbersOf(shape).slice())
  }

  /** The numbers of a shape. */
  numbersOf(shape: number): Uint32Array {
    return this.numbers.subarray(this.starts[shape]!, this.starts[shape + 1]!)
  }

  private isEqual(shape: number, numbers: Uint32Array, count: number): boolean {
    const start = this.starts[shape]!
    if (this.starts[shape + 1]! - start !== count) return false
    for (let i = 0; i < count; i++) if (this.numbers[start + i] !== numbers[i]) return false
    return true
  }

  private add(numbers: Uint32Array, count: number, slot: number): number {
    const shape = this.count
    const start = this.starts[shape]!
    while (start + count > this.numbers.length) {
      this.numbers = grown(this.numbers, new Uint32Array(this.numbers.length * 2))
    }
    for (let i = 0; i < count; i++) this.numbers[start + i] = numbers[i]!
    this.starts.push(start + count)
    this.slots[slot] = shape
    if (this.count * 2 > this.slots.length) this.rehash()
    return shape
  }

  private rehash(): void {
    const all = this.list()
    this.slots = new Int32Array(this.slots.length * 2).fill(-1)
    this.starts = [0]
    for (const numbers of all) this.intern(numbers, numbers.length)
  }
}
