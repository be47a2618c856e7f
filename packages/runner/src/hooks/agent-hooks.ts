import { z } from 'zod'

import type { SessionHooks } from './session-hooks.ts'

const name = z.string().min(1).max(200)
const subagent = { agentName: name, agentDisplayName: name.optional() }

/**
 * What an agent that is asked to (`ERRAND_HOOKS`) tells of before it goes on: only it knows. An extension of ACP,
 * `_errand/hook`, in the words of GitHub's payloads.
 */
export const HookRequest = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('subagentStart'),
    ...subagent,
    agentDescription: z.string().max(2000).optional(),
  }),
  z.object({
    event: z.literal('subagentStop'),
    ...subagent,
    agentId: name,
    agentType: name,
    response: z.string().max(256 * 1024),
    stopReason: z.literal('end_turn'),
  }),
  z.object({
    event: z.literal('preCompact'),
    trigger: z.literal('auto'),
    customInstructions: z.string().max(2000),
  }),
])
export type HookRequest = z.infer<typeof HookRequest>

/** What the agent has to heed, as hooks themselves answer. */
export interface HookReply {
  decision?: 'block'
  reason?: string
  additionalContext?: string
  modifiedResponse?: string
}

/** The hooks of what the agent alone knows. */
export interface AgentHooks {
  /** The events it is to tell of. */
  events: readonly HookRequest['event'][]
  answer(request: HookRequest): Promise<HookReply>
}

const events = ['subagentStart', 'subagentStop', 'preCompact'] as const
/** An agent can say at will that something has happened; hooks take as long as they like. */
const mostTold = 200

/** Runs one after the other what the agent tells of, and after very many nothing any more. */
export function openAgentHooks(hooks: SessionHooks): AgentHooks {
  let left = mostTold
  let last: Promise<unknown> = Promise.resolve()

  async function fire({ event, ...details }: HookRequest): Promise<HookReply> {
    const { isBlocking, reason, context, response } = await hooks.fire(event, details)
    return {
      ...(isBlocking === true && { decision: 'block' as const, reason: reason ?? 'Go on.' }),
      ...(context !== undefined && { additionalContext: context }),
      ...(response !== undefined && { modifiedResponse: response }),
    }
  }

  return {
    events: events.filter((event) => hooks.has(event)),
    async answer(request) {
      if (!hooks.has(request.event) || left === 0) return {}
      left -= 1
      const answered = last.then(() => fire(request))
      last = answered.catch(() => undefined)
      return await answered
    },
  }
}
