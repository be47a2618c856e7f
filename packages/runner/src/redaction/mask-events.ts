import type { NewEvent } from '@errand/contract'

import type { SecretMask } from './secret-mask.ts'

/** Masks secrets in events on their way to the store, also where pieces of one text cut them apart. */
export interface EventMask {
  /** The events as they may be stored by now. */
  push(events: readonly NewEvent[]): NewEvent[]
  /** What was held back, when nothing more is to come for a while. */
  end(): NewEvent[]
}

/** A text that comes piece by piece, in events that follow each other. */
interface Piece {
  /** The same for the pieces of one text. */
  key: string
  text: string
  /** Whether the next piece may be this one again, with more. */
  mayRepeat: boolean
  withText(text: string): NewEvent
}

export function openEventMask(mask: SecretMask): EventMask {
  /** The end of the last piece, which may be the beginning of a secret. */
  let held: { piece: Piece; text: string } | undefined
  /** The last piece as it came. */
  let before: Piece | undefined

  function end(): NewEvent[] {
    const rest = held
    held = undefined
    before = undefined
    if (rest === undefined || rest.text === '') return []
    return [rest.piece.withText(mask.text(rest.text))]
  }

  function pushPiece(piece: Piece): NewEvent[] {
    const isSame = before?.key === piece.key
    const ended = isSame ? [] : end()
    const isWhole = isSame && piece.mayRepeat && piece.text.startsWith(before?.text ?? '')
    const text = isSame && !isWhole ? `${held?.text ?? ''}${piece.text}` : piece.text
    const begun = mask.begin(text)
    before = piece
    held = { piece, text: begun.held }
    return begun.sure === '' ? ended : [...ended, piece.withText(begun.sure)]
  }

  return {
    push: (events) =>
      events.flatMap((event) => {
        const piece = pieceOf(event)
        return piece === undefined ? [...end(), masked(event, mask)] : pushPiece(piece)
      }),
    end,
  }
}

/** Its type is Errand's, and says nothing of a session. */
function masked<E extends NewEvent>(event: E, mask: SecretMask): E {
  return { ...event, data: mask.value(event.data) }
}

function pieceOf(event: NewEvent): Piece | undefined {
  switch (event.type) {
    case 'assistant.message':
    case 'assistant.thought':
      return {
        key: event.type,
        text: event.data.content,
        mayRepeat: false,
        withText: (content) => ({ ...event, data: { ...event.data, content } }),
      }
    case 'tool.execution_update':
      return {
        key: `${event.type} ${event.data.tool_call_id}`,
        text: event.data.output,
        // Some agents send what a tool printed whole each time.
        mayRepeat: true,
        withText: (output) => ({ ...event, data: { ...event.data, output } }),
      }
    case 'setup.step_update':
      return {
        key: `${event.type} ${event.data.number}`,
        text: event.data.output,
        mayRepeat: false,
        withText: (output) => ({ ...event, data: { ...event.data, output } }),
      }
    default:
      return undefined
  }
}
