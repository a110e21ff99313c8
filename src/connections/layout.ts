/**
 * Where each field of a connection record stands: one stride of 32-bit words and one of doubles per connection,
 * in two presized buffers, so that a connection is a few cache lines and no object.
 */

/** Words per connection. */
export const WORDS = 64
/** Doubles per connection. */
export const DOUBLES = 10

/** Address of endpoint A (sender of the first packet): the IPv4 address, or an index into the IPv6 table. */
export const ADDRESS_A = 0
export const ADDRESS_B = 1
/** Port of A in the high half, of B in the low half. */
export const PORTS = 2
/** See BIT_ constants. */
export const BITS = 3
export const FIRST_FRAME = 4
export const LAST_FRAME = 5
/** The previous connection of the same 4-tuple, +1; 0 for none. */
export const OLDER = 6
/** Kept segments: first row, last row that stays for good, last row (all +1; 0 for none). */
export const ROW_FIRST = 7
export const ROW_KEPT = 8
export const ROW_LAST = 9
/** Rows kept for good, and rows in the sliding tail. */
export const KEPT_COUNT = 10
export const TAIL_COUNT = 11
/** History letters, one byte each, and how many. */
export const HISTORY_LENGTH = 12
export const HISTORY = 13
export const HISTORY_BYTES = 28
/** Tunnel kind in the low byte, VNI above. */
export const TUNNEL = 20

/** Per-direction words: A's block begins here, B's follows. */
export const DIRECTION = 22
export const DIRECTION_WORDS = 21

export const D_BITS = 0
export const D_ISN = 1
/** SND.NXT: one past the highest sequence number seen. */
export const D_NEXT = 2
/** Highest acknowledgement number sent. */
export const D_ACKED = 3
export const D_PACKETS = 4
export const D_UNSEEN_BYTES = 5
export const D_UNSEEN_SEGMENTS = 6
export const D_RETRANSMISSIONS = 7
export const D_ZERO_WINDOWS = 8
/** Last window as sent. */
export const D_WINDOW = 9
/** Lowest, highest and last TTL of segments without RST, a byte each. */
export const D_TTL = 10
/** MSS in the high half, largest payload (clamped to 65535) in the low half. */
export const D_SIZES = 11
export const D_FIN = 12
export const D_RESETS = 13
export const D_UNFILLED = 14
export const D_LAST_PAYLOAD_FRAME = 15
/** Next byte that the stream walkers expect. */
export const D_EXPECTED = 16
/** Bit mask of history letters already written. */
export const D_HISTORY = 17
/** Lowest sequence number seen (of the first segments), for mid-stream connections. */
export const D_FIRST_SEQ = 18
/** Last TSval. */
export const D_TSVAL = 19
export const D_LAST_IPID = 20

/** Doubles: all times are ns after the capture's base. */
export const T_FIRST = 0
export const T_LAST = 1
/** Per direction: A's block at 2, B's at 6. */
export const T_DIRECTION = 2
export const T_DIRECTION_DOUBLES = 4
export const T_BYTES = 0
export const T_FIRST_PAYLOAD = 1
export const T_LAST_PAYLOAD = 2
/** Of the last segment without RST. */
export const T_LAST_LIVE = 3

export const BIT_IPV6 = 1
/** Endpoint A is the higher one of the canonical key order. */
export const BIT_A_IS_HIGH = 2
/** No SYN was seen. */
export const BIT_MIDSTREAM = 4
export const BIT_RESET = 8

export const DB_SEEN = 1
export const DB_ISN = 2
export const DB_ACKED = 4
export const DB_FIN = 8
/** The ISN came from a SYN without ACK. */
export const DB_SYN = 16
export const DB_SYN_ACK = 32
/** EXPECTED is valid. */
export const DB_EXPECTED = 64
/** Out-of-order payload is held. */
export const DB_HOLDING = 128
/** Window scale + 1 in bits 8–11. */
export const DB_SCALE_SHIFT = 8
export const DB_PAYLOAD = 1 << 12
/** ISN was not seen but follows from the SYN-ACK's acknowledgement. */
export const DB_ISN_INFERRED = 1 << 13
