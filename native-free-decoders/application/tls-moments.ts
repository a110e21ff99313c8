import { Moments } from './moments.ts'

/** The moments of a TLS session that its summary may name. */
export const CLIENT_HELLO_AT = 0
export const SERVER_HELLO_AT = 1
/** The client's last flight of TLS 1.3, and a large record that may be all of it. */
export const FLIGHT_AT = 2
export const LARGE_RECORD_AT = 3
/** By direction: up to TLS 1.2, its Finished: the encrypted handshake record after ChangeCipherSpec. */
export const FINISHED_AT = 4
/** By direction: its first application-data record that is in use of the session. */
export const IN_USE_AT = 6
/** By direction: its last completed record. */
export const LAST_RECORD_AT = 8

export function tlsMoments(): Moments {
  return new Moments(LAST_RECORD_AT + 2)
}
