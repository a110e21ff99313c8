import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** A Redis of this benchmark alone, with every write on disk once a second, as deploy/redis.yaml has it. */
export async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'rstscope-bench-redis-'))
  const port = await freePort()
  const settings = { bind: '127.0.0.1', port, dir: folder, save: '', appendonly: 'yes' }
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`])
  const server = spawn('redis-server', words, { stdio: 'ignore' })
  const failed = new Promise((_, reject) => server.once('error', reject))
  await Promise.race([setTimeout(500), failed])
  return {
    url: `redis://127.0.0.1:${port}`,
    stop() {
      server.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
