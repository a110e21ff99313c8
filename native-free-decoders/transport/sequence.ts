/**
 * TCP sequence numbers live on a circle of 2³² (RFC 9293 §3.4). The only place that compares them.
 *
 *   delta(a, b) > 0   b is after a
 *   delta(a, b) = 0   the same
 *   delta(a, b) < 0   b is before a
 */
export function delta(a: number, b: number): number {
  return (b - a) | 0
}

export function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0
}

export function isAfter(a: number, b: number): boolean {
  return ((a - b) | 0) > 0
}

/** `seq` advanced by `bytes`, wrapped. */
export function advance(seq: number, bytes: number): number {
  return (seq + bytes) >>> 0
}

/** The later of two sequence numbers. */
export function later(a: number, b: number): number {
  return ((a - b) | 0) > 0 ? a : b
}
