import { RstscopeError } from '../../errors.ts'

/** Settles as the promise does, or rejects at once when the signal fires: a server that is down keeps nobody. */
export function orAbort<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = () =>
      reject(
        new RstscopeError('RSTSCOPE_INTERRUPTED', 'interrupted', null, { cause: signal.reason }),
      )
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Resolves after so many milliseconds; rejects when the signal fires. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  return orAbort(time, signal).finally(() => clearTimeout(timer))
}

/** Whether the promise is fulfilled in time; goes on without it otherwise. */
export async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  return Promise.race([promise.then(() => true), late]).finally(() => clearTimeout(timer))
}
