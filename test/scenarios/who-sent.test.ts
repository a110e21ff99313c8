import { describe, expect, it } from 'vitest'
import { verdict } from '../support/ladder-verdict.ts'

const OPEN = `
  c> S
  u> SA
  c> A`
describe('x', () => {
  it('y', async () => {
    console.log(
      await verdict(`${OPEN}
      c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
      u> A
      u> RA`),
    )
    console.log(
      await verdict(`${OPEN}
      c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
      u> A
      m>c RA`),
    )
  })
})
