import { stripVTControlCharacters } from 'node:util'
import { cellWidth } from './cell-width.ts'
import type { Terminal } from './terminal.ts'

const frameMs = 250
const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const eraseRight = '\u001b[K'
const eraseBelow = '\u001b[J'
/** A terminal that knows these shows a frame only when it is whole; others pass over them. */
const beginFrame = '\u001b[?2026h'
const endFrame = '\u001b[?2026l'

/** The last lines of a terminal, drawn anew in place while something goes on. */
export interface LiveArea extends Disposable {
  /** Takes the area away while somebody is asked, and gives the cursor back. */
  hidden<T>(work: () => Promise<T>): Promise<T>
}

/**
 * Only for a terminal. When it is disposed of, the last frame stays and the cursor is back, also after
 * Ctrl-C.
 *
 * @param lines must fit the terminal: as many as it has rows less one, none wider than it
 */
export function openLiveArea(
  terminal: Pick<Terminal, 'out' | 'columns'>,
  lines: () => readonly string[],
): LiveArea {
  let drawn: number[] = []
  let timer: NodeJS.Timeout | undefined
  const giveBack = (): void => terminal.out(showCursor)

  /** To the beginning of the last frame, whose lines a narrower window has wrapped. */
  function home(): string {
    const rows = drawn.map((width) => Math.max(1, Math.ceil(width / terminal.columns)))
    const up = rows.reduce((sum, row) => sum + row, 0)
    return up === 0 ? '\r' : `\u001b[${up}F`
  }
  function draw(): void {
    const now = lines()
    const frame = now.map((line) => `${line}${eraseRight}\n`).join('')
    terminal.out(`${beginFrame}${home()}${frame}${eraseBelow}${endFrame}`)
    drawn = now.map((line) => cellWidth(stripVTControlCharacters(line)))
  }
  function start(): void {
    // A second Ctrl-C ends the process at once: the cursor must be back then too.
    process.once('exit', giveBack)
    terminal.out(hideCursor)
    draw()
    timer = setInterval(draw, frameMs)
    timer.unref()
  }
  function stop(): void {
    clearInterval(timer)
    terminal.out(showCursor)
    process.off('exit', giveBack)
  }
  start()
  return {
    async hidden(work) {
      stop()
      terminal.out(`${home()}${eraseBelow}`)
      drawn = []
      try {
        return await work()
      } finally {
        start()
      }
    },
    [Symbol.dispose]() {
      draw()
      stop()
    },
  }
}
