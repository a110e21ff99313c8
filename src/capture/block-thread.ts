import { Worker } from 'node:worker_threads'
import { RstscopeError } from '../errors.ts'

/**
 * A worker thread that is fed with blocks of bytes. Messages of either direction are queued; those of the worker are
 * asked for one by one. Blocks are transferred, not copied, and come back to be filled again.
 */
export class BlockThread<ToThread, FromThread> {
  readonly #worker: Worker
  readonly #arrived: FromThread[] = []
  #failure: Error | null = null
  #wake: () => void = () => {}

  /** `file` stands beside this one in the build. */
  constructor(file: string, workerData: unknown = null) {
    this.#worker = new Worker(new URL(`${BUILT_FOLDER}${file}`, import.meta.url), { workerData })
    this.#worker.on('message', (message: FromThread) => {
      this.#arrived.push(message)
      this.#wake()
    })
    this.#worker.on('error', (error) => this.#fail(error))
    this.#worker.on('exit', (code) =>
      this.#fail(
        new RstscopeError('RSTSCOPE_INTERNAL', `a worker thread ended early (exit ${code})`),
      ),
    )
  }

  post(message: ToThread, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer)
  }

  /** The next message of the worker. Rejects when it has failed or ended; one caller may wait at a time. */
  async next(): Promise<FromThread> {
    for (;;) {
      const message = this.#arrived.shift()
      if (message !== undefined) return message
      if (this.#failure !== null) throw this.#failure
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    void this.#worker.terminate()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#wake()
  }
}

// Tests run the TypeScript sources, which a worker of Node 20 cannot load: they use the built worker.
const BUILT_FOLDER = import.meta.url.endsWith('.ts') ? '../../dist/src/capture/' : './'
