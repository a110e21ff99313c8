import { expect, test } from 'vitest'
import { runFake } from './fake-host.ts'

test.each(['compare', 'analyze'])('%s hands on every --kubernetes', async (command) => {
  const captures = command === 'compare' ? ['client.pcap', 'upstream.pcap'] : ['client.pcap']
  const lists = ['--kubernetes', 'pods.json', '--kubernetes', 'dump/']
  const { code, asked } = await runFake([command, ...captures, ...lists])
  expect(code).toBe(0)
  expect(asked[0]!.options.kubernetes).toEqual(['pods.json', 'dump/'])
})

test('without it the engine is asked for none', async () => {
  const { asked } = await runFake(['compare', 'client.pcap', 'upstream.pcap'])
  expect(asked[0]!.options).not.toHaveProperty('kubernetes')
})

test('it takes a value', async () => {
  const { code, err } = await runFake(['compare', 'a.pcap', 'b.pcap', '--kubernetes'])
  expect(code).toBe(2)
  expect(err).toContain('--kubernetes')
})
