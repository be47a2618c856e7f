import type { Event } from '@errand/contract'
import type { StatusLine } from '../terminal/status-line.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { isRunningText, presentEvent } from './event-lines.ts'

export interface EventPrinter {
  print: (event: Event) => void
  /** What is not yet a whole line, for a status line to show. */
  pending: () => string
  /** Prints what is pending. */
  flush: () => void
}

/**
 * Prints events as the lines of a log, each with its time. An agent's text comes in pieces, which end
 * anywhere: they are printed by whole lines, and the rest when something else happens.
 */
export function createEventPrinter(
  terminal: Pick<Terminal, 'paint'>,
  target: Pick<StatusLine, 'above'>,
): EventPrinter {
  let rest = ''
  let restType = ''
  let time = ''

  function flush(): void {
    if (rest !== '') write(rest)
    rest = ''
  }
  function write(lines: string): void {
    const indent = ' '.repeat(time.length + 2)
    const [first, ...others] = lines.split('\n')
    const shown = [
      `${terminal.paint('dim', time)}  ${first}`,
      ...others.map((other) => indent + other),
    ]
    target.above(`${shown.map((each) => each.trimEnd()).join('\n')}\n`)
  }
  return {
    print(event) {
      if (!isRunningText(event) || restType !== event.type) flush()
      time = clockTime(event.timestamp)
      const lines = presentEvent(event, terminal.paint)
      if (lines === '') return
      if (!isRunningText(event)) return write(lines)
      restType = event.type
      rest += lines
      const end = rest.lastIndexOf('\n')
      if (end === -1) return
      write(rest.slice(0, end))
      rest = rest.slice(end + 1)
    },
    pending: () => rest,
    flush,
  }
}

/** The local time of day, as a log has it. */
function clockTime(timestamp: string): string {
  return new Date(timestamp).toTimeString().slice(0, 8)
}
