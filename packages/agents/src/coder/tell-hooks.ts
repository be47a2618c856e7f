import type { HookReply } from './client.ts'
import type { Turn } from './turn.ts'

/** What hooks of the repository can hear of a subagent and of a conversation that is made shorter. */
export type HookEvent =
  | {
      event: 'subagentStart'
      agentName: string
      agentDisplayName: string
      agentDescription: string
    }
  | {
      event: 'subagentStop'
      agentId: string
      agentType: string
      agentName: string
      agentDisplayName: string
      response: string
      stopReason: 'end_turn'
    }
  | { event: 'preCompact'; trigger: 'auto'; customInstructions: string }

/** Tells of it where somebody wants to hear, and waits for what is said to it. */
export async function tellHooks(
  { client, settings, signal }: Pick<Turn, 'client' | 'settings' | 'signal'>,
  told: HookEvent,
): Promise<HookReply> {
  if (!settings.hookEvents.includes(told.event)) return {}
  return await client.tellHooks(told, signal)
}
