import type { PromptResponse } from '@agentclientprotocol/sdk'
import type { ToolSet } from 'ai'
import { failure } from '../acp/failure.ts'
import type { Steering } from '../acp/steering.ts'
import { askModel, isEmpty } from './ask-model.ts'
import type { FoundCheck } from './checks/place.ts'
import type { Client } from './client.ts'
import { addPrompt, type Conversation } from './conversation/conversation.ts'
import { correctScale, estimateTokens } from './conversation/estimate.ts'
import { type FactLimits, keepFacts } from './conversation/keep-facts.ts'
import { makeRoom } from './conversation/make-room.ts'
import { summarise } from './conversation/summarise.ts'
import { endTurn, stopTurn } from './end-turn.ts'
import type { Answer } from './model/call-model.ts'
import { mayBeTooLong, modelFailure, SpendingRefused } from './model/model-error.ts'
import type { Model } from './model/open-model.ts'
import { noteSaid } from './record/record.ts'
import { reportEnd } from './report-call.ts'
import { type RanCalls, runCalls } from './run-calls.ts'
import type { CoderSettings } from './settings.ts'
import type { Tool } from './tools/tool.ts'
import { tellHooks } from './tell-hooks.ts'
import { cleanReport, deriveReport } from './turn-report.ts'
import { type ProgressWatch, repetitionLimit, watchProgress } from './watch-progress.ts'

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
  /** How the repository tests itself, as found when the turn began. */
  checks: FoundCheck[]
  /** Tokens in and out of all questions of this turn, those of a cache included. */
  spent: { tokens: number; isTold: boolean }
}

/** The share of the tokens after which the model is told. */
const tokensToldAt = 0.8

/**
 * One turn: the model answers, the tools it calls are run, the model is told the results, until it
 * reports that it has finished, says something without calling a tool, goes round in circles, or reaches a
 * limit.
 *
 * @throws failure when the model cannot be used
 */
export async function runTurn(turn: Turn, prompt: string): Promise<PromptResponse> {
  const { settings, spent } = turn
  await takePrompt(turn, prompt)
  const progress = watchProgress()
  let lastText = ''
  let wasEmpty = false
  for (let step = 0; step < settings.stepLimit; step += 1) {
    if (spent.tokens >= settings.tokenLimit) {
      return stopTurn(turn, 'max_tokens', `its limit of ${settings.tokenLimit} tokens`, lastText)
    }
    await takeSteering(turn)
    try {
      const answer = await ask(turn)
      if (isEmpty(answer) && wasEmpty) return await stopEmpty(turn, step, lastText)
      wasEmpty = isEmpty(answer)
      if (answer.text.trim() !== '') lastText = answer.text
      const { report, results } = await takeIn(turn, answer)
      const isGoingOn = report === undefined && !saysItIsDone(answer)
      // What was said last is heard before the turn is over.
      if (isGoingOn || !turn.steering.close()) {
        const way = progress.note(stepOf(answer, results))
        if (way === 'stuck') {
          const circles = `${repetitionLimit} steps that brought nothing new`
          return await stopTurn(turn, 'max_turn_requests', circles, lastText)
        }
        await tellNotices(turn, answer, { way, stepsLeft: settings.stepLimit - step - 1 })
        continue
      }
      if (report !== undefined) return await endTurn(turn, 'end_turn', cleanReport(report))
      const reason = answer.finishReason === 'content-filter' ? 'refusal' : 'end_turn'
      return await endTurn(turn, reason, deriveReport(lastText))
    } catch (error) {
      // With nothing done there is nothing to report but the failure.
      if (!(error instanceof SpendingRefused)) throw error
      if (step === 0) throw failure('model', `${error.message}.`, error)
      return stopTurn(turn, 'max_tokens', `what may be spent (${error.message})`, lastText)
    }
  }
  return stopTurn(turn, 'max_turn_requests', `its limit of ${settings.stepLimit} steps`, lastText)
}

/** Whether it says something, and calls nothing. */
function saysItIsDone(answer: Answer): boolean {
  return answer.calls.length === 0 && answer.finishReason !== 'length' && !isEmpty(answer)
}

/** Ends a turn whose model says nothing, also when it is asked to. */
async function stopEmpty(turn: Turn, step: number, lastText: string): Promise<PromptResponse> {
  // It was told after its first answer, and nothing came before that.
  if (step === 1) throw failure('model', "The model's answers were empty.")
  return stopTurn(turn, 'max_turn_requests', 'answers that were empty', lastText)
}

/** How long something took is no news. */
function stepOf({ calls, text }: Answer, results: string[]): unknown {
  if (calls.length === 0) return text
  const timeless = results.map((result) =>
    result.replace(/\d+(\.\d+)? ?(ms|s|sec|seconds?)\b|\b(duration_ms|in) \d+(\.\d+)?/g, ''),
  )
  return [calls.map(({ name, input }) => [name, input]), timeless]
}

/** What the user has said since the last step, between two of them: after the tools, before the model. */
async function takeSteering({ conversation, steering, keep }: Turn): Promise<void> {
  const said = steering.take()
  if (said.length === 0) return
  conversation.messages.push({ role: 'user', content: said.join('\n\n') })
  for (const message of said) noteSaid(conversation.record, 'user', message)
  await keep()
}

async function takePrompt({ client, conversation, keep }: Turn, prompt: string): Promise<void> {
  const answered = addPrompt(conversation, prompt)
  await keep()
  if (answered === undefined) return
  await reportEnd(client, answered, { text: prompt }, 'completed')
}

/** Keeps an answer in the conversation, and runs what it calls. */
async function takeIn(turn: Turn, answer: Answer): Promise<RanCalls> {
  const { conversation } = turn
  // A server may refuse a question in which it finds an answer without content.
  if (!isEmpty(answer)) conversation.messages.push(...answer.messages)
  conversation.steps += 1
  await turn.keep()
  return runCalls(turn, answer)
}

interface Situation {
  way: ReturnType<ProgressWatch['note']>
  stepsLeft: number
}

/** Says what else the model must know before it goes on. */
async function tellNotices(turn: Turn, answer: Answer, situation: Situation): Promise<void> {
  const notices = [...noticesFor(turn, answer, situation)]
  if (notices.length === 0) return
  turn.conversation.messages.push({ role: 'user', content: notices.join('\n') })
  await turn.keep()
}

function* noticesFor(
  { spent, settings }: Turn,
  answer: Answer,
  { way, stepsLeft }: Situation,
): Generator<string> {
  const { calls, finishReason } = answer
  if (isEmpty(answer)) {
    yield '[Your answer was empty. Go on with the work; or call finish if it is done.]'
  }
  if (calls.length === 0 && finishReason === 'length') {
    yield '[Your answer was cut off at the longest there can be. Go on, in smaller pieces.]'
  }
  if (way === 'to_be_told') {
    yield '[You repeat calls whose results you have already. Do something else; or finish, and say what is left open.]'
  }
  if (calls.length > 0 && (stepsLeft === 10 || stepsLeft === 3)) {
    yield `[You have ${stepsLeft} answers left. Bring the work to a good end, and call finish.]`
  }
  if (!spent.isTold && spent.tokens >= settings.tokenLimit * tokensToldAt) {
    spent.isTold = true
    yield `[Of the ${settings.tokenLimit} tokens of this task ${spent.tokens} are used. Bring the work to a good end, and call finish.]`
  }
}

/** Asks the model about the conversation as it stands, shortened if need be. */
async function ask(turn: Turn): Promise<Answer> {
  const { settings, conversation, fixedTokens } = turn
  const making = {
    settings,
    fixedTokens,
    async summarise(transcript: string) {
      await tellHooks(turn, { event: 'preCompact', trigger: 'auto', customInstructions: '' })
      return await summarise(turn, transcript)
    },
    facts: (limits: FactLimits) => keepFacts(conversation.record, turn, limits),
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
    throw error instanceof SpendingRefused ? error : modelFailure(error)
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
  const answer = await askModel(turn, question, { onText: client.say, onReasoning: client.think })
  if (answer.inputTokens !== undefined && answer.inputTokens > 0) {
    const estimated = turn.fixedTokens + estimateTokens(conversation.messages)
    conversation.token_scale = correctScale(estimated, answer.inputTokens)
    const used = answer.inputTokens + (answer.outputTokens ?? 0)
    await client.update({ sessionUpdate: 'usage_update', used, size: settings.contextWindow })
  }
  return answer
}
