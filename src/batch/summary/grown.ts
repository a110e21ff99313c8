/** The array, or a copy of twice its length where it is full. */
export function grown<T extends Int32Array | Float64Array>(array: T, count: number): T {
  if (count < array.length) return array
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2)
  larger.set(array as never)
  return larger
}
