import type { CreateElicitationResponse } from '@agentclientprotocol/sdk'
import type { CloudAgentConfiguration } from '@errand/contract'
import {
  type CustomAgent,
  isDisconnected,
  lastEvents,
  type SessionValues,
  StaleAttempt,
} from '@errand/core'

import type { AgentNotes } from './agent-notes.ts'
import type { AgentQuestion } from './agent/acp-connection.ts'
import { fitAnswer } from './agent/answer-form.ts'
import { answerPermission } from './agent/answer-permission.ts'
import { deniedKinds } from './agent/denied-kinds.ts'
import { type AgentDescriptor, restrict } from './agent/descriptor.ts'
import { mostToldEvents, tellConversation, toldEvents } from './agent/earlier-conversation.ts'
import { composeFirstPrompt } from './agent/first-prompt.ts'
import { composeLaunch, writeSettingsFiles } from './agent/launch.ts'
import { reportUpdate, type WorkLog } from './agent/report-update.ts'
import { startAgent } from './agent/start-agent.ts'
import { watchToolCalls } from './agent/tool-calls.ts'
import type { Box } from './box/index.ts'
import { converse, type Finished } from './converse.ts'
import { aroundWork } from './hooks/around-work.ts'
import { openSessionHooks, type SessionHooks } from './hooks/session-hooks.ts'
import { openAgentHooks } from './hooks/agent-hooks.ts'
import { watchToolHooks } from './hooks/tool-hooks.ts'
import { RunStopped, SessionFailed } from './failures.ts'
import type { Catalogue } from './gateway/catalogue.ts'
import type { Gateway } from './gateway/open-gateway.ts'
import type { McpEndpoints } from './mcp/endpoints.ts'
import { openAgentsServers } from './mcp/open-agents-servers.ts'
import type { Playwright } from './mcp/playwright-server/prepare-playwright.ts'
import type { Mirror } from './mirror/mirror.ts'
import type { Repository } from './mirror/repository.ts'
import { type Questions, TooManyQuestions } from './questions.ts'
import type { Run } from './run/run.ts'
import { environmentOf } from './run/session-values.ts'
import type { SessionFirewall } from './session-firewall.ts'
import type { Checkout } from './workspace/check-out.ts'
import { tellRepository } from './steering/tell-repository.ts'
import { watchProgress } from './watch-progress.ts'
import type { Workspace } from './workspace/workspace.ts'

export interface AgentWork {
  workspace: Workspace
  gateway: Gateway
  firewall: SessionFirewall
  descriptor: AgentDescriptor
  catalogue: Catalogue | undefined
  questions: Questions
  notes: AgentNotes
  mcpEndpoints: McpEndpoints
  playwright: Playwright | undefined
  configuration: CloudAgentConfiguration
  repository: Repository
  checkout: Checkout
  mirror: Mirror
  customAgent: CustomAgent | undefined
  values: SessionValues
  /** What the repository's setup steps have set. */
  setupEnv: Readonly<Record<string, string>>
  /** What was found in the work that this agent has done: it is started again to mend that. */
  toMend?: string
}

/**
 * Starts the agent, talks with it until it is done, and ends it: when this returns, nothing of it runs
 * any more.
 *
 * @throws SessionFailed model_failed where the model is why the agent failed; no_progress
 */
export async function letAgentWork(
  run: Run,
  box: Box,
  work: AgentWork,
): Promise<(Finished & WorkLog) | 'put_away'> {
  // Of two that say the same, the later word counts, and Errand's own last.
  const values = { ...(await giveValues(run, work)), ...work.setupEnv }
  const { isReopened } = work.workspace
  const hooks = await openSessionHooks(run, box, { ...work, ...work.checkout, values })
  const talking = () => talk(run, box, work, { values, hooks })
  // Those of the session's beginning and end run once, around the work itself.
  if (work.toMend !== undefined) return await talking()
  return await aroundWork(run, hooks, { isReopened }, talking)
}

/** The work between the hooks of its beginning and of its end. */
async function talk(
  run: Run,
  box: Box,
  work: AgentWork,
  { values, hooks }: { values: Record<string, string>; hooks: SessionHooks },
): Promise<(Finished & WorkLog) | 'put_away'> {
  const { gateway, firewall, catalogue, questions, notes } = work
  const log: WorkLog = { commands: [], lastMessage: '' }
  const toolHooks = watchToolHooks(hooks, (error) => {
    if (!run.signal.aborted) run.context.log.error({ err: error }, 'a hook could not be run')
  })
  await run.say('Starting the agent')
  try {
    const permissions = permissionsOf(run, work, hooks)
    const mayBeDenied = permissions.isAskedAgain || permissions.deny.length > 0
    const descriptor = mayBeDenied ? restrict(work.descriptor) : work.descriptor
    const toolCalls = watchToolCalls()
    const progress = watchProgress(run, work.workspace.workspaceDir)
    // Chromium does not start without /proc.
    const playwright = box.level === 'full' ? work.playwright : undefined
    await using _servers = await openAgentsServers(run, { ...work, playwright })
    const composed = composeLaunch(descriptor, gateway.url, catalogue, work.mcpEndpoints.names())
    const tools = work.customAgent?.tools
    const agentHooks = openAgentHooks(hooks)
    const own = {
      ...composed.env,
      ...(tools && { ERRAND_TOOLS: tools.kinds.join(',') }),
      ...(agentHooks.events.length > 0 && { ERRAND_HOOKS: agentHooks.events.join(',') }),
    }
    const launch = { ...composed, env: { ...values, ...firewall.env, ...own } }
    await writeSettingsFiles(run, box, launch)
    await using agent = await startAgent(run, box, launch, {
      onUpdate(told) {
        // Before anything is cut short: half of a secret is none to be found.
        const update = run.mask.value(told)
        toolCalls.note(update)
        progress.note(update)
        toolHooks.note(update)
        reportUpdate(run.recorder, log, update)
      },
      onElicitation: (question) => elicit(run, questions, question),
      async onPermissionRequest(request) {
        const { toolCallId = '', kind = toolCalls.kindOf(toolCallId) } = request.toolCall
        const asked = { ...request, toolCall: { ...request.toolCall, kind } }
        const isDenied = permissions.deny.includes(kind ?? 'other')
        const refusal = isDenied
          ? undefined
          : await toolHooks.refusal(run.mask.value(asked.toolCall))
        return answerPermission(run.recorder, permissions, asked, refusal)
      },
      onHook: (request) => agentHooks.answer(run.mask.value(request)),
    })
    let isGoingOn = false
    const conversation = converse(run, agent, {
      questions,
      notes,
      toolCalls,
      onTurnOver() {
        toolCalls.clear()
        progress.clear()
      },
      earlierId: earlierConversation(run, work),
      isMending: work.toMend !== undefined,
      async composePrompt(mode) {
        const prompt = await composePrompt(run, work, mode)
        const isFirst = work.toMend === undefined && !work.workspace.isReopened
        return isFirst ? await transformPrompt(run, hooks, prompt) : prompt
      },
      async onStop(stopReason) {
        await toolHooks.settled()
        const details = { stopReason, stop_hook_active: isGoingOn }
        const { isBlocking = false, reason } = await hooks.fire('agentStop', details)
        isGoingOn = isBlocking
        return isBlocking ? (reason ?? 'Go on with your work.') : undefined
      },
    })
    const finished = await Promise.race([conversation, progress.whenStuck])
    if (finished === 'put_away') return 'put_away'
    if (agent.canLoad) work.workspace.conversationId = questions.conversationId
    return { ...finished, ...log }
  } catch (error) {
    throw blameModel(error, work)
  } finally {
    await toolHooks.settled()
  }
}

/** What the settings, the custom agent and the repository's hooks leave an agent to do. */
function permissionsOf(run: Run, { customAgent }: AgentWork, hooks: SessionHooks) {
  const deny = [...run.context.settings.permissions.deny, ...deniedKinds(customAgent?.tools)]
  return { deny, isAskedAgain: hooks.has('preToolUse') }
}

/** What the agent's environment has of the repository's values; of names that are not theirs it is told. */
async function giveValues(run: Run, { values }: AgentWork): Promise<Record<string, string>> {
  const { given, kept } = environmentOf(values)
  for (const name of kept) {
    const message = `The agent is not given ${name}: the name is not for secrets and variables.`
    await run.say(message, 'warning')
  }
  return given
}

async function elicit(
  run: Run,
  questions: Questions,
  question: AgentQuestion,
): Promise<CreateElicitationResponse> {
  try {
    const answer = await questions.answerTo(await questions.ask(question))
    // Put away: the agent is about to end, and nobody hears.
    if (answer === undefined) return { action: 'cancel' }
    return { action: 'accept', content: fitAnswer(question.requestedSchema, answer) }
  } catch (error) {
    if (error instanceof TooManyQuestions) return { action: 'decline' }
    if (error instanceof StaleAttempt || isDisconnected(error)) {
      run.stop(new RunStopped('lease_lost', error))
    }
    throw error
  }
}

/**
 * What the agent's home remembers: the conversation that was put away, or that of the task's last session;
 * where it is to mend its work, that of the work.
 */
function earlierConversation({ lease }: Run, { workspace, toMend }: AgentWork): string | undefined {
  if (workspace.isReopened && toMend === undefined)
    return lease.session.agent_session_id ?? undefined
  return workspace.conversationId
}

async function composePrompt(
  run: Run,
  work: AgentWork,
  { remembers }: { remembers: boolean },
): Promise<string> {
  const { lease } = run
  const { mirror, checkout, descriptor, customAgent, toMend } = work
  if (toMend !== undefined && remembers) return toMend
  // Told once in a conversation.
  const repository =
    remembers || descriptor.isVerbatim
      ? undefined
      : await tellRepository(run, { mirror, ...checkout }, descriptor.readsInstructions)
  const earlier = remembers ? undefined : await tellEarlier(run)
  const prompt = composeFirstPrompt(descriptor, lease, {
    ...(customAgent === undefined ? {} : { customAgent: customAgent.instructions }),
    ...(repository === undefined ? {} : { repository }),
    ...(earlier === undefined ? {} : { earlier }),
  })
  return toMend === undefined ? prompt : `${prompt}\n\n${toMend}`
}

/** What the agent is told: a hook of the repository may put something else in the place of the whole prompt. */
async function transformPrompt(
  { lease }: Run,
  hooks: SessionHooks,
  transformedPrompt: string,
): Promise<string> {
  const { prompt } = lease.session
  const answer = await hooks.fire('userPromptTransformed', { prompt, transformedPrompt })
  return answer.prompt ?? transformedPrompt
}

/** Of the task's earlier sessions. What was said in this one is replayed from its own rows. */
async function tellEarlier({ context, lease }: Run): Promise<string | undefined> {
  if (lease.session.number === 1) return undefined
  const query = { types: toldEvents, limit: mostToldEvents }
  const events = await lastEvents(context.store, lease.task.id, query)
  return tellConversation(events.filter(({ session_id: id }) => id !== lease.session.id))
}

/** An agent whose last call of the model failed has failed for that reason, whatever it says. */
function blameModel(error: unknown, { gateway, catalogue }: AgentWork): unknown {
  const isAgents =
    error instanceof SessionFailed && ['agent_failed', 'agent_crashed'].includes(error.failure)
  if (!isAgents || catalogue === undefined || gateway.modelFailure === undefined) return error
  const message = `The model ${catalogue.model.id} of ${catalogue.upstreamName} failed: ${gateway.modelFailure}`
  return new SessionFailed('model_failed', message, error)
}
