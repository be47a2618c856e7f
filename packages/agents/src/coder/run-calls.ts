import { z } from 'zod'
import { isCheck } from './checks/is-check.ts'
import { QuestionLeftOpen } from './client.ts'
import { refusalOf } from './ask-permission.ts'
import { addResult } from './conversation/conversation.ts'
import { explore } from './explore/explore.ts'
import { showNote } from './instructions.ts'
import type { Answer, ToolCall } from './model/call-model.ts'
import { SpendingRefused } from './model/model-error.ts'
import { readNestedNotes } from './project-notes.ts'
import { takePlan } from './record/plan.ts'
import { noteRun, noteSaid } from './record/record.ts'
import { stateOf } from './record/report-record.ts'
import { readState } from './record/workspace-state.ts'
import { reportEnd, reportStart } from './report-call.ts'
import { resultLimit } from './result-limit.ts'
import { explainFailure, type Tool, type ToolContext, type ToolResult } from './tools/tool.ts'
import type { Turn } from './turn.ts'
import type { TurnReport } from './turn-report.ts'

/** How many calls that only read are run at once. */
const mostAtOnce = 8

export interface RanCalls {
  /** Once the model has given it. */
  report?: TurnReport
  /** What the model is told, call by call. */
  results: string[]
}

/**
 * Runs the tools an answer calls, in their order, and keeps the conversation after each. Those that
 * only read are run at once where they stand side by side; what changes something is run alone.
 *
 * @throws SpendingRefused from the model of an exploration, QuestionLeftOpen
 */
export async function runCalls(turn: Turn, answer: Answer): Promise<RanCalls> {
  const limit = resultLimit(turn.settings, answer.calls.length)
  const ran: RanCalls = { results: [] }
  for (const batch of batchesOf(turn, answer.calls)) {
    const settled = await Promise.allSettled(
      batch.map(async ({ call, at }): Promise<ToolResult> => {
        if (ran.report !== undefined) return { text: 'Not run: the task was finished before.' }
        return runCall(turn, call, `${turn.conversation.steps}.${at}`, limit, answer)
      }),
    )
    for (const [place, { call }] of batch.entries()) {
      // One for each of the batch.
      const result = settled[place]!
      if (result.status === 'rejected') throw result.reason
      const { text, report } = result.value
      if (report !== undefined) ran.report ??= report
      ran.results.push(text)
      addResult(turn.conversation, call, text)
      await turn.keep()
    }
  }
  return ran
}

interface PlacedCall {
  call: ToolCall
  at: number
}

function batchesOf({ tools }: Turn, calls: ToolCall[]): PlacedCall[][] {
  const isReadOnly = ({ name }: ToolCall) =>
    tools.find((tool) => tool.name === name)?.isReadOnly === true
  const batches: PlacedCall[][] = []
  for (const [at, call] of calls.entries()) {
    const last = batches.at(-1)
    const before = last?.at(-1)?.call
    const joins = before !== undefined && isReadOnly(before) && isReadOnly(call)
    if (last !== undefined && joins && last.length < mostAtOnce) last.push({ call, at })
    else batches.push([{ call, at }])
  }
  return batches
}

async function runCall(
  turn: Turn,
  call: ToolCall,
  toolCallId: string,
  limit: number,
  { finishReason }: Answer,
): Promise<ToolResult> {
  const tool = turn.tools.find(({ name }) => name === call.name)
  if (tool === undefined) {
    const names = turn.tools.map(({ name }) => name).join(', ')
    return { text: `There is no tool ${call.name}. There are: ${names}.` }
  }
  const input = tool.input.safeParse(call.input)
  if (!input.success) {
    // What is no JSON comes as the text it is.
    const wrong =
      typeof call.input === 'string' ? 'its input is not JSON.' : z.prettifyError(input.error)
    const cut =
      finishReason === 'length' ? '\nYour answer was cut off: write less in one call.' : ''
    return { text: `${call.name} was not run: ${wrong}${cut}` }
  }
  if (tool.isQuiet !== true) await reportStart(turn, toolCallId, tool, input.data)
  const refusal = await refusalOf(turn, tool, toolCallId, input.data)
  if (refusal !== undefined) {
    const result = { text: `${tool.name} was not run: ${refusal}` }
    await reportEnd(turn.client, toolCallId, result, 'failed')
    return result
  }
  const { result, status } = await runTool(
    turn,
    tool,
    input.data,
    contextOf(turn, call, toolCallId, limit),
  )
  if (tool.isQuiet !== true) await reportEnd(turn.client, toolCallId, result, status)
  return result
}

async function runTool(
  turn: Turn,
  tool: Tool,
  input: unknown,
  context: ToolContext,
): Promise<{ result: ToolResult; status: 'completed' | 'failed' }> {
  try {
    const result = await tool.run(context, input)
    await noteUse(turn, tool, result)
    const notes = await newNotes(turn, tool.path?.(input))
    return { result: { ...result, text: result.text + notes }, status: 'completed' }
  } catch (error) {
    turn.signal.throwIfAborted()
    if (error instanceof QuestionLeftOpen || error instanceof SpendingRefused) throw error
    // Also of what was not foreseen the model is told: it may know another way.
    const text = explainFailure(tool, error)
    return { result: { text }, status: 'failed' }
  }
}

/** What the report will be able to claim. */
async function noteUse(turn: Turn, tool: Tool, { diff, ran }: ToolResult): Promise<void> {
  const { record } = turn.conversation
  if (tool.isQuiet !== true) record.uses += 1
  if (diff !== undefined) record.edits += 1
  if (ran === undefined) return
  const is_check = isCheck(ran.command, turn.checks)
  const state = is_check ? stateOf(record, await readState(turn)) : null
  noteRun(record, { ...ran, is_check, state })
}

/** The notes of the folders a tool has touched for the first time. */
async function newNotes(turn: Turn, path: string | undefined): Promise<string> {
  if (path === undefined) return ''
  const { conversation, noteLimit, workspace } = turn
  const notes = await readNestedNotes(workspace, path, noteLimit)
  const unseen = notes.filter((note) => !conversation.shown_notes.includes(note.path))
  conversation.shown_notes.push(...unseen.map((note) => note.path))
  return unseen.map((note) => `\n\n${showNote(note)}`).join('')
}

function contextOf(turn: Turn, call: ToolCall, toolCallId: string, limit: number): ToolContext {
  const { client, conversation, signal } = turn
  const context: ToolContext = {
    workspace: turn.workspace,
    env: turn.env,
    signal,
    outputLimit: limit,
    takePlan: (steps) => takePlan(conversation.record, client, steps),
    explore: (question) => explore(turn, context, question),
    async ask(question) {
      noteSaid(conversation.record, 'coder', question)
      // From here on the process may be gone when the answer comes: it then comes as the next prompt.
      conversation.pending_question = { call_id: call.id, tool_call_id: toolCallId }
      await turn.keep()
      const answer = await client.ask(toolCallId, question, signal)
      conversation.pending_question = null
      noteSaid(conversation.record, 'user', answer)
      return answer
    },
  }
  return context
}
