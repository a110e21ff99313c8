// End, no operation, MSS, window scale, SACK permitted, SACK, timestamps (RFC 9293 §3.1, RFC 7323, RFC 2018).
const KEPT = new Set([0, 1, 2, 3, 4, 5, 8])
const MPTCP = 30
const MP_TCPRST = 8

/**
 * Hides the values of TCP options that may hold addresses, keys or cookies: all but the basic ones. Of multipath TCP the
 * subtype stays, and the reason of a reset (RFC 8684 §3.6).
 */
export function hideTcpOptions(view: DataView, bytes: Uint8Array, at: number): void {
  if (bytes.length < at + 13) return
  const end = Math.min(at + ((view.getUint8(at + 12) >> 4) << 2), bytes.length)
  for (let option = at + 20; option < end; ) {
    const kind = view.getUint8(option)
    if (kind === 0) return
    if (kind === 1) {
      option++
      continue
    }
    const length = option + 1 < end ? view.getUint8(option + 1) : 0
    const optionEnd = length < 2 ? end : Math.min(option + length, end)
    if (!KEPT.has(kind)) {
      const isReset = kind === MPTCP && length > 2 && view.getUint8(option + 2) >> 4 === MP_TCPRST
      const from = option + (kind === MPTCP ? 3 : 2)
      if (!isReset && from < optionEnd) bytes.fill(0, from, optionEnd)
    }
    option = optionEnd
  }
}
