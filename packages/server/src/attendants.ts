import { isDisconnected, type Log } from '@errand/core'

/** Work that is claimed from the store and done some at a time: what waits for the forge keeps no other waiting. */
export interface Attendants {
  /** Claims as many as there is room for, and begins with them. */
  claim(): Promise<void>
  /** When all that was begun is done. */
  settled(): Promise<void>
}

export interface AttendantOptions<T> {
  log: Log
  /** Like `an event`, for the log. */
  what: string
  atATime: number
  /** Once before the first claim. */
  takeOver: () => Promise<void>
  claim: (limit: number) => Promise<T[]>
  attend: (item: T) => Promise<void>
  /** What the log says of one that was left. */
  fieldsOf: (item: T) => object
  /** Whether the item is somebody else's by now. */
  isStale: (error: unknown) => boolean
}

export function createAttendants<T>(options: AttendantOptions<T>): Attendants {
  const { log, what, atATime, isStale } = options
  const attended = new Set<Promise<void>>()
  let isBegun = false
  return {
    async claim() {
      if (!isBegun) await options.takeOver()
      isBegun = true
      const free = atATime - attended.size
      if (free === 0) return
      for (const item of await options.claim(free)) {
        const ended = options.attend(item).catch((error: unknown) => {
          // Its lease runs out, and it is claimed again.
          const isAway = isDisconnected(error) || isStale(error)
          const fields = { err: error, ...options.fieldsOf(item) }
          log[isAway ? 'warn' : 'error'](fields, `${what} was left`)
        })
        attended.add(ended)
        void ended.finally(() => attended.delete(ended))
      }
    },
    async settled() {
      await Promise.all(attended)
    },
  }
}
