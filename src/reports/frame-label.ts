import type { Evidence } from '../model/report.ts'

/** Short form for ladders and tables: `c#412`, `u#377`, `hop1#9`; `#412` where there is one capture only. */
export function frameLabel(captureId: string, frame: number): string {
  if (captureId === 'capture') return `#${frame}`
  if (captureId === 'client') return `c#${frame}`
  return captureId === 'upstream' ? `u#${frame}` : `${captureId}#${frame}`
}

/** Long form for sentences: `client #412`; the capture alone where all of it is meant. */
export function evidenceLabel(evidence: Evidence): string {
  const name = evidence.capture === 'capture' ? '' : evidence.capture
  if (evidence.frame === null) return name === '' ? 'capture' : name
  return name === '' ? `#${evidence.frame}` : `${name} #${evidence.frame}`
}
