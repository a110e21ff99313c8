/** Beginnings that scenarios share. */
export const OPEN = `
  c> S
  u> SA
  c> A`

export const REQUEST = `${OPEN}
  c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
  u> A`

/** A whole exchange on a connection that stays open. */
export const EXCHANGE = `${REQUEST}
  u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
  c> A`

/** A response of 1000 bytes of which less is sent. */
export const HALF_RESPONSE = `${REQUEST}
  u> PA "HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\nhalf"
  c> A`
