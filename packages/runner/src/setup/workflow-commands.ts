/** What a line of a step's output means. */
export type Line =
  | { type: 'text'; text: string }
  | { type: 'mask'; value: string }
  | { type: 'annotation'; level: 'info' | 'warning' | 'error'; message: string }
  | { type: 'nothing' }

/** Reads the lines of a step: most are text, some speak to the runner (`::warning::…`). */
export interface LineReader {
  read(line: string): Line
}

const levels = { notice: 'info', warning: 'warning', error: 'error' } as const

/** GitHub's commands, written `::name key=value,key=value::message`. What it no longer heeds is text. */
export function openLineReader(): LineReader {
  /** Until a line says this word again, nothing is a command. */
  let stoppedUntil: string | undefined
  return {
    read(line) {
      const match = /^\s*::([^\s:]+)(?:\s+([^:]*(?::(?!:)[^:]*)*))?::(.*)$/.exec(line)
      if (match === null) return { type: 'text', text: line }
      const [, written = '', properties = '', rest = ''] = match
      const name = written.toLowerCase()
      if (stoppedUntil !== undefined) {
        if (written !== stoppedUntil) return { type: 'text', text: line }
        stoppedUntil = undefined
        return { type: 'nothing' }
      }
      const message = unescape(rest)
      switch (name) {
        case 'add-mask':
          return { type: 'mask', value: message }
        case 'notice':
        case 'warning':
        case 'error':
          return {
            type: 'annotation',
            level: levels[name],
            message: `${placeOf(properties)}${message}`,
          }
        case 'group':
          return { type: 'text', text: `▸ ${message}` }
        case 'debug':
        case 'endgroup':
        case 'echo':
          return { type: 'nothing' }
        case 'stop-commands':
          if (message !== '') stoppedUntil = message
          return { type: 'nothing' }
        default:
          return { type: 'text', text: line }
      }
    },
  }
}

/** `file:line: ` where they are given. */
function placeOf(properties: string): string {
  const given = new Map(
    properties.split(',').map((pair) => {
      const [key = '', ...value] = pair.split('=')
      return [key.trim(), unescape(value.join('=')).trim()] as const
    }),
  )
  const file = given.get('file')
  if (file === undefined) return ''
  const line = given.get('line')
  return `${file}${line === undefined ? '' : `:${line}`}: `
}

function unescape(text: string): string {
  return text
    .replaceAll(/%0D/gi, '\r')
    .replaceAll(/%0A/gi, '\n')
    .replaceAll(/%3A/gi, ':')
    .replaceAll(/%2C/gi, ',')
    .replaceAll('%25', '%')
}
