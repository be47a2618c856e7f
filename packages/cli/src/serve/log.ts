import { Writable } from 'node:stream'
import type { Settings } from '@errand/contract'
import { type Logger, pino } from 'pino'
import type { Paint } from '../terminal/colours.ts'
import { printable, printableLine } from '../terminal/printable.ts'

export interface LogTarget {
  write(text: string): void
  /** Whether a person reads it: then a line is made for the eye instead of JSON. */
  isInteractive: boolean
  paint: Paint
}

/** The log of a server or a worker. Fields that may hold a secret are never shown. */
export function createLog(level: Settings['log_level'], target: LogTarget): Logger {
  const redact = {
    paths: [
      'token',
      '*.token',
      'authorization',
      '*.authorization',
      'headers',
      '*.headers',
      'api_key',
      '*.api_key',
    ],
    censor: '[secret]',
  }
  const lines = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const text = chunk.toString()
      target.write(target.isInteractive ? presentLine(text, target.paint) : text)
      done()
    },
  })
  return pino({ level, redact, base: null, timestamp: pino.stdTimeFunctions.isoTime }, lines)
}

const levelNames: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: '',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}

/** `10:31:02 warn lease lost task_id=... `, and an error's stack below it. */
function presentLine(json: string, paint: Paint): string {
  // pino wrote it.
  const { time, level, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown>
  const name = levelNames[Number(level)] ?? ''
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? String(err.stack) : ''
  const parts = [
    paint('dim', new Date(String(time)).toTimeString().slice(0, 8)),
    name === '' ? '' : paint(Number(level) >= 50 ? 'red' : 'yellow', name),
    printableLine(String(msg)),
    ...Object.entries(fields).map(([key, value]) => paint('dim', `${key}=${presentValue(value)}`)),
  ]
  const line = parts.filter((part) => part !== '').join(' ')
  return stack === '' ? `${line}\n` : `${line}\n${paint('dim', printable(stack))}\n`
}

function presentValue(value: unknown): string {
  return printableLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
}
