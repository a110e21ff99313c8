const NAMES: Readonly<Record<number, string>> = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  21: 'decryption_failed',
  22: 'record_overflow',
  30: 'decompression_failure',
  40: 'handshake_failure',
  41: 'no_certificate',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  60: 'export_restriction',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  111: 'certificate_unobtainable',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  114: 'bad_certificate_hash_value',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
  121: 'ech_required',
}

/** The name of an alert description (RFC 8446 §6 and the TLS Alerts registry). */
export function alertName(description: number): string {
  return NAMES[description] ?? `alert_${description}`
}

/**
 * Whether an alert ends the connection as an error: every fatal one, and what TLS 1.3 treats as fatal whatever
 * its level says. close_notify is an orderly end; the warnings that TLS 1.2 lets pass are not.
 */
export function alertAborts(level: number, description: number): boolean {
  if (description === 0) return false
  if (level === 2) return true
  return !(
    description === 41 ||
    description === 90 ||
    description === 100 ||
    description === 111 ||
    description === 112
  )
}
