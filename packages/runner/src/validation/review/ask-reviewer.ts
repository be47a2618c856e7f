import { setTimeout as delay } from 'node:timers/promises'

import { z } from 'zod'

import { answerPermission } from '../../agent/answer-permission.ts'
import type { AgentDescriptor } from '../../agent/descriptor.ts'
import { composeLaunch, writeSettingsFiles } from '../../agent/launch.ts'
import { type Agent, startAgent } from '../../agent/start-agent.ts'
import type { Box } from '../../box/index.ts'
import type { Catalogue } from '../../gateway/catalogue.ts'
import type { Gateway } from '../../gateway/open-gateway.ts'
import type { Run } from '../../run/run.ts'
import type { SessionFirewall } from '../../session-firewall.ts'
import { ToolFailed } from '../finding.ts'

/** Of what it says last: more than any list that is read. */
const longestAnswer = 256 * 1024

const Update = z.discriminatedUnion('sessionUpdate', [
  z.object({
    sessionUpdate: z.literal('agent_message_chunk'),
    content: z.object({ type: z.literal('text'), text: z.string() }),
  }),
  z.object({ sessionUpdate: z.literal('tool_call') }),
])

/**
 * One turn of an agent that reviews. Gives what it said since it last used a tool.
 *
 * @throws ToolFailed when it takes too long
 * @throws SessionFailed as any agent does that cannot be started or fails
 */
export async function askReviewer(
  run: Run,
  box: Box,
  parts: {
    gateway: Gateway
    firewall: SessionFirewall
    descriptor: AgentDescriptor
    catalogue: Catalogue | undefined
    prompt: string
    timeoutMs: number
  },
): Promise<string> {
  const { gateway, firewall, descriptor, catalogue, prompt, timeoutMs } = parts
  const composed = composeLaunch(descriptor, gateway.url, catalogue)
  const launch = { ...composed, env: { ...firewall.env, ...composed.env } }
  await writeSettingsFiles(run, box, launch)
  let said = ''
  await using agent = await startAgent(run, box, launch, {
    onUpdate(told) {
      const update = Update.safeParse(told).data
      if (update === undefined) return
      said =
        update.sessionUpdate === 'tool_call'
          ? ''
          : (said + update.content.text).slice(-longestAnswer)
    },
    onElicitation: () => Promise.resolve({ action: 'decline' }),
    onPermissionRequest: (request) => {
      const { permissions } = run.context.settings
      return Promise.resolve(answerPermission(run.recorder, permissions, request))
    },
    onHook: () => Promise.resolve({}),
  })
  await takeTurn(agent, prompt, timeoutMs)
  return said
}

async function takeTurn(agent: Agent, prompt: string, timeoutMs: number): Promise<void> {
  const timer = new AbortController()
  const late = delay(timeoutMs, 'late' as const, { signal: timer.signal })
  // It is only ever stopped when nobody waits for it any more.
  late.catch(() => undefined)
  const turn = agent.begin().then((conversation) => agent.prompt(conversation, prompt))
  try {
    const first = await Promise.race([turn, late])
    if (first !== 'late') return
    // It fails as the agent is ended, which is no news.
    turn.catch(() => undefined)
    throw new ToolFailed(`it took longer than ${Math.round(timeoutMs / 60_000)} minutes`)
  } finally {
    timer.abort()
  }
}
