import { parseCount } from './option-values.ts'
import type { Flag } from './options.ts'

const WORKER = ['worker'] as const
const QUEUE = ['batch', 'worker'] as const

/** Flags for more than one machine. */
export const QUEUE_FLAGS: readonly Flag[] = [
  {
    name: 'queue',
    value: 'URL',
    env: 'RSTSCOPE_QUEUE',
    help: 'samples go to workers through this Redis',
    group: 'Machines',
    commands: QUEUE,
  },
  {
    name: 'queue-password-file',
    value: 'FILE',
    env: 'RSTSCOPE_QUEUE_PASSWORD_FILE',
    help: 'its password, for a URL without one',
    group: 'Machines',
    commands: QUEUE,
  },
  {
    name: 'queue-ca',
    value: 'FILE',
    env: 'RSTSCOPE_QUEUE_CA',
    help: 'who signed its certificate (PEM), for rediss://',
    group: 'Machines',
    commands: QUEUE,
  },
  {
    name: 'run-id',
    value: 'NAME',
    help: 'name of the run; the same name goes on with it',
    group: 'Machines',
    commands: ['batch'],
  },
  {
    name: 'shard',
    value: 'I/N',
    help: 'only the Ith of N slices; job/N: by the completion index',
    group: 'Machines',
    commands: ['batch'],
  },
  {
    name: 'stalled-after',
    value: 'SECONDS',
    parse: parseCount,
    help: 'a worker so long silent loses its samples to others [30]',
    group: 'Machines',
    commands: WORKER,
  },
  {
    name: 'grace',
    value: 'SECONDS',
    parse: parseCount,
    help: 'time to finish when asked to end [20]',
    group: 'Machines',
    commands: WORKER,
  },
]
