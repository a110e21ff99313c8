import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { queueAddress } from '../../../src/batch/queue/connection.ts'

const folder = mkdtempSync(join(tmpdir(), 'rstscope-address-'))
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
afterAll(() => rmSync(folder, { recursive: true }))

describe('the address of a queue', () => {
  test.each([
    ['redis://redis', { host: 'redis', port: 6379, db: 0 }],
    ['redis://redis:6400/3', { host: 'redis', port: 6400, db: 3 }],
    ['redis://[::1]:6400', { host: '::1', port: 6400 }],
    ['redis://:p%40ss@redis', { password: 'p@ss' }],
    ['redis://worker:secret@redis', { username: 'worker', password: 'secret' }],
    ['rediss://redis', { tls: { servername: 'redis' } }],
    ['rediss://10.0.0.1', { tls: {} }],
  ])('%s', (url, options) => {
    expect(queueAddress(url).options).toMatchObject(options)
  })

  test('what is shown of it has no user and no password', () => {
    expect(queueAddress('rediss://worker:secret@redis:6380/2').shown).toBe('rediss://redis:6380/2')
  })

  test('the password may lie in a file, with the line end of an editor', () => {
    const password = file('password', 'from a file\n')
    expect(queueAddress('redis://redis', { password }).options.password).toBe('from a file')
  })

  test('certificates are read from a file', () => {
    const ca = file('ca.crt', 'PEM')
    expect(queueAddress('rediss://redis', { ca }).options.tls).toEqual({
      servername: 'redis',
      ca: 'PEM',
    })
  })

  test.each([
    'http://u5er:secret@redis',
    'redis://u5er:secret@',
    'redis://:sec/ret@redis',
    'redis://u5er:secret@redis/words',
    'redis://u5er:secret@redis?family=6',
    'redis://:secret%@redis',
    'secret',
    '',
  ])('refuses %j and does not repeat it', (url) => {
    let thrown: unknown
    try {
      queueAddress(url)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'RSTSCOPE_USAGE' })
    const { message, hint } = thrown as { message: string; hint: string }
    expect(`${message} ${hint}`).not.toMatch(/secret|u5er/)
  })

  test('a file that is missing, and certificates without TLS, are told', () => {
    const password = join(folder, 'none')
    expect(() => queueAddress('redis://redis', { password })).toThrow(/--queue-password-file/)
    expect(() => queueAddress('redis://redis', { ca: 'ca.crt' })).toThrow(/rediss/)
  })
})
