import type { CreateElicitationResponse } from '@agentclientprotocol/sdk'
import { isDisconnected, lastEvents, type SessionValues, StaleAttempt } from '@errand/core'

import type { AgentNotes } from './agent-notes.ts'
import type { AgentQuestion } from './agent/acp-connection.ts'
import { fitAnswer } from './agent/answer-form.ts'
import { answerPermission } from './agent/answer-permission.ts'
import { readCustomAgent } from './agent/custom-agent.ts'
import type { AgentDescriptor } from './agent/descriptor.ts'
import { mostToldEvents, tellConversation, toldEvents } from './agent/earlier-conversation.ts'
import { composeFirstPrompt } from './agent/first-prompt.ts'
import { composeLaunch, writeSettingsFiles } from './agent/launch.ts'
import { reportUpdate, type WorkLog } from './agent/report-update.ts'
import { startAgent } from './agent/start-agent.ts'
import { watchToolCalls } from './agent/tool-calls.ts'
import type { Box } from './box/index.ts'
import { converse, type Finished } from './converse.ts'
import { RunStopped, SessionFailed } from './failures.ts'
import type { Catalogue } from './gateway/catalogue.ts'
import type { Gateway } from './gateway/open-gateway.ts'
import { branchTip, type Mirror } from './mirror/mirror.ts'
import { type Questions, TooManyQuestions } from './questions.ts'
import type { Run } from './run/run.ts'
import { environmentOf } from './run/session-values.ts'
import type { SessionFirewall } from './session-firewall.ts'
import type { Checkout } from './workspace/check-out.ts'
import type { WorkBranch } from './workspace/work-branch.ts'
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
  checkout: Checkout
  mirror: Mirror
  branch: WorkBranch
  values: SessionValues
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
  const { gateway, firewall, descriptor, catalogue, questions, notes } = work
  const log: WorkLog = { commands: [], lastMessage: '' }
  await run.say('Starting the agent')
  try {
    const toolCalls = watchToolCalls()
    const progress = watchProgress(run, work.workspace.workspaceDir)
    const composed = composeLaunch(descriptor, gateway.url, catalogue)
    // Of two that say the same, Errand's own word counts.
    const values = await giveValues(run, work)
    const launch = { ...composed, env: { ...values, ...firewall.env, ...composed.env } }
    await writeSettingsFiles(run, box, launch)
    await using agent = await startAgent(run, box, launch, {
      onUpdate(told) {
        // Before anything is cut short: half of a secret is none to be found.
        const update = run.mask.value(told)
        toolCalls.note(update)
        progress.note(update)
        reportUpdate(run.recorder, log, update)
      },
      onElicitation: (question) => elicit(run, questions, question),
      onPermissionRequest(request) {
        const { toolCallId = '', kind = toolCalls.kindOf(toolCallId) } = request.toolCall
        const toolCall = { ...request.toolCall, kind }
        const { permissions } = run.context.settings
        return answerPermission(run.recorder, permissions, { ...request, toolCall })
      },
    })
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
      composePrompt: (mode) => composePrompt(run, work, mode),
    })
    const finished = await Promise.race([conversation, progress.whenStuck])
    if (finished === 'put_away') return 'put_away'
    if (agent.canLoad) work.workspace.conversationId = questions.conversationId
    return { ...finished, ...log }
  } catch (error) {
    throw blameModel(error, work)
  }
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
  const { mirror, branch, checkout, descriptor, toMend } = work
  if (toMend !== undefined && remembers) return toMend
  const base = await branchTip(run, mirror, branch.base)
  const commits = [checkout.startCommit, ...(base === undefined ? [] : [base])]
  const customAgent = await readCustomAgent(run, mirror, commits)
  const earlier = remembers ? undefined : await tellEarlier(run)
  const prompt = composeFirstPrompt(descriptor, lease, {
    ...(customAgent === undefined ? {} : { customAgent }),
    ...(earlier === undefined ? {} : { earlier }),
  })
  return toMend === undefined ? prompt : `${prompt}\n\n${toMend}`
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
