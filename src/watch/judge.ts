import { assignRoles } from '../assign-roles.ts'
import { type Cases, singleCases } from '../compare-cases.ts'
import { CaptureConnections } from '../connections/connection-set.ts'
import { FIRST_FRAME } from '../connections/layout.ts'
import { addUnseen, lossReasons, newLossCount } from '../correlation/capture-loss.ts'
import { singlePosition } from '../correlation/tap-position.ts'
import { connectionReport } from '../diagnosis/connection-report.ts'
import { whyOf } from '../diagnosis/why.ts'
import { endpointText } from '../model/case.ts'
import type { ConnectionData } from '../model/connection-data.ts'
import type { ConnectionSet } from '../model/connection-set.ts'
import { type Ending, endingOf } from '../model/ending.ts'
import type { CaptureFacts } from '../model/record-reader.ts'
import type { Connection } from '../model/report.ts'
import type { TapPosition } from '../model/sighting.ts'
import { type Selection, selector } from '../selection.ts'
import { surveyCases } from '../survey-cases.ts'

/** Connections whose packets show in which host the capture was taken; `analyze` looks at as many. */
const POSITION_SAMPLE = 500

/** Connections that stand around each other in time, and which of them are asked about; by their place in `data`. */
export interface JudgedWindow {
  data: ConnectionData
  facts: CaptureFacts
  isAsked(place: number): boolean
  /** Last packet of the connection at this place when it was looked at, under whatever addresses. */
  lookedAt(place: number): number
  idOf(place: number): number
}

export interface Judgement {
  place: number
  connection: Connection
  ending: Ending
  /** `10.8.1.15:8443`. */
  peer: string
  /** Relative ns of its last packet, under whatever addresses. */
  lastTime: number
  isSelected: boolean
}

export interface JudgeOptions {
  server?: { host: string; port: number } | undefined
  at?: 'client' | 'upstream' | undefined
  selection?: Selection | undefined
}

/**
 * How connections ended, by the same stages as `analyze`; what stands around them is what the window holds. Of what a
 * capture shows over time it remembers in which host it was taken.
 */
export class Judge {
  private readonly options: JudgeOptions
  private position: TapPosition | null = null
  private sampled = 0

  constructor(options: JudgeOptions) {
    this.options = options
    if (options.at !== undefined) {
      this.position = { host: options.at, basis: '--at', told: true }
      this.sampled = POSITION_SAMPLE
    }
  }

  *judge(window: JudgedWindow): Iterable<Judgement> {
    const { data, facts } = window
    const set = new CaptureConnections('capture', facts, [data])
    assignRoles(set, this.options.server)
    const places = placesOf(data)
    const placeOf = (index: number) => places.get(set.firstFrame(index))!
    const asked: number[] = []
    for (let index = 0; index < set.count; index++) {
      const place = placeOf(index)
      const grew = set.hasFolds(index) && set.lastTime(index) > window.lookedAt(place)
      if (grew || window.isAsked(place)) asked.push(index)
    }
    if (asked.length === 0) return
    this.locate(set)
    const single = singleCases(set, this.position, lossOf(set))
    const cases = renumbered(single, (index) => window.idOf(placeOf(index)))
    const { surroundings } = surveyCases(cases, () => false)
    const isSelected = selector(cases, this.options.selection ?? {})
    for (const index of asked) {
      const c = cases.at(index)
      const connection = connectionReport(c, whyOf(c, surroundings))
      yield {
        place: placeOf(index),
        connection,
        ending: endingOf(connection),
        peer: endpointText(connection.upstream),
        lastTime: set.lastTime(index),
        isSelected: isSelected(index),
      }
    }
  }

  /** The more connections there are to see it by, the better; once there are enough, it stays. */
  private locate(set: ConnectionSet): void {
    if (this.sampled >= POSITION_SAMPLE || set.count < this.sampled) return
    this.position = singlePosition(set)
    this.sampled = set.count
  }
}

/** By the first frame of a connection its place among the columns. */
function placesOf({ count, words }: ConnectionData): Map<number, number> {
  const places = new Map<number, number>()
  const stride = words.length / count
  for (let place = 0; place < count; place++)
    places.set(words[place * stride + FIRST_FRAME]!, place)
  return places
}

/** Signs of loss in these connections; an object is made only of those that show any. */
function lossOf(set: ConnectionSet): string[] {
  const loss = newLossCount(set)
  for (let index = 0; index < set.count; index++) {
    if (set.unseenSegments(index) > 0 || set.hasFolds(index)) addUnseen(loss, set.view(index))
  }
  return lossReasons(loss)
}

/** The same cases under ids that stay while the window moves on. */
function renumbered(cases: Cases, idAt: (index: number) => number): Cases {
  return {
    ...cases,
    idAt,
    at(index) {
      const c = cases.at(index)
      const links = c.links.map((link) => ({ ...link, connection: idAt(link.connection - 1) }))
      return { ...c, id: idAt(index), links }
    },
  }
}
