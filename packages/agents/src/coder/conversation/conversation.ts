import { modelMessageSchema, type ModelMessage } from 'ai'
import { z } from 'zod'
import { createRecord, noteSaid, SessionRecord } from '../record/record.ts'

/** All that is needed to go on in another process: kept in a file after each step. */
export const Conversation = z.object({
  session_id: z.string(),
  /** What the user, the model and the tools said. */
  messages: z.array(modelMessageSchema),
  /** Calls of the model so far; they number the calls of tools that the client is told of. */
  steps: z.int(),
  /** The call that waits for the user's answer: the model's id of it, and the client's. */
  pending_question: z.object({ call_id: z.string(), tool_call_id: z.string() }).nullable(),
  /** Notes of the project that were shown with what a tool found beside them. */
  shown_notes: z.array(z.string()),
  /** Tokens as counted by the model per token as estimated here. */
  token_scale: z.number().positive(),
  record: SessionRecord.prefault({}),
})
export type Conversation = z.infer<typeof Conversation>

export function createConversation(sessionId: string): Conversation {
  return {
    session_id: sessionId,
    messages: [],
    steps: 0,
    pending_question: null,
    shown_notes: [],
    token_scale: 1,
    record: createRecord(),
  }
}

/**
 * Gives a call its result. Tools cut lines at any place: half of a character would have each further
 * question refused as no text.
 */
export function addResult(
  { messages }: Conversation,
  call: { id: string; name: string },
  text: string,
): void {
  const result = {
    type: 'tool-result' as const,
    toolCallId: call.id,
    toolName: call.name,
    output: { type: 'text' as const, value: text.toWellFormed() },
  }
  const last = messages.at(-1)
  if (last?.role === 'tool') last.content.push(result)
  else messages.push({ role: 'tool', content: [result] })
}

/**
 * Takes in what the user says. It is the answer to a question that still waits for one; all other
 * calls without a result were cut off, and the model is told so.
 *
 * @returns the client's id of the call that was answered, if one was
 */
export function addPrompt(conversation: Conversation, text: string): string | undefined {
  const { messages, pending_question: pending } = conversation
  const open = openCalls(messages)
  const question = open.find(({ id }) => id === pending?.call_id)
  for (const call of open) {
    addResult(
      conversation,
      call,
      call === question
        ? text
        : 'Interrupted: this was not run, or not to its end. Look at the present state before you go on.',
    )
  }
  if (question === undefined) messages.push({ role: 'user', content: text })
  noteSaid(conversation.record, 'user', text)
  conversation.pending_question = null
  return question === undefined ? undefined : pending?.tool_call_id
}

/** The calls of the last answer that have no result. */
export function openCalls(messages: ModelMessage[]): { id: string; name: string }[] {
  const at = messages.findLastIndex(({ role }) => role === 'assistant')
  const answer = messages[at]
  if (answer?.role !== 'assistant' || typeof answer.content === 'string') return []
  const given = new Set(
    messages
      .slice(at + 1)
      .flatMap((message) => (message.role === 'tool' ? message.content : []))
      .map((part) => (part.type === 'tool-result' ? part.toolCallId : undefined)),
  )
  return answer.content.flatMap((part) =>
    part.type === 'tool-call' && !given.has(part.toolCallId)
      ? [{ id: part.toolCallId, name: part.toolName }]
      : [],
  )
}
