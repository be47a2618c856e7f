import { appendFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { createLog } from '../serve/log.ts'

/** A log beside the story that is told on the terminal. Written at once: it is read after a crash. */
export function openFileLog(path: string): Logger {
  const write = (text: string): void => appendFileSync(path, text, { mode: 0o600 })
  return createLog('debug', { write, isInteractive: false, paint: (_, text) => text })
}
