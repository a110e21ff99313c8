import { HeldBytes } from './held-bytes.ts'
import { Http1Exchange } from './http1-exchange.ts'
import { LINE_LIMIT } from './http1-messages.ts'
import { TlsHandshakeMessages } from './tls-handshake-messages.ts'
import { TlsSession } from './tls-session.ts'

/** More are not given back at about the same time. */
const MOST_IDLE = 1024

/**
 * Objects of one kind that nobody uses. Who takes one begins it, new or used: `begin()` sets every field, so that
 * nothing is left of whom it served before.
 */
export class Spares<T extends object> {
  private readonly idle: T[] = []
  private readonly make: () => T

  constructor(make: () => T) {
    this.make = make
  }

  take(): T {
    return this.idle.pop() ?? this.make()
  }

  /** Takes back what nobody uses any more: each only once. */
  give(part: T): void {
    if (this.idle.length < MOST_IDLE) this.idle.push(part)
  }
}

/** What walkers are made of, as long as none needs it; the walkers of one thread may share it. */
export class WalkerParts {
  readonly sessions = new Spares(() => new TlsSession(this))
  readonly messages = new Spares(() => new TlsHandshakeMessages())
  readonly exchanges = new Spares(() => new Http1Exchange(this))
  readonly lines = new Spares(() => new HeldBytes(LINE_LIMIT))
}
