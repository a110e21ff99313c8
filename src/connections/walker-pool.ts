import { ApplicationWalker } from '../../native-free-decoders/application/application-walker.ts'
import { Spares, WalkerParts } from '../../native-free-decoders/application/walker-parts.ts'

/**
 * Walkers that have followed a connection to its end, for those that begin: hardly anything is allocated for a new
 * connection, and nothing of an old one is left for the garbage collector.
 */
export class WalkerPool {
  private readonly parts = new WalkerParts()
  private readonly idle = new Spares(() => new ApplicationWalker(this.parts))

  /** A walker at the begin of a connection, which nobody else uses. */
  take(): ApplicationWalker {
    return this.idle.take()
  }

  /** Takes back a walker that nobody uses any more: each only once. */
  give(walker: ApplicationWalker): void {
    walker.begin()
    this.idle.give(walker)
  }
}
