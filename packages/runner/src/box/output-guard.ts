import { type Readable, Transform } from 'node:stream'

/** Counts what one program prints, over all its streams. */
export interface OutputGuard {
  /** Passes a stream through as long as the limit is not reached; then it ends. */
  watch(stream: Readable): Readable
}

/**
 * Stops a program that prints without end: it is killed, and nothing is kept of what it printed. What
 * is not read stays in the pipe, and the program waits.
 */
export function guardOutput(limitBytes: number, onExceeded: () => void): OutputGuard {
  let bytes = 0
  return {
    watch(stream) {
      const counter = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          const isOver = bytes > limitBytes
          bytes += chunk.length
          if (bytes <= limitBytes) return done(null, chunk)
          if (!isOver) onExceeded()
          // Read and dropped until the kill has taken effect; the stream ends with the program.
          return done()
        },
      })
      stream.on('error', () => counter.end())
      return stream.pipe(counter)
    },
  }
}
