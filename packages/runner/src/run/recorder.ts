import type { NewEvent } from '@errand/contract'

import type { EventMask } from '../redaction/mask-events.ts'

/** Turns what happens into events, in order, many to a transaction. */
export interface Recorder {
  /** Something the runner itself has to tell. */
  add(event: NewEvent): void
  /** Something the agent reports: counted, since an agent may report without end. */
  report(event: NewEvent): void
  /** Text of the agent: joined with what follows of the same kind. */
  reportText(type: TextType, text: string): void
  /** Resolves when all that was added is stored; rejects if it could not be. */
  flush(): Promise<void>
  /** Drops what is not stored yet and whatever is added from now on. */
  close(): void
}

type TextType = 'assistant.message' | 'assistant.thought'

/** Chunks of text that come within this time are one event. */
const joinMs = 250
/** A text event is stored at this length, however fast the next chunk comes. */
const longestText = 32_768
/** Events to a transaction, so that none holds the task's row for long. */
const batchSize = 200
/** Most reports of an agent that are kept, chunks of text included. */
const mostEvents = 100_000

/**
 * @param write stores events; called again only when the last call has ended
 * @param onError told once when storing fails; nothing is stored after that
 * @param mask takes secrets out of what is stored
 */
export function openRecorder(
  write: (events: NewEvent[]) => Promise<void>,
  onError: (error: unknown) => void,
  mask: EventMask,
): Recorder {
  let pending: NewEvent[] = []
  let text: { type: TextType; content: string } | undefined
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  let left = mostEvents
  let isClosed = false

  function push(event: NewEvent): void {
    if (isClosed) return
    if (!joinsLast(pending, event)) pending.push(event)
    flushSoon()
  }

  function flushSoon(): void {
    timer ??= setTimeout(() => void flush('to_go_on').catch(() => undefined), joinMs)
  }

  /** Whether one more report is taken. The first that is not leaves a note. */
  function mayReport(): boolean {
    left -= 1
    if (left === -1) {
      const message = `The agent has reported ${mostEvents} times: the rest is not kept.`
      push({ type: 'session.log', data: { level: 'warning', message } })
    }
    return left >= 0
  }

  function endText(): void {
    if (text === undefined) return
    const { type, content } = text
    text = undefined
    push({ type, data: { content } })
  }

  /** What may be the beginning of a secret is stored once what follows is known, or when all is to be. */
  function flush(isAll: 'all' | 'to_go_on' = 'all'): Promise<void> {
    endText()
    clearTimeout(timer)
    timer = undefined
    const events = isClosed ? [] : mask.push(pending)
    if (isAll === 'all' && !isClosed) events.push(...mask.end())
    pending = []
    if (events.length > 0) {
      writing = writing.then(() => writeAll(events))
      writing.catch((error: unknown) => {
        if (!isClosed) onError(error)
        isClosed = true
      })
    }
    return writing
  }

  async function writeAll(events: NewEvent[]): Promise<void> {
    for (let at = 0; at < events.length; at += batchSize) {
      if (isClosed) return
      await write(events.slice(at, at + batchSize))
    }
  }

  return {
    add(event) {
      endText()
      push(event)
    },
    report(event) {
      endText()
      if (mayReport()) push(event)
    },
    reportText(type, content) {
      if (isClosed || content === '' || !mayReport()) return
      if (text?.type !== type) endText()
      text = { type, content: (text?.content ?? '') + content }
      if (text.content.length >= longestText) endText()
      flushSoon()
    },
    flush: () => flush(),
    close() {
      isClosed = true
      clearTimeout(timer)
      pending = []
      text = undefined
    },
  }
}

/** Output of a tool that comes in pieces is joined; some agents send it whole again each time. */
function joinsLast(pending: NewEvent[], event: NewEvent): boolean {
  const last = pending.at(-1)
  if (event.type !== 'tool.execution_update' || last?.type !== event.type) return false
  const { tool_call_id, output: before } = last.data
  const { output } = event.data
  if (tool_call_id !== event.data.tool_call_id) return false
  const joined = output.startsWith(before) ? output : before + output
  if (joined.length > longestText) return false
  pending[pending.length - 1] = { ...event, data: { tool_call_id, output: joined } }
  return true
}
