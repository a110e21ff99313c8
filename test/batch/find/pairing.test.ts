import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pairByNames } from '../../../src/batch/find/pair-names.ts'
import { matchPair, pairByPattern, readPairPattern } from '../../../src/batch/find/pair-pattern.ts'
import { SIDE_WORDS, sidedName } from '../../../src/batch/find/side-words.ts'
import { singleUnit } from '../../../src/batch/find/unit.ts'

const units = (...paths: string[]) =>
  paths.map((path) =>
    singleUnit({ path, place: ['base', ...path.split('/')], bytes: 1, changedMs: null }),
  )

const told = ({ pairs, alone }: ReturnType<typeof pairByNames>) => ({
  pairs: pairs.map(({ client, upstream }) => [client.files[0]!.path, upstream.files[0]!.path]),
  places: pairs.map(({ place }) => place.join('/')),
  alone: alone.map(({ unit }) => unit.files[0]!.path),
  why: alone.map(({ why }) => why),
})
const byName = (...paths: string[]) => told(pairByNames(units(...paths), ['base']))
const byPattern = (pattern: string, ...paths: string[]) =>
  told(pairByPattern(units(...paths), ['base'], readPairPattern(pattern)))

describe('the side in a name', () => {
  test.each([
    ['client', 'client', []],
    ['cart-client', 'client', ['cart']],
    ['cart_Upstream.7d9f', 'upstream', ['cart', '7d9f']],
    ['c2s', 'client', []],
    ['cart.s2c', 'upstream', ['cart']],
    ['server2', 'upstream', ['2']],
    ['src', 'client', []],
    ['downstream 10.0.0.1', 'client', ['10', '0', '0', '1']],
    // A word that is also the name of a service says nothing where a plain word stands beside it.
    ['frontend-upstream', 'upstream', ['frontend']],
    ['backend-client', 'client', ['backend']],
  ])('%s', (name, side, rest) => expect(sidedName(name)).toMatchObject({ side, rest }))

  test.each([
    ['clientele', 'only a part of a word'],
    ['cart', 'no word'],
    ['client-to-server', 'words of both sides'],
    ['localhost', 'only a part of a word'],
    ['src-dst', 'words of both sides'],
    ['', 'nothing'],
    ['client-'.repeat(200), 'no name that somebody gave'],
  ])('%s tells none: %s', (name) => expect(sidedName(name)).toBeNull())

  test('every word tells its own side', () => {
    for (const side of ['client', 'upstream'] as const)
      for (const word of SIDE_WORDS[side]) expect(sidedName(word)?.side, word).toBe(side)
  })
})

describe('pairs by name', () => {
  test('client and upstream of one folder', () => {
    expect(byName('case1/client.pcap', 'case1/upstream.pcapng.gz', 'case2/client.pcap')).toEqual({
      pairs: [['case1/client.pcap', 'case1/upstream.pcapng.gz']],
      places: ['case1'],
      alone: ['case2/client.pcap'],
      why: ['client by its name, with no upstream capture that fits'],
    })
  })

  test('the rest of the names must agree', () => {
    const { pairs, places, alone } = byName(
      'cart-client.pcap',
      'cart-server.pcap',
      'shop-client.pcap',
      'shop-server.pcap',
      'stock-client.pcap',
      'till-server.pcap',
    )
    expect(pairs).toEqual([
      ['cart-client.pcap', 'cart-server.pcap'],
      ['shop-client.pcap', 'shop-server.pcap'],
    ])
    expect(places).toEqual(['cart', 'shop'])
    expect(alone).toEqual(['stock-client.pcap', 'till-server.pcap'])
  })

  test('the word may stand anywhere, in any case', () => {
    expect(byName('Client_cart.pcap', 'cart.UPSTREAM.pcap').pairs).toHaveLength(1)
  })

  test('folders tell the sides, too', () => {
    const { pairs, places } = byName(
      'case1/client/x.pcap',
      'case1/client/y.pcap',
      'case1/upstream/x.pcap',
      'case1/upstream/y.pcap',
      'cart-src/eth0.pcap',
      'cart-dst/eth0.pcap',
    )
    expect(pairs).toEqual([
      ['case1/client/x.pcap', 'case1/upstream/x.pcap'],
      ['case1/client/y.pcap', 'case1/upstream/y.pcap'],
      ['cart-src/eth0.pcap', 'cart-dst/eth0.pcap'],
    ])
    expect(places).toEqual(['case1/x', 'case1/y', 'cart/eth0'])
  })

  test('folder and name may both tell the side', () => {
    expect(byName('client/cart-client.pcap', 'upstream/cart-upstream.pcap').pairs).toHaveLength(1)
  })

  test('a name counts for more than its folder', () => {
    expect(byName('server/client.pcap', 'server/upstream.pcap').pairs).toEqual([
      ['server/client.pcap', 'server/upstream.pcap'],
    ])
  })

  test('folders above the one that was named tell nothing', () => {
    const above = [
      { path: '/usr/local/x.pcap', place: ['usr', 'local', 'x.pcap'], bytes: 1, changedMs: null },
    ]
    const { alone } = pairByNames(above.map(singleUnit), ['usr', 'local'])
    expect(alone).toMatchObject([{ why: null }])
  })

  test('the only client and the only upstream of a folder are a pair, whatever else they are called', () => {
    const { pairs, places } = byName(
      'case/client-7d9f.pcap',
      'case/upstream-node3.pcap',
      'case/gateway.pcap',
    )
    expect(pairs).toEqual([['case/client-7d9f.pcap', 'case/upstream-node3.pcap']])
    expect(places).toEqual(['case'])
    expect(byName('case/client/a.pcap', 'case/upstream/b.pcap').pairs).toHaveLength(1)
  })

  test('names may differ in the time', () => {
    const { pairs, places } = byName(
      'cart-client-20261121100000.pcap',
      'cart-upstream-20261121100003.pcap',
      'shop-client-20261121100000.pcap',
      'shop-upstream-20261121100001.pcap',
    )
    expect(pairs).toHaveLength(2)
    expect(places).toEqual(['cart', 'shop'])
  })

  test('what fits several is not guessed', () => {
    const { pairs, alone, why } = byName('x/client.pcap', 'x/client.pcap.gz', 'x/upstream.pcap')
    expect(pairs).toEqual([])
    expect(alone).toHaveLength(3)
    expect(why[0]).toBe('2 client and 1 upstream captures fit one another equally by their names')
    // Two pods, one upstream: neither is the partner more than the other.
    expect(byName('client-1.pcap', 'client-2.pcap', 'upstream.pcap').pairs).toEqual([])
  })

  test('the last two of a folder are no pair because the others found theirs', () => {
    const paths = ['a-client.pcap', 'a-upstream.pcap', 'b-client.pcap', 'c-upstream.pcap']
    expect(byName(...paths).pairs).toEqual([['a-client.pcap', 'a-upstream.pcap']])
  })

  test('each capture is in one pair or alone, in whatever order they come', () => {
    const word = fc.constantFrom('client', 'upstream', 'server', 'cart', 'shop', '1', '2', 'src')
    const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('-'))
    const path = fc
      .tuple(fc.constantFrom('', 'client/', 'b/upstream/'), name)
      .map((p) => `${p.join('')}.pcap`)
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 12 }), (paths) => {
        const result = byName(...paths)
        expect([...result.pairs.flat(), ...result.alone].sort()).toEqual([...paths].sort())
        const turned = byName(...paths.toReversed())
        expect(turned.pairs.map(String).sort()).toEqual(result.pairs.map(String).sort())
      }),
    )
  })
})

describe('--pair PATTERN', () => {
  test('{id} and {side}', () => {
    const result = byPattern(
      '{id}/{side}.pcap',
      'n1/cart/client.pcap',
      'n1/cart/server.pcap',
      'n2/cart/client.pcap',
      'n1/cart/gateway.pcap',
    )
    expect(result).toEqual({
      pairs: [['n1/cart/client.pcap', 'n1/cart/server.pcap']],
      places: ['n1/cart'],
      alone: ['n1/cart/gateway.pcap', 'n2/cart/client.pcap'],
      why: [
        'not as --pair {id}/{side}.pcap describes',
        'no upstream capture fits it by --pair {id}/{side}.pcap',
      ],
    })
  })

  test('stars, question marks, more named parts, words of one’s own', () => {
    const result = byPattern(
      '{pod}_{side:left|right}_??_*.pcap.gz',
      'cart_left_01_eth0.pcap.gz',
      'cart_right_02_eth1.pcap.gz',
      'cart_client_01_eth0.pcap.gz',
    )
    expect(result.pairs).toEqual([['cart_left_01_eth0.pcap.gz', 'cart_right_02_eth1.pcap.gz']])
    expect(result.alone).toEqual(['cart_client_01_eth0.pcap.gz'])
  })

  test('all named parts must agree', () => {
    const { pairs } = byPattern('{a}-{side}-{b}.pcap', 'x-client-1.pcap', 'x-upstream-2.pcap')
    expect(pairs).toEqual([])
  })

  test('what fits several is not guessed', () => {
    const { pairs, why } = byPattern(
      '{id}-{side}-*.pcap',
      'x-client-1.pcap',
      'x-client-2.pcap',
      'x-server-1.pcap',
    )
    expect(pairs).toEqual([])
    expect(why[0]).toContain('2 client and 1 upstream captures fit')
  })

  test('dots and brackets of a pattern are themselves', () => {
    const pattern = readPairPattern('{id}.{side}[1].pcap')
    expect(matchPair(pattern, ['a.client[1].pcap'])).toEqual({ side: 'client', place: ['a'] })
    expect(matchPair(pattern, ['aXclient[1].pcap'])).toBeNull()
  })

  test.each([
    ['', 'empty'],
    ['{id}.pcap', '{side} is missing'],
    ['{side}/{side}.pcap', 'more than once'],
    ['{id}/{id}-{side}', '{id} is in it twice'],
    ['{a b}-{side}', 'no name'],
    ['{}-{side}', 'no name'],
    ['{side:a|b|c}', 'no name'],
    ['{id-{side}', 'stands alone'],
    ['**/{side}.pcap', '** is not needed'],
    ['{a}{b}-{side}', 'next to one another'],
    ['{a}*-{side}', 'next to one another'],
    [`${'{n}-'.replace('n', 'a')}{b}-{c}-{d}-{e}-{f}-{g}-{h}-{i}-{side}`, 'at most 8'],
  ])('%s is refused', (pattern, why) => {
    expect(() => readPairPattern(pattern)).toThrow(
      expect.objectContaining({ code: 'RSTSCOPE_USAGE', message: expect.stringContaining(why) }),
    )
  })

  test('names made to be slow are not', () => {
    const pattern = readPairPattern('{a}-{b}-{c}-{d}-{e}-{f}-{g}-{side}x')
    const started = performance.now()
    expect(matchPair(pattern, ['-'.repeat(255)])).toBeNull()
    expect(matchPair(pattern, ['a-'.repeat(127)])).toBeNull()
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
