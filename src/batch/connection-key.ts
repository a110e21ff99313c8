import type { Connection, View } from '../model/report.ts'

/**
 * What tells the same connection in other captures: both initial sequence numbers, which go through NAT and know
 * nothing of clocks. With the SYN alone: its number and port. Without: its ends, and the second in which it ended.
 */
export function connectionKey(connection: Connection): string {
  const views = Object.values(connection.views).filter((view) => view !== null)
  const whole = views.find(hasBothNumbers)
  if (whole !== undefined) {
    const { client, upstream } = whole.initialSequence!
    return `isn ${client} ${upstream}`
  }
  const lone = views.find((view) => view.initialSequence?.client != null)
  const { client, upstream, endedAt } = connection
  if (lone !== undefined) return `syn ${lone.initialSequence!.client} ${lone.client.port}`
  const ends = `${client.address} ${client.port} ${upstream.address} ${upstream.port}`
  return `ends ${ends} ${endedAt.slice(0, 'yyyy-mm-ddThh:mm:ss'.length)}`
}

function hasBothNumbers({ initialSequence }: View): boolean {
  return initialSequence?.client != null && initialSequence.upstream != null
}
