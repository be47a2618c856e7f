import { StringDecoder } from 'node:string_decoder'

import { printable } from '../printable.ts'
import type { Run } from '../run/run.ts'
import { openLineReader } from './workflow-commands.ts'

/** Lines that come within this time are told together. */
const joinMs = 400
/** Characters that are told at once, however soon they came. */
const largestPiece = 8192
/** Characters of one step that are told as they come. What comes after is told of by its end. */
const mostTold = 256 * 1024
/** Characters of that end: a step that fails says why last. */
const tailLength = 8192
const mostAnnotations = 50

/** What a step prints, on its way to the reader of the log. */
export interface OutputTeller {
  push(chunk: Buffer): void
  /** When nothing more comes. */
  end(): void
}

/**
 * Tells the lines of a step as events, many at a time, and no more than a reader could want.
 *
 * @param onMask a value that the step says is secret
 */
export function tellOutput(run: Run, step: number, onMask: (value: string) => void): OutputTeller {
  const decoder = new StringDecoder('utf8')
  const lines = openLineReader()
  let rest = ''
  let piece = ''
  let told = 0
  let tail = ''
  let annotations = 0
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (piece === '') return
    run.recorder.add({ type: 'setup.step_update', data: { number: step, output: piece } })
    piece = ''
  }

  function tell(text: string): void {
    if (told >= mostTold) {
      tail = (tail + text).slice(-tailLength)
      return
    }
    const fitting = text.slice(0, mostTold - told)
    told += fitting.length
    piece += fitting
    tail = text.slice(fitting.length).slice(-tailLength)
    if (piece.length >= largestPiece) flush()
    else timer ??= setTimeout(flush, joinMs)
  }

  function readLine(written: string): void {
    // What a bar of progress wrote over itself, a terminal would not show either.
    const shown = written.replace(/\r+$/, '').split('\r').at(-1) ?? ''
    const line = lines.read(printable(shown))
    switch (line.type) {
      case 'text':
        tell(`${line.text}\n`)
        return
      case 'mask':
        onMask(line.value)
        return
      case 'annotation':
        annotations += 1
        if (annotations > mostAnnotations) return
        flush()
        run.recorder.add({
          type: 'session.log',
          data: { level: line.level, message: printable(line.message).slice(0, 4096) },
        })
        return
      case 'nothing':
    }
  }

  function take(text: string): void {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) readLine(line)
    // Without an end in sight it is told in pieces.
    if (rest.length > largestPiece) {
      readLine(rest)
      rest = ''
    }
  }

  return {
    push: (chunk) => take(decoder.write(chunk)),
    end() {
      take(decoder.end())
      if (rest !== '') readLine(rest)
      rest = ''
      if (tail !== '') piece += `… what follows was too much to be kept, up to its end:\n${tail}`
      flush()
    },
  }
}
