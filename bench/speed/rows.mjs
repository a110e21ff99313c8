import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { captureFiles, compressed, FORMATS } from '../measure/capture-files.mjs'

const MAIN = join(fileURLToPath(new URL('../..', import.meta.url)), 'dist', 'cli', 'main.js')
const NODE_ALONE = [process.execPath, '-e', '0']
const MB = 1e6

/** What users would run instead, on one file. */
const PEERS = {
  capinfos: (path) => ['capinfos', '-c', path],
  tcptrace: (path) => ['tcptrace', '-n', '-b', path],
  tshark: (path) => ['tshark', '-q', '-z', 'conv,tcp', '-r', path],
  tcpdump: (path) => ['tcpdump', '-nn', '-r', path, 'tcp[tcpflags] & tcp-rst != 0'],
}

/** Most that our wall time may be of the peer's: "2 times faster" is 1/2. tcpdump is there to look at. */
const REACH = {
  big: { capinfos: 1.5, tcptrace: 1 / 2, tshark: 1 / 30 },
  small: { capinfos: 1, tcptrace: 1 / 10, tshark: 1 / 40 },
  syn: { capinfos: 1.5, tcptrace: 1 / 15, tshark: 1 / 25 },
}
const PEAK = { big: 150 * MB, small: 300 * MB, syn: 600 * MB }
const COMPARE_REACH = 1.2
const COMPARE_PEAK = 1500 * MB
const COMPRESSED_REACH = 1.2
/** A capture of `small` with so many connections has 100 kB. */
const TINY_SCALE = 46 / 500_000

export const PEER_NAMES = Object.keys(PEERS)
export const GROUPS = ['start', 'peers', 'compare', 'jobs', 'compressed']

const analyze = (path, ...flags) => ours('analyze', path, ...flags)

function ours(...args) {
  return [process.execPath, MAIN, ...args, '--progress', 'none']
}

/**
 * One comparison: A is ours, B what it is held against.
 * @typedef {object} Row
 * @property {string} id        group and what is compared, stable: "peers/big/capinfos"
 * @property {string} a         what A is, in words
 * @property {string} b         what B is, in words
 * @property {number | null} reach  most that A's wall time may be of B's; null: only to look at
 * @property {number | null} peak   most that A may hold, in bytes
 * @property {string | null} needs  the tool without which it is skipped
 * @property {boolean} isShort  a process of milliseconds: cheap to repeat, and needs it
 * @property {() => Promise<[string[], string[]]>} commands  makes the files that are needed; A's command and B's
 */

/** All comparisons that a selection asks for, in the order of running. @returns {Row[]} */
export function rows({ groups, kinds, peers, scale, seed, dir }) {
  const files = (kind, at = scale) => captureFiles(kind, { dir, scale: at, seed })
  const makers = {
    start: () => startRows(files),
    peers: () => kinds.flatMap((kind) => peers.map((peer) => peerRow(kind, peer, files))),
    compare: () => kinds.map((kind) => compareRow(kind, files)),
    jobs: () => kinds.map((kind) => jobsRow(kind, files)),
    compressed: () =>
      kinds.flatMap((kind) => Object.keys(FORMATS).map((format) => packedRow(kind, format, files))),
  }
  return GROUPS.filter((group) => groups.includes(group)).flatMap((group) => makers[group]())
}

const NOTHING_SPECIAL = { reach: null, peak: null, needs: null, isShort: false }

function startRows(files) {
  const row = (what, reach, commands) => ({
    ...NOTHING_SPECIAL,
    id: `start/${what}`,
    a: what === 'compare' ? 'compare of two captures of 100 kB' : `--${what}`,
    b: 'node -e 0',
    reach,
    isShort: true,
    commands,
  })
  const flag = (name) => async () => [[process.execPath, MAIN, name], NODE_ALONE]
  return [
    row('version', 1.6, flag('--version')),
    row('help', 1.6, flag('--help')),
    row('compare', 2.5, async () => {
      const { client, upstream } = await files('small', TINY_SCALE)
      return [ours('compare', client.path, upstream.path), NODE_ALONE]
    }),
  ]
}

function peerRow(kind, peer, files) {
  return {
    ...NOTHING_SPECIAL,
    id: `peers/${kind}/${peer}`,
    a: 'analyze',
    b: PEERS[peer]('FILE').join(' '),
    reach: REACH[kind][peer] ?? null,
    peak: PEAK[kind],
    needs: peer,
    async commands() {
      const { path } = (await files(kind)).client
      return [analyze(path), PEERS[peer](path)]
    },
  }
}

function compareRow(kind, files) {
  return {
    ...NOTHING_SPECIAL,
    id: `compare/${kind}`,
    a: 'compare of both taps',
    b: 'analyze of the larger',
    reach: COMPARE_REACH,
    peak: COMPARE_PEAK,
    async commands() {
      const { client, upstream } = await files(kind)
      const larger = client.bytes >= upstream.bytes ? client : upstream
      return [ours('compare', client.path, upstream.path), analyze(larger.path)]
    },
  }
}

function jobsRow(kind, files) {
  return {
    ...NOTHING_SPECIAL,
    id: `jobs/${kind}`,
    a: 'analyze --jobs 2',
    b: 'analyze --jobs 1',
    async commands() {
      const { path } = (await files(kind)).client
      return [analyze(path, '--jobs', '2'), analyze(path, '--jobs', '1')]
    },
  }
}

function packedRow(kind, format, files) {
  const { extension, unpack } = FORMATS[format]
  return {
    ...NOTHING_SPECIAL,
    id: `compressed/${kind}/${format}`,
    a: `analyze of ${extension}`,
    b: [...unpack, 'FILE'].join(' '),
    reach: COMPRESSED_REACH,
    needs: format,
    async commands() {
      const packed = await compressed((await files(kind)).client.path, format)
      return [analyze(packed), [...unpack, packed]]
    },
  }
}
