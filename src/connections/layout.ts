/**
 * Where each field of a connection stands. Every connection has a record: one stride of 32-bit words, found by its id,
 * with what telling connections apart, matching and reports over millions of them need; its doubles lie in the same
 * memory, behind the words. The rest is its state: a stride of a pool while the connection lives, packed bytes once it
 * is retired.
 */

/** Words per record. */
export const WORDS = 30
/** The same as doubles. */
export const DOUBLES = WORDS / 2

/** Address of endpoint A (sender of the first packet): the IPv4 address, or an index into the IPv6 table. */
export const ADDRESS_A = 0
export const ADDRESS_B = 1
/** Port of A in the high half, of B in the low half. */
export const PORTS = 2
/** See BIT_ constants. */
export const BITS = 3
export const FIRST_FRAME = 4
/** The previous connection of the same 4-tuple, +1; 0 for none. */
export const OLDER = 5
/** Slot of the state while it lives; place in the archive once it is retired (BIT_RETIRED). */
export const STATE = 6
/** Shape of a retired connection, + 1; 0 for none (see shape.ts). */
export const SHAPE = 7

/** Per-direction words: A's block begins here, B's follows. */
export const DIRECTION = 8
export const DIRECTION_WORDS = 8

export const D_BITS = 0
export const D_ISN = 1
/** SND.NXT: one past the highest sequence number seen. */
export const D_NEXT = 2
/** Highest acknowledgement number sent. */
export const D_ACKED = 3
/** Lowest sequence number seen (of the first segments), for mid-stream connections. */
export const D_FIRST_SEQ = 4
/** Lowest, highest and last TTL of segments without RST, a byte each. */
export const D_TTL = 5
export const D_UNSEEN_SEGMENTS = 6
/** Digest of the segments, in order, of a retired connection that has a shape. */
export const D_SEQUENCE = 7

/** Of a retired connection that has a shape: ns from its first FIN or RST, and from the upstream's last segment, to its end. */
export const CLOSE_TO_END = 24
export const ALIVE_TO_END = 25

/** Doubles: all times are ns after the capture's base. */
export const T_FIRST = 13
export const T_LAST = 14

export const BIT_IPV6 = 1
/** Endpoint A is the higher one of the canonical key order. */
export const BIT_A_IS_HIGH = 2
/** No SYN was seen. */
export const BIT_MIDSTREAM = 4
export const BIT_RESET = 8
/** The state lies in the archive. */
export const BIT_RETIRED = 16
/** Endpoint B sent a RST. */
export const BIT_RESET_BY_B = 32
/** What it said holds ids or addresses that name it on the other side of a proxy. */
export const BIT_NAMED = 64
/** What `roleOf` says (reason × 2 + direction), once the connection was retired. */
export const ROLE_SHIFT = 8
export const BIT_NO_ROLE = 0xff

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

/** Words of a state, four cache lines; its doubles lie in the same memory, behind the words. */
export const STATE_WORDS = 64
export const STATE_DOUBLES = STATE_WORDS / 2

/** Kept segments: first row, last row that stays for good, last row (all +1; 0 for none). */
export const ROW_FIRST = 0
export const ROW_KEPT = 1
export const ROW_LAST = 2
/** Rows kept for good, and rows in the sliding tail. */
export const KEPT_COUNT = 3
export const TAIL_COUNT = 4
/** History letters, one byte each, and how many. */
export const HISTORY_LENGTH = 5
export const HISTORY = 6
export const HISTORY_BYTES = 28
/** Tunnel kind in the low byte, VNI above. */
export const TUNNEL = 13
export const LAST_FRAME = 14

/** Per-direction words of a state. */
export const S_DIRECTION = 15
export const S_DIRECTION_WORDS = 12
export const S_PACKETS = 0
export const S_UNSEEN_BYTES = 1
export const S_RETRANSMISSIONS = 2
export const S_ZERO_WINDOWS = 3
/** Last window as sent. */
export const S_WINDOW = 4
/** MSS in the high half, largest payload (clamped to 65535) in the low half. */
export const S_SIZES = 5
export const S_FIN = 6
export const S_RESETS = 7
/** Segments whose checksum was left to the card. */
export const S_UNFILLED = 8
export const S_LAST_PAYLOAD_FRAME = 9
/** Next byte that the stream walkers expect. */
export const S_EXPECTED = 10
/** Bit mask of history letters already written. */
export const S_HISTORY = 11
/** Words that are packed when the connection is retired. */
export const STATE_PLAIN_WORDS = 39

/**
 * How a conversation is being closed (see closing.ts), not packed: bits, a digest of each direction, the rows (+ 1; 0
 * for none) of the last payload and of both FINs, and the number of rows before that payload.
 */
export const CLOSING = 39
export const CLOSING_SEQUENCE = 40
export const LAST_PAYLOAD = 42
export const FIRST_FIN = 43
export const SECOND_FIN = 44
export const BEFORE_LAST_PAYLOAD = 45
/** Signatures of the last segments (see recent-segments.ts), not packed. */
export const RECENT = 46

/** Per-direction doubles of a state: A's block here, B's behind it. */
export const S_TIMES = 24
export const S_TIMES_DOUBLES = 4
export const ST_BYTES = 0
export const ST_FIRST_PAYLOAD = 1
export const ST_LAST_PAYLOAD = 2
/** Of the last segment without RST. */
export const ST_LAST_LIVE = 3
