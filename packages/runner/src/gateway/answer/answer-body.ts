import type { Dispatcher } from 'undici'

/** The body of an answer, to be read once. It ends with an error when the other side goes away before its end. */
export interface AnswerBody extends AsyncIterable<Buffer> {
  /** Ends the answer, where it has not ended: nobody wants the rest. */
  destroy(): void
}

/** A body as its upstream sends it. */
export interface ArrivingBody {
  body: AnswerBody
  take: (chunk: Buffer) => void
  end: () => void
  /** The upstream went away in the middle. */
  fail: (error: Error) => void
}

/** As much as may wait for a slow agent before the upstream has to wait as well. */
const mostWaiting = 256 * 1024

const nobody = (): void => undefined

/**
 * What is there is one chunk, be it all that one read of the socket has brought or all that came while the agent
 * took what was before: each chunk costs the same to pass on, however many events are in it. Nothing waits for more.
 */
export function createAnswerBody(controller: Dispatcher.DispatchController): ArrivingBody {
  let waiting: Buffer[] = []
  let length = 0
  let end: { error?: Error } | undefined
  let wake = nobody

  function takeWaiting(): Buffer {
    const [only] = waiting
    const chunk = only !== undefined && waiting.length === 1 ? only : Buffer.concat(waiting, length)
    waiting = []
    length = 0
    if (controller.paused) controller.resume()
    return chunk
  }

  // By hand, as each chunk would pass twice through the queue of a generator.
  async function next(): Promise<IteratorResult<Buffer, undefined>> {
    for (;;) {
      if (length > 0) return { value: takeWaiting(), done: false }
      if (end?.error !== undefined) throw end.error
      if (end !== undefined) return { value: undefined, done: true }
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }

  function finish(how: { error?: Error }): void {
    end ??= how
    wake()
  }

  return {
    body: {
      [Symbol.asyncIterator]: () => ({ next }),
      destroy() {
        if (end !== undefined) return
        waiting = []
        length = 0
        const error = new Error('The answer was not wanted to its end')
        finish({ error })
        controller.abort(error)
      },
    },
    take(chunk) {
      if (end !== undefined || chunk.length === 0) return
      waiting.push(chunk)
      length += chunk.length
      if (length >= mostWaiting) controller.pause()
      // Who waits goes on once this read of the socket has been taken apart.
      wake()
      wake = nobody
    },
    end: () => finish({}),
    fail: (error) => finish({ error }),
  }
}
