import { withoutSecrets } from '../remote/without-secrets.ts'
import type { QueueAddress } from './connection.ts'

const CONNECTION =
  /ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|Connection is closed|LOADING/

export interface ErrorNotices {
  (error: Error): void
  /** The connection is back. */
  over(): void
}

/** What goes wrong with a connection, in words: once when it breaks, once when it is back, not with every attempt. */
export function connectionNotices(
  { shown }: QueueAddress,
  onNotice: (text: string) => void,
): ErrorNotices {
  let isDown = false
  const notice = (error: Error) => {
    const what = withoutSecrets(error.message || String((error as NodeJS.ErrnoException).code))
    if (!CONNECTION.test(what)) return onNotice(`the queue at ${shown}: ${what}`)
    if (!isDown) onNotice(`the queue at ${shown} does not answer: ${what}; trying again`)
    isDown = true
  }
  const over = () => {
    if (isDown) onNotice(`the queue at ${shown} answers again`)
    isDown = false
  }
  return Object.assign(notice, { over })
}
