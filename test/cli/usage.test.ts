import { expect, test } from 'vitest'
import { runFake } from './fake-host.ts'

const WRONG: [argv: string, what: RegExp, hint: RegExp][] = [
  ['compar a b', /unknown command 'compar'/, /rstscope compare$/],
  ['explian RS241', /unknown command 'explian'/, /rstscope explain$/],
  ['explain RS241 --json', /unknown option '--json'/, /rstscope explain --help/],
  ['frobnicate', /unknown command 'frobnicate'/, /--help/],
  ['compare --clint a b', /unknown option '--clint'/, /--client/],
  ['--frob', /unknown option '--frob'/, /--help/],
  ['compare a', /compare takes two captures, 1 given/, /CLIENT UPSTREAM/],
  ['compare a b c', /compare takes two captures, 3 given/, /CLIENT UPSTREAM/],
  ['analyze', /analyze takes a capture/, /rstscope analyze CAPTURE/],
  ['compare --client a', /--client is given without --upstream/, /CLIENT/],
  ['compare --upstream a', /--upstream is given without --client/, /CLIENT/],
  ['compare x --client=a --upstream=b', /x is given beside/, /CLIENT/],
  ['compare --client a --client b --upstream c', /--client is given 2 times/, /rotated/],
  ['compare a b --via c', /--via is given without --client/, /CLIENT/],
  ['compare a b --port 0', /--port/, /--help/],
  ['compare a b --port 65536', /--port/, /--help/],
  ['compare a b --port http', /--port/, /--help/],
  ['compare a b --port', /--port <N>' argument missing/, /--help/],
  ['compare a b --host example.com', /--host.*address/, /--help/],
  ['compare a b --since yesterday', /--since/, /--help/],
  ['compare a b --since 2026-02-30T00:00:00Z', /--since/, /--help/],
  [
    'compare a b --since 2026-06-28T15:00:00Z --until 2026-06-28T14:00:00Z',
    /--since is later than --until/,
    /exchange/,
  ],
  ['compare a b --connection 0', /--connection/, /--help/],
  ['compare a b --server 10.0.0.1', /--server/, /--help/],
  ['compare a b --server 2001:db8::1:443', /--server/, /--help/],
  ['compare a b --at middle', /--at.*client, upstream/, /--help/],
  ['compare a b --clock-offset soon', /--clock-offset/, /--help/],
  ['compare a b --jobs 1.5', /--jobs/, /--help/],
  ['compare a b --max-memory lots', /--max-memory/, /--help/],
  ['compare a b --reader tshark', /--reader/, /--help/],
  ['compare a b --format yaml', /--format.*text, markdown/, /--help/],
  ['compare a b --json --format ndjson', /--json and --format ndjson/, /leave/],
  ['compare a b --fail-on fatal', /--fail-on/, /--help/],
  ['compare a b --color red', /--color/, /--help/],
  ['compare a b --width 40', /--width/, /--help/],
  ['compare a b --time gmt', /--time/, /--help/],
  ['compare a b --progress bar', /--progress/, /--help/],
  ['compare a b --out report.yaml', /report\.yaml.*extension/, /\.json/],
  ['compare a b --out no/such/folder/x.json', /cannot write .*ENOENT/, /folder/],
  ['compare - -', /standard input/, /file/],
]

test.each(WRONG)('%s is a usage error that says what to do', async (argv, what, hint) => {
  const { code, out, err, asked } = await runFake(argv.split(' '))
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(asked).toEqual([])
  const [first, second, ...rest] = err.split('\n')
  expect(first).toMatch(/^rstscope: /)
  expect(first).toMatch(what)
  expect(second).toMatch(/^ {2}try: /)
  expect(second).toMatch(hint)
  expect(rest).toEqual([''])
})

test('- on a terminal does not wait for typing', async () => {
  const { code, err } = await runFake(['analyze', '-'], { isTerminal: true })
  expect(code).toBe(2)
  expect(err).toContain('nothing is piped in')
})

test('captures without a command get the command that was meant', async () => {
  const { code, err } = await runFake(['package.json', 'tsconfig.json'])
  expect(code).toBe(2)
  expect(err).toContain('try: rstscope compare package.json tsconfig.json')
})

test('a bad environment variable is named', async () => {
  const { code, err } = await runFake(['compare', 'a', 'b'], { env: { RSTSCOPE_JOBS: 'many' } })
  expect(code).toBe(2)
  expect(err).toContain("$RSTSCOPE_JOBS is 'many'")
})

test('the flags reach the engine in its own terms', async () => {
  const { asked } = await runFake([
    ...'compare --client c1 c2 --upstream u1 --host [2001:db8::1] --port 8443 --connection 7'.split(
      ' ',
    ),
    ...'--since 2026-06-28T15:11:44Z --until 2026-06-28T17:11:44+02:00 --at upstream'.split(' '),
    ...'--server [2001:db8::2]:443 --clock-offset -2h --jobs 3 --max-memory 1.5G'.split(' '),
    ...'--reader pcap-parser'.split(' '),
  ])
  expect(asked).toHaveLength(1)
  const { inputs, options } = asked[0]!
  expect(inputs).toEqual({ client: ['c1', 'c2'], upstream: ['u1'] })
  const { signal, onProgress, ...rest } = options
  expect(signal).toBeInstanceOf(AbortSignal)
  expect(onProgress).toBeTypeOf('function')
  expect(rest).toEqual({
    selection: {
      host: '2001:db8::1',
      port: 8443,
      connection: 7,
      since: '2026-06-28T15:11:44Z',
      until: '2026-06-28T17:11:44+02:00',
    },
    at: 'upstream',
    server: { host: '2001:db8::2', port: 443 },
    clockOffsetSeconds: -7200,
    jobs: 3,
    maxMemory: 1.5 * 2 ** 30,
    reader: 'pcap-parser',
    hash: false,
  })
})

test('the two positionals are shorthand for one client and one upstream', async () => {
  const { asked } = await runFake(['compare', 'c.pcap', '-'])
  expect(asked[0]!.inputs).toEqual({ client: ['c.pcap'], upstream: ['-'] })
})

test('captures between and replicas are told apart from the files of a rotated set', async () => {
  const words = '--client c1 c2 --via g1 g2 --upstream u1 --via h1 --upstream=v1 --upstream w1 w2'
  const { asked } = await runFake(['compare', ...words.split(' ')])
  expect(asked[0]!.inputs).toEqual({
    client: ['c1', 'c2'],
    via: [['g1', 'g2'], ['h1']],
    upstream: ['u1'],
    replicas: [['v1'], ['w1', 'w2']],
  })
})

test('an option that is absent is not passed on, and RSTSCOPE_JOBS stands in for --jobs', async () => {
  const { asked } = await runFake(['analyze', 'a'], { env: { RSTSCOPE_JOBS: '4' } })
  expect(asked[0]!.inputs).toEqual(['a'])
  expect(Object.keys(asked[0]!.options).sort()).toEqual([
    'hash',
    'jobs',
    'onProgress',
    'reader',
    'selection',
    'signal',
  ])
  expect(asked[0]!.options.jobs).toBe(4)
})

test('a file name cannot steer the terminal', async () => {
  const { err } = await runFake(['compare', 'a', 'b', '--out', '\x1b]0;owned\x07.yaml'])
  expect(err).toContain('\\x1b]0;owned\\x07.yaml')
  expect(err).not.toContain('\x1b')
})
