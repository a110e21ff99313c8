export type RstscopeErrorCode =
  | 'RSTSCOPE_UNREADABLE'
  | 'RSTSCOPE_NOT_A_CAPTURE'
  | 'RSTSCOPE_NOT_A_REPORT'
  | 'RSTSCOPE_USAGE'
  | 'RSTSCOPE_INTERRUPTED'
  | 'RSTSCOPE_INTERNAL'

/** The one error this project throws: `message` says what happened in one line, `hint` what to do about it. */
export class RstscopeError extends Error {
  readonly code: RstscopeErrorCode
  readonly hint: string | null

  constructor(
    code: RstscopeErrorCode,
    message: string,
    hint: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'RstscopeError'
    this.code = code
    this.hint = hint
  }
}
