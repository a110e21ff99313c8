import { describe, expect, it } from 'vitest'
import { scoreReport } from '../../bench/score-report.mjs'

const seen = { packets: 9, rst_client: 0, rst_server: 0, fin_client: 1, fin_server: 1 }

function truthRow(change: object): object {
  return {
    id: 'k1',
    client_view: { client: '10.0.0.1:1000', server: '10.9.0.1:80', occurrence: 1 },
    upstream_view: { client: '10.0.0.1:1000', server: '10.0.0.2:8080', occurrence: 1 },
    class: 'rst',
    first_rst_by: 'upstream',
    cause: 'upstream-abort',
    observed: { client: seen, upstream: seen },
    ...change,
  }
}

function connection(by: string | null, confidence: string, change: object = {}): object {
  const view = {
    client: { address: '10.0.0.1', port: 1000 },
    upstream: { address: '10.9.0.1', port: 80 },
    firstFrame: 1,
  }
  return {
    termination: 'rst-without-fin',
    firstReset: by === null ? null : { by, confidence },
    views: { client: view, upstream: null },
    ...change,
  }
}

const score = (row: object, ...connections: object[]) =>
  scoreReport({ connections }, { connections: [truthRow(row)] })[0]!

describe('scoring a report against the truth', () => {
  it('tells right, abstained and wrong apart, and wrong though certain', () => {
    expect(score({}, connection('upstream', 'certain'))).toMatchObject({
      found: true,
      class: 'right',
      who: 'right',
      certain: true,
    })
    expect(score({}, connection('undetermined', 'unclear')).who).toBe('abstained')
    expect(score({}, connection('client', 'certain'))).toMatchObject({
      who: 'wrong',
      certain: true,
    })
    expect(score({}, connection('client', 'probable'))).toMatchObject({
      who: 'wrong',
      certain: false,
    })
    expect(score({}, connection(null, 'certain'))).toMatchObject({ who: 'wrong', certain: false })
    expect(score({ first_rst_by: 'none' }, connection(null, '')).who).toBe('right')
    expect(score({ first_rst_by: 'middlebox' }, connection('between', 'certain')).who).toBe('right')
  })

  it('counts a connection that the report lacks as wrong', () => {
    expect(score({})).toMatchObject({ found: false, class: 'wrong', who: 'wrong', certain: false })
  })

  it('takes the right use of a reused port', () => {
    const view = (firstFrame: number) => ({
      views: { client: { ...viewOf(), firstFrame }, upstream: null },
    })
    const viewOf = () => ({
      client: { address: '10.0.0.1', port: 1000 },
      upstream: { address: '10.9.0.1', port: 80 },
    })
    const second = {
      client_view: { client: '10.0.0.1:1000', server: '10.9.0.1:80', occurrence: 2 },
    }
    const late = connection('upstream', 'certain', view(50))
    const early = connection('client', 'certain', view(3))
    expect(score(second, late, early).who).toBe('right')
    expect(score({}, late, early).who).toBe('wrong')
  })

  it('finds a connection whose roles the report has the wrong way round', () => {
    const swapped = {
      client: { address: '10.9.0.1', port: 80 },
      upstream: { address: '10.0.0.1', port: 1000 },
      firstFrame: 1,
    }
    const got = score({}, connection('client', 'certain', { views: { client: swapped } }))
    expect(got).toMatchObject({ found: true, gotWho: 'upstream', who: 'right' })
  })

  it('allows the classes that the packets of an orderly end allow', () => {
    const fin = { class: 'fin', first_rst_by: 'none' }
    expect(score(fin, connection(null, '', { termination: 'fin-close' })).class).toBe('right')
    expect(score(fin, connection(null, '', { termination: 'rst-after-fin' })).class).toBe('wrong')
    const reset = { ...seen, rst_client: 1 }
    const late = { ...fin, observed: { client: reset, upstream: seen } }
    expect(score(late, connection(null, '', { termination: 'rst-after-fin' })).class).toBe('right')
    const half = { ...seen, fin_server: 0 }
    const oneFin = { ...fin, observed: { client: half, upstream: half } }
    expect(score(oneFin, connection(null, '', { termination: 'open' })).class).toBe('right')
  })
})
