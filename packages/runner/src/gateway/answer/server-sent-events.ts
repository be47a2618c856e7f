import { nothing } from './step.ts'

/** Longest event looked into; a longer one passes, unread. */
const longestEvent = 8 * 1024 * 1024
const newline = 0x0a

/** What is done with the events of a stream. */
export interface EventHandlers {
  /** Which of these complete events are to be read; nothing is done to take the others apart. */
  pick: (events: Buffer) => readonly Buffer[]
  /** Is given the data of each event that is read, lines joined by newlines. */
  onData: (data: string) => void
}

/** Reads server-sent events from a stream as it passes. Give it every chunk. */
export function createEventReader({ pick, onData }: EventHandlers): (chunk: Buffer) => void {
  let rest: Buffer = nothing
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const end = endOfEvents(bytes)
    const left = bytes.length - end
    // What is kept must not change with the buffer of the socket; an event without end is let go.
    rest = left === 0 || left > longestEvent ? nothing : Buffer.from(bytes.subarray(end))
    if (end === 0) return
    for (const events of pick(bytes.subarray(0, end))) readEvents(events.toString(), onData)
  }
}

/** Past the last empty line, whichever of the three line ends the server writes; 0 where there is none. */
export function endOfEvents(bytes: Buffer): number {
  const { length } = bytes
  // Nearly always: servers send whole events.
  if (bytes[length - 1] === newline && bytes[length - 2] === newline) return length
  const places = endsIn(bytes).map((end) => {
    const at = bytes.lastIndexOf(end)
    return at === -1 ? 0 : at + end.length
  })
  return Math.max(...places)
}

/** Past the event in which the byte at `start` stands; past the last one where there are no more bytes. */
export function endOfEventAt(events: Buffer, start: number): number {
  if (start >= events.length) return events.length
  const places = endsIn(events).map((end) => {
    const at = events.indexOf(end, start)
    return at === -1 ? events.length : at + end.length
  })
  return Math.min(...places)
}

function endsIn(bytes: Buffer): string[] {
  return bytes.includes(0x0d) ? ['\n\n', '\r\n\r\n', '\r\r'] : ['\n\n']
}

function readEvents(text: string, onData: (data: string) => void): void {
  // Nearly always: a pattern would be looked for at each character.
  const lines = text.split(text.includes('\r') ? /\r\n|\n|\r/ : '\n')
  let data: string[] = []
  for (const line of lines) {
    if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
    else if (line === '' && data.length > 0) {
      onData(data.join('\n'))
      data = []
    }
  }
}
