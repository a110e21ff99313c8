import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** How each tool tells its version. */
const TOOLS = {
  capinfos: ['--version', /\(Wireshark\) (\S+)/],
  tcptrace: ['-v', /version (\S+)/],
  tshark: ['--version', /\(Wireshark\) (\S+)/],
  tcpdump: ['--version', /tcpdump version (\S+)/],
  gzip: ['--version', /gzip (\S+)/],
  zstd: ['--version', /v(\d\S*),/],
  lz4: ['--version', /v(\d\S*),/],
}

/** Versions of the installed tools, null for those that are missing. */
export function findTools() {
  return Object.fromEntries(
    Object.entries(TOOLS).map(([name, [flag, pattern]]) => {
      const { error, stdout, stderr } = spawnSync(name, [flag], { encoding: 'utf8' })
      if (error !== undefined) return [name, null]
      return [name, (stdout + stderr).match(pattern)?.[1] ?? 'unknown version']
    }),
  )
}

/** What a result must say about where it was measured; nothing that names the machine. */
export function environment(now = new Date()) {
  const [cpu] = cpus()
  return {
    date: now.toISOString().slice(0, 10),
    cpu: cpu.model.trim(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    version: JSON.parse(readFileSync(`${root}package.json`, 'utf8')).version,
    commit: commit(),
  }
}

/** The name under which results of one day and kind of machine are kept, without its extension. */
export function resultName({ date, cpu, node }) {
  const model = cpu
    .replace(/\((?:r|tm)\)/gi, '')
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^-|-$/g, '')
  return `${date}-${model}-node${node.slice(1)}`
}

/** The commit that is measured, with a plus sign where files were changed since; null outside a checkout. */
function commit() {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' })
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'native-free-decoders').length > 0
    return git('rev-parse', '--short', 'HEAD').trim() + (changed ? '+' : '')
  } catch {
    // An unpacked archive has no history.
    return null
  }
}
