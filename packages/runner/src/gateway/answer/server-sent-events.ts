/** Longest event looked into; a longer one passes, unread. */
const longestEvent = 8 * 1024 * 1024

/**
 * Reads the data of server-sent events from a stream as it passes. Give it every chunk; it calls
 * `onData` with the data of each event that is complete.
 */
export function createEventReader(onData: (data: string) => void): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder()
  let rest = ''
  let data: string[] = []
  let length = 0

  function takeLine(line: string): void {
    if (line === '') {
      if (data.length > 0 && length <= longestEvent) onData(data.join('\n'))
      data = []
      length = 0
    } else if (line.startsWith('data:')) {
      length += line.length
      if (length <= longestEvent) data.push(line.slice(line[5] === ' ' ? 6 : 5))
      else data = ['']
    }
  }

  return (chunk) => {
    const text = decoder.decode(chunk, { stream: true })
    // Nearly always: a pattern would be looked for at each character.
    const isPlain = !text.includes('\r') && !rest.endsWith('\r')
    const lines = (rest + text).split(isPlain ? '\n' : /\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) takeLine(line)
    // A line without end would grow for as long as it comes.
    if (rest.length > longestEvent) rest = 'data:'.padEnd(longestEvent + 1)
  }
}
