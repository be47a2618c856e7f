import type {
  AgentContext,
  CreateElicitationResponse,
  PlanEntry,
  SessionUpdate,
  ToolKind,
} from '@agentclientprotocol/sdk'
import { z } from 'zod'

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
  /** Asks whether a tool may be used. Gives why not; undefined where it may. */
  refusal: (use: ToolUse, signal: AbortSignal) => Promise<string | undefined>
  /** Tells hooks of what is about to happen or has, and gives what they say to it. */
  tellHooks: (event: object, signal: AbortSignal) => Promise<HookReply>
}

/** The use of a tool, for who is to allow it. */
export interface ToolUse {
  toolCallId: string
  title: string
  kind: ToolKind
  rawInput: unknown
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
    async refusal(toolCall, signal) {
      const question = { sessionId, toolCall, options: [...permissionOptions] }
      const options = { cancellationSignal: signal, stopWaitingOnCancel: true }
      const answer = await context.request('session/request_permission', question, options)
      return readPermission(answer)
    },
    async tellHooks(event, signal) {
      const options = { cancellationSignal: signal, stopWaitingOnCancel: true }
      const reply = await context.request('_errand/hook', { sessionId, ...event }, options)
      return HookReply.parse(reply)
    },
  }
}

/** In the words of GitHub's hooks. */
const HookReply = z.object({
  decision: z.enum(['block']).optional(),
  reason: z.string().optional(),
  additionalContext: z.string().optional(),
  modifiedResponse: z.string().optional(),
})
export type HookReply = z.infer<typeof HookReply>

const permissionOptions = [
  { optionId: 'allow', name: 'Allow', kind: 'allow_once' },
  { optionId: 'deny', name: 'Deny', kind: 'reject_once' },
] as const

const Permission = z.object({
  outcome: z.object({ outcome: z.string(), optionId: z.string().optional() }),
  _meta: z
    .object({ errand: z.object({ reason: z.string() }) })
    .optional()
    .catch(undefined),
})

function readPermission(answer: unknown): string | undefined {
  const { outcome, _meta } = Permission.parse(answer)
  if (outcome.outcome === 'selected' && outcome.optionId === 'allow') return undefined
  return _meta?.errand.reason ?? 'it may not be used here'
}

function readAnswer(response: CreateElicitationResponse): string {
  if (response.action === 'cancel') throw new QuestionLeftOpen()
  const content: unknown = response.action === 'accept' ? response['content'] : undefined
  if (typeof content === 'object' && content !== null && 'answer' in content) {
    return `The user answers: ${String(content.answer)}`
  }
  return 'The user does not answer. Decide yourself, and say so in the report.'
}
