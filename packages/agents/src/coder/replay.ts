import type { SessionUpdate } from '@agentclientprotocol/sdk'
import type { Conversation } from './conversation/conversation.ts'

/** What was said, told again to a client that takes up a session: ACP wants it of `session/load`. */
export function* replayConversation({ messages, record }: Conversation): Generator<SessionUpdate> {
  for (const [at, { role, content }] of messages.entries()) {
    if (role === 'user' && typeof content === 'string') {
      yield { sessionUpdate: 'user_message_chunk', content: { type: 'text', text: content } }
    }
    if (role !== 'assistant' || typeof content === 'string') continue
    for (const [place, part] of content.entries()) {
      if (part.type === 'text') {
        yield { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: part.text } }
      } else if (part.type === 'tool-call') {
        const toolCallId = `before.${at}.${place}`
        yield {
          sessionUpdate: 'tool_call',
          toolCallId,
          title: part.toolName,
          status: 'completed',
          rawInput: part.input,
        }
      }
    }
  }
  if (record.plan.length === 0) return
  yield {
    sessionUpdate: 'plan',
    entries: record.plan.map((step) => ({ ...step, priority: 'medium' })),
  }
}
