import type { RoleReason } from '../model/connection.ts'
import * as L from './layout.ts'

/** Reasons for who is the client, strongest first; records hold the index. */
export const ROLE_REASONS: readonly RoleReason[] = [
  'syn',
  'syn-ack',
  'application',
  'server-option',
  'several-peers',
  'tap-direction',
  'first-packet',
]

export const ROLE_SYN = 0
export const ROLE_SYN_ACK = 1
export const ROLE_APPLICATION = 2
export const ROLE_SERVER_OPTION = 3
export const ROLE_SEVERAL_PEERS = 4
export const ROLE_TAP_DIRECTION = 5
export const ROLE_FIRST_PACKET = 6

/**
 * Which direction of a connection is the client's, by what the connection itself shows (VERDICTS §1): the sender
 * of the SYN, the receiver of a SYN-ACK, the sender of a ClientHello or request; else the first packet's sender.
 * Returns reason × 2 + direction.
 */
export function roleOf(words: Uint32Array, base: number, application: -1 | 0 | 1): number {
  const a = words[base + L.DIRECTION + L.D_BITS]!
  const b = words[base + L.DIRECTION + L.DIRECTION_WORDS + L.D_BITS]!
  if ((a & L.DB_SYN) !== 0) return ROLE_SYN * 2
  if ((b & L.DB_SYN) !== 0) return ROLE_SYN * 2 + 1
  if ((a & L.DB_SYN_ACK) !== 0) return ROLE_SYN_ACK * 2 + 1
  if ((b & L.DB_SYN_ACK) !== 0) return ROLE_SYN_ACK * 2
  if (application >= 0) return ROLE_APPLICATION * 2 + application
  return ROLE_FIRST_PACKET * 2
}
