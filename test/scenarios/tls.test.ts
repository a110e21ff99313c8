import { describe, expect, it } from 'vitest'
import { recording } from '../decoders/application/recordings.ts'
import { compared, type ScenarioOptions, verdictOf } from '../support/ladder-verdict.ts'
import { OPEN } from './ladders.ts'

const record = (type: number, body: readonly number[]) => [
  type,
  3,
  3,
  body.length >> 8,
  body.length & 255,
  ...body,
]
const sized = (length: number) => record(23, new Array<number>(length).fill(0xaa))
const [hello13, flight13] = recording('tls13').map((piece) => piece.bytes)
const [hello12, flight12] = recording('tls12').map((piece) => piece.bytes)

/** Bytes as a server or client would send them; lengths of protected records are those of AES-256-GCM-SHA384. */
const payloads = {
  hello13: hello13!,
  flight13: flight13!,
  hello12: hello12!,
  flight12: flight12!,
  unknownCa: record(21, [2, 48]),
  handshakeFailure: record(21, [2, 40]),
  encryptedAlert: sized(19),
  finished: [...record(20, [1]), ...sized(69)],
  certificateAndFinished: [...record(20, [1]), ...sized(1100)],
  emptyCertificate: [...record(20, [1]), ...sized(25), ...sized(69)],
  request: sized(300),
  response: sized(900),
}

type Case = [name: string, ladder: string, expected: object, options?: ScenarioOptions]

const cases: Case[] = [
  [
    'after-client-hello: reset',
    'c> PA $hello13\nu> A\nu> RA',
    { termination: 'tls-aborted', by: 'upstream', confidence: 'certain', anatomy: 'active' },
  ],
  [
    'after-client-hello: closed',
    'c> PA $hello13\nu> FA\nc> FA\nu> A',
    { termination: 'tls-aborted', by: null, firstClose: 'upstream fin' },
  ],
  [
    'after-client-hello: forged RST at both ends, as SNI filters do',
    'c> PA $hello13\nm>c RA ttl=61\nm>u RA ttl=61',
    { termination: 'tls-aborted', by: 'between', confidence: 'certain' },
  ],
  [
    'after-server-flight: reset by the client',
    'c> PA $hello13\nu> PA $flight13\nc> RA',
    { termination: 'tls-aborted', by: 'client', confidence: 'certain' },
  ],
  [
    'alert-by-client: unknown_ca',
    'c> PA $hello12\nu> PA $flight12\nc> PA $unknownCa\nc> FA\nu> FA\nc> A',
    { termination: 'tls-aborted', by: null, firstClose: 'client fin' },
  ],
  [
    'alert-by-client: unknown_ca, then RST',
    'c> PA $hello12\nu> PA $flight12\nc> PA $unknownCa\nc> RA',
    { termination: 'tls-aborted', by: 'client', confidence: 'certain' },
  ],
  [
    'alert-by-upstream: handshake_failure',
    'c> PA $hello12\nu> PA $handshakeFailure\nu> FA\nc> FA\nu> A',
    { termination: 'tls-aborted', firstClose: 'upstream fin' },
  ],
  [
    'encrypted-alert-by-client',
    'c> PA $hello13\nu> PA $flight13\nc> PA $encryptedAlert\nc> FA\nu> FA\nc> A',
    { termination: 'tls-aborted', firstClose: 'client fin' },
  ],
  [
    'client-certificate-refused: none given, TLS 1.3',
    'c> PA $hello13\nu> PA $flight13\nc> PA $emptyCertificate\nu> PA $encryptedAlert\nu> FA\nc> FA\nu> A',
    { termination: 'tls-aborted', firstClose: 'upstream fin' },
  ],
  [
    'client-certificate-refused: not accepted, then RST',
    'c> PA $hello13\nu> PA $flight13\nc> PA $certificateAndFinished\nu> PA $encryptedAlert\nu> RA',
    { termination: 'tls-aborted', by: 'upstream', confidence: 'certain' },
  ],
  [
    'plaintext-from-upstream',
    'c> PA $hello13\nu> PA "HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\n\\r\\n"\nc> RA',
    { termination: 'tls-aborted', by: 'client' },
  ],
  [
    'plaintext-from-client',
    'c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"\nu> PA $handshakeFailure\nu> FA\nc> FA\nu> A',
    { termination: 'tls-aborted', firstClose: 'upstream fin' },
  ],
  ['stalled', 'c> PA $hello13\nu> A', { termination: 'tls-aborted', by: null, benign: false }],
  [
    'stalled: reset after ten seconds of silence',
    'c> PA $hello13\nu> A\nc> RA +10s',
    { termination: 'tls-aborted', by: 'client' },
  ],
  [
    'after-server-flight: closed 1.2 s after Finished without a record',
    'c> PA $hello13\nu> PA $flight13\nc> PA $finished\nu> RA +900ms',
    { termination: 'tls-aborted', by: 'upstream' },
  ],
]

const inUse: Case[] = [
  [
    'a response was sent',
    'c> PA $hello13\nu> PA $flight13\nc> PA $finished\nc> PA $request\nu> PA $response\nc> A\nu> RA +5s',
    { termination: 'rst-without-fin', by: 'upstream' },
  ],
  [
    'a RST long after Finished says nothing of the handshake',
    'c> PA $hello13\nu> PA $flight13\nc> PA $finished\nu> A\nu> RA +30s',
    { termination: 'rst-without-fin', by: 'upstream' },
  ],
  [
    'a close by both after a response',
    'c> PA $hello13\nu> PA $flight13\nc> PA $finished\nc> PA $request\nu> PA $response\nc> FA\nu> FA\nc> A',
    { termination: 'fin-close', benign: true, by: null },
  ],
  [
    'plaintext on a port that never showed a TLS byte',
    'c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"\nu> RA',
    { termination: 'rst-without-fin' },
  ],
]

const judged = async (ladder: string) => {
  const [connection, ...others] = await compared(`${OPEN}\n${ladder}`, { payloads })
  expect(others).toEqual([])
  return connection!
}

describe('TLS that never came into use', () => {
  it.each(cases)('%s', async (name, ladder, expected) => {
    const detail = name.split(':')[0]
    expect(verdictOf(await judged(ladder))).toMatchObject({ detail, ...expected })
  })
})

describe('TLS in use, or no TLS', () => {
  it.each(inUse)('%s', async (_, ladder, expected) => {
    expect(verdictOf(await judged(ladder))).toMatchObject(expected)
  })

  it('keeps the stage of a session that nothing was seen of', async () => {
    const found = await judged('c> PA $hello13\nu> PA $flight13\nc> PA $finished\nu> A\nu> RA +30s')
    expect(found.tls).toMatchObject({ stage: 'client-finished', version: '1.3' })
  })
})
