import { describe, expect, it } from 'vitest'
import { WalkerPool } from '../../src/connections/walker-pool.ts'

const bytes = new Uint8Array(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'latin1'))

describe('a pool of walkers', () => {
  it('gives a walker to one connection at a time', () => {
    const pool = new WalkerPool()
    const walkers = [pool.take(), pool.take(), pool.take()]
    expect(new Set(walkers).size).toBe(3)
    pool.give(walkers[1]!)
    expect(pool.take()).toBe(walkers[1])
    expect(walkers).not.toContain(pool.take())
  })

  it('gives out walkers that know nothing', () => {
    const pool = new WalkerPool()
    const walker = pool.take()
    walker.feed(0, bytes, 0, bytes.length, 1, 1)
    expect(walker.summary(0).http?.host).toBe('a')
    pool.give(walker)
    expect(pool.take().summary(0)).toEqual(new WalkerPool().take().summary(0))
  })
})
