import type { PromptResponse, StopReason } from '@agentclientprotocol/sdk'
import type { ToolSet } from 'ai'
import type { Steering } from '../acp/steering.ts'
import type { Client } from './client.ts'
import { addPrompt, type Conversation } from './conversation/conversation.ts'
import { correctScale, estimateTokens } from './conversation/estimate.ts'
import { makeRoom } from './conversation/make-room.ts'
import { summarise } from './conversation/summarise.ts'
import { callModel, type Answer } from './model/call-model.ts'
import {
  BrokenAnswer,
  describeModelError,
  mayBeTooLong,
  modelFailure,
} from './model/model-error.ts'
import type { Model } from './model/open-model.ts'
import { withRetries } from './model/with-retries.ts'
import { reportEnd } from './report-call.ts'
import { runCalls } from './run-calls.ts'
import type { CoderSettings } from './settings.ts'
import type { Tool } from './tools/tool.ts'
import { cleanReport, deriveReport, type TurnReport } from './turn-report.ts'

/** All a turn works with. */
export interface Turn {
  settings: CoderSettings
  model: Model
  workspace: string
  /** The environment of commands. */
  env: Readonly<Record<string, string | undefined>>
  instructions: string
  tools: Tool[]
  toolSet: ToolSet
  /** Tokens of instructions and tools, as estimated. */
  fixedTokens: number
  /** Longest note of a project, in characters. */
  noteLimit: number
  client: Client
  conversation: Conversation
  /** What the user says meanwhile. */
  steering: Steering
  /** Writes the conversation to its file. */
  keep: () => Promise<void>
  signal: AbortSignal
}

/**
 * One turn: the model answers, the tools it calls are run, the model is told the results, until it
 * reports that it has finished, says something without calling a tool, or reaches a limit.
 *
 * @throws failure when the model cannot be used
 */
export async function runTurn(turn: Turn, prompt: string): Promise<PromptResponse> {
  const { settings } = turn
  await takePrompt(turn, prompt)
  let spentTokens = 0
  let lastText = ''
  for (let step = 0; step < settings.stepLimit; step += 1) {
    if (spentTokens >= settings.tokenLimit) {
      return stop('max_tokens', `${settings.tokenLimit} tokens`, lastText)
    }
    await takeSteering(turn)
    const answer = await ask(turn)
    spentTokens += (answer.inputTokens ?? 0) + (answer.outputTokens ?? 0)
    if (answer.text.trim() !== '') lastText = answer.text
    const report = await takeIn(turn, answer, settings.stepLimit - step - 1)
    const isGoingOn =
      report === undefined && (answer.calls.length > 0 || answer.finishReason === 'length')
    // What was said last is heard before the turn is over.
    if (isGoingOn || !turn.steering.close()) continue
    if (report !== undefined) return end('end_turn', cleanReport(report))
    const reason = answer.finishReason === 'content-filter' ? 'refusal' : 'end_turn'
    return end(reason, deriveReport(lastText))
  }
  return stop('max_turn_requests', `${settings.stepLimit} steps`, lastText)
}

/** What the user has said since the last step, between two of them: after the tools, before the model. */
async function takeSteering({ conversation, steering, keep }: Turn): Promise<void> {
  const said = steering.take()
  if (said.length === 0) return
  conversation.messages.push({ role: 'user', content: said.join('\n\n') })
  await keep()
}

async function takePrompt({ client, conversation, keep }: Turn, prompt: string): Promise<void> {
  const answered = addPrompt(conversation, prompt)
  await keep()
  if (answered === undefined) return
  await reportEnd(client, answered, { text: prompt }, 'completed')
}

/** Keeps an answer in the conversation, runs what it calls, and says what else the model must know. */
async function takeIn(
  turn: Turn,
  answer: Answer,
  stepsLeft: number,
): Promise<TurnReport | undefined> {
  const { conversation } = turn
  conversation.messages.push(...answer.messages)
  conversation.steps += 1
  await turn.keep()
  const report = await runCalls(turn, answer)
  const notice = noticeFor(answer, stepsLeft)
  if (report === undefined && notice !== undefined) {
    conversation.messages.push({ role: 'user', content: notice })
    await turn.keep()
  }
  return report
}

function noticeFor(answer: Answer, stepsLeft: number): string | undefined {
  if (answer.calls.length === 0 && answer.finishReason === 'length') {
    return '[Your answer was cut off at the longest there can be. Go on, in smaller pieces.]'
  }
  if (answer.calls.length > 0 && (stepsLeft === 10 || stepsLeft === 3)) {
    return `[You have ${stepsLeft} answers left. Bring the work to a good end, and call finish.]`
  }
  return undefined
}

/** Asks the model about the conversation as it stands, shortened if need be. */
async function ask(turn: Turn): Promise<Answer> {
  const { settings, conversation, fixedTokens } = turn
  const making = {
    settings,
    fixedTokens,
    summarise: (transcript: string) => summarise(turn.model, settings, transcript, retrying(turn)),
  }
  try {
    if (await makeRoom(conversation, making)) await turn.keep()
    return await askOnce(turn).catch(async (error: unknown) => {
      if (!mayBeTooLong(error) || !(await makeRoom(conversation, making, true))) throw error
      await turn.keep()
      return askOnce(turn)
    })
  } catch (error) {
    turn.signal.throwIfAborted()
    throw modelFailure(error)
  }
}

async function askOnce(turn: Turn): Promise<Answer> {
  const { client, conversation, settings } = turn
  const question = {
    instructions: turn.instructions,
    messages: conversation.messages,
    tools: turn.toolSet,
    maxOutputTokens: settings.maxOutputTokens,
  }
  const listener = { onText: client.say, onReasoning: client.think }
  const answer = await withRetries(async () => {
    const answer = await callModel(turn.model, question, listener, turn.signal)
    const isEmpty = answer.text.trim() === '' && answer.calls.length === 0
    if (isEmpty && answer.finishReason === 'stop') throw new BrokenAnswer('The answer was empty')
    return answer
  }, retrying(turn))
  if (answer.inputTokens !== undefined && answer.inputTokens > 0) {
    const estimated = turn.fixedTokens + estimateTokens(conversation.messages)
    conversation.token_scale = correctScale(estimated, answer.inputTokens)
    const used = answer.inputTokens + (answer.outputTokens ?? 0)
    await client.update({ sessionUpdate: 'usage_update', used, size: settings.contextWindow })
  }
  return answer
}

/** How this turn tries again what failed for a passing reason. */
export function retrying({ client, signal }: Turn) {
  return {
    signal,
    onRetry: (error: unknown, delayMs: number) =>
      client.think(
        `${describeModelError(error)}; trying again in ${Math.ceil(delayMs / 1000)} s.\n`,
      ),
  }
}

function stop(reason: StopReason, limit: string, lastText: string): PromptResponse {
  const { title, body } = deriveReport(lastText) ?? { title: 'Unfinished work', body: '' }
  const notice = `The coder stopped at its limit of ${limit}, before it said that the work is done. What follows is what it said last; the change may be incomplete.`
  return end(reason, { title, body: `${notice}\n\n${body}`.trim() })
}

function end(stopReason: StopReason, report: TurnReport | undefined): PromptResponse {
  return { stopReason, ...(report === undefined ? {} : { _meta: { errand: { ...report } } }) }
}
