import { RecordColumns } from '../../native-free-decoders/container/container-parser.ts'
import type { RecordBatch } from '../model/record-reader.ts'

const RECORDS_PER_BATCH = 16_384

/** The one batch of a reader, filled again and again. */
export class ReusedBatch extends RecordColumns implements RecordBatch {
  bytes: Uint8Array = new Uint8Array(0)
  view: DataView = new DataView(this.bytes.buffer)
  firstFrame = 1

  constructor() {
    super(RECORDS_PER_BATCH)
  }
}

/** The records of one file, by whichever parser. */
export interface RecordStream {
  /** Fills the batch with the next records as soon as there are any; false at the end, with the batch left empty. */
  fill(batch: ReusedBatch): Promise<boolean>
}
