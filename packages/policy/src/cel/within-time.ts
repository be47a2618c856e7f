import { createContext, Script } from 'node:vm'

/** Thrown when work was stopped at its limit. */
export class TookTooLong extends Error {
  constructor(limitMs: number) {
    super(`it took longer than ${limitMs} ms`)
    this.name = 'TookTooLong'
  }
}

const slot: { work?: () => unknown } = {}
const context = createContext({ run: () => slot.work?.() })
const script = new Script('run()')

/**
 * Runs work that does not wait for anything, and stops it after so many milliseconds wherever it is, in
 * a regular expression too: an expression over somebody else's data can be made to take for ever, and
 * the library of CEL limits only how long an expression is. node:vm serves as a clock here, not as a
 * wall: what runs is our own code.
 *
 * @throws TookTooLong, and whatever the work throws
 */
export function withinTime<T>(limitMs: number, work: () => T): T {
  const before = slot.work
  slot.work = work
  try {
    // What the work returned: `run` hands it through.
    return script.runInContext(context, { timeout: limitMs }) as T
  } catch (cause) {
    // Made in the other context, it is no `Object` of this one.
    const isTimeout =
      typeof cause === 'object' &&
      cause !== null &&
      'code' in cause &&
      cause.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
    throw isTimeout ? new TookTooLong(limitMs) : cause
  } finally {
    if (before === undefined) delete slot.work
    else slot.work = before
  }
}
