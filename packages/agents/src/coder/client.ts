import type {
  AgentContext,
  CreateElicitationResponse,
  PlanEntry,
  SessionUpdate,
} from '@agentclientprotocol/sdk'

/** The client takes no answer now; it may have one later, and bring it with the next prompt. */
export class QuestionLeftOpen extends Error {}

/** The other side of a session: who is told what happens, and can be asked. */
export interface Client {
  canAsk: boolean
  update: (update: SessionUpdate) => Promise<void>
  say: (text: string) => Promise<void>
  think: (text: string) => Promise<void>
  showPlan: (entries: PlanEntry[]) => Promise<void>
  /**
   * Asks the user, on behalf of a tool call.
   *
   * @throws QuestionLeftOpen
   */
  ask: (toolCallId: string, question: string, signal: AbortSignal) => Promise<string>
}

export function createClient(context: AgentContext, sessionId: string, canAsk: boolean): Client {
  const update = (update: SessionUpdate) => context.notify('session/update', { sessionId, update })
  return {
    canAsk,
    update,
    say: (text) =>
      update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } }),
    think: (text) =>
      update({ sessionUpdate: 'agent_thought_chunk', content: { type: 'text', text } }),
    showPlan: (entries) => update({ sessionUpdate: 'plan', entries }),
    async ask(toolCallId, question, signal) {
      const form = {
        mode: 'form' as const,
        sessionId,
        toolCallId,
        message: question,
        requestedSchema: {
          type: 'object' as const,
          properties: { answer: { type: 'string' as const, title: 'Answer' } },
          required: ['answer'],
        },
      }
      const options = { cancellationSignal: signal, stopWaitingOnCancel: true }
      return readAnswer(await context.request('elicitation/create', form, options))
    },
  }
}

function readAnswer(response: CreateElicitationResponse): string {
  if (response.action === 'cancel') throw new QuestionLeftOpen()
  const content: unknown = response.action === 'accept' ? response['content'] : undefined
  if (typeof content === 'object' && content !== null && 'answer' in content) {
    return `The user answers: ${String(content.answer)}`
  }
  return 'The user does not answer. Decide yourself, and say so in the report.'
}
