import { shorten } from './table.ts'
import type { Terminal } from './terminal.ts'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const frameMs = 120
const eraseLine = '\r\u001b[2K'

/** The last line of a terminal, redrawn while something goes on; nothing at all when piped. */
export interface StatusLine {
  /** Writes results above it. */
  above(text: string): void
  [Symbol.dispose](): void
}

/** `text` is asked for each frame; an empty one shows nothing. */
export function openStatusLine(terminal: Terminal, text: () => string): StatusLine {
  if (!terminal.isInteractive) return { above: (line) => terminal.out(line), [Symbol.dispose]() {} }
  let frame = 0
  let isShown = false
  const timer = setInterval(draw, frameMs)
  timer.unref()

  function erase(): void {
    if (isShown) terminal.out(eraseLine)
    isShown = false
  }
  function draw(): void {
    const now = text()
    erase()
    if (now === '') return
    frame += 1
    const spinner = frames[frame % frames.length] ?? ''
    terminal.out(terminal.paint('dim', shorten(`${spinner} ${now}`, terminal.columns - 1)))
    isShown = true
  }
  return {
    above(line) {
      erase()
      terminal.out(line)
    },
    [Symbol.dispose]() {
      clearInterval(timer)
      erase()
    },
  }
}
