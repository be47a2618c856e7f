import { z } from 'zod'
import { QuestionLeftOpen } from './client.ts'
import { addResult } from './conversation/conversation.ts'
import { charactersOf } from './conversation/estimate.ts'
import { showNote } from './instructions.ts'
import type { Answer, ToolCall } from './model/call-model.ts'
import { readNestedNotes } from './project-notes.ts'
import { reportEnd, reportStart } from './report-call.ts'
import { ToolError, type Tool, type ToolContext, type ToolResult } from './tools/tool.ts'
import type { Turn } from './turn.ts'
import type { TurnReport } from './turn-report.ts'

/** No result is longer, however large the model's window. In characters. */
const outputLimit = 30_000
const smallestOutputLimit = 1000
/** What all results of one answer may take up of the room for a question. */
const resultsShare = 0.2

/**
 * Runs the tools an answer calls, one after the other, and keeps the conversation after each.
 *
 * @returns the report, once the model has given it
 */
export async function runCalls(turn: Turn, answer: Answer): Promise<TurnReport | undefined> {
  const share = charactersOf(turn.settings, resultsShare) / answer.calls.length
  const limit = Math.min(Math.max(Math.floor(share), smallestOutputLimit), outputLimit)
  let report: TurnReport | undefined
  for (const [at, call] of answer.calls.entries()) {
    const result: ToolResult =
      report === undefined
        ? await runCall(turn, call, `${turn.conversation.steps}.${at}`, limit, answer)
        : { text: 'Not run: the task was finished before.' }
    report ??= result.report
    addResult(turn.conversation, call, result.text)
    await turn.keep()
  }
  return report
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
    const notes = await newNotes(turn, tool.path?.(input))
    return { result: { ...result, text: result.text + notes }, status: 'completed' }
  } catch (error) {
    turn.signal.throwIfAborted()
    if (error instanceof QuestionLeftOpen) throw error
    // Also of what was not foreseen the model is told: it may know another way.
    const words = error instanceof Error ? error.message : String(error)
    const text = error instanceof ToolError ? words : `${tool.name} failed: ${words}`
    return { result: { text }, status: 'failed' }
  }
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
  return {
    workspace: turn.workspace,
    env: turn.env,
    signal,
    outputLimit: limit,
    showPlan: client.showPlan,
    async ask(question) {
      // From here on the process may be gone when the answer comes: it then comes as the next prompt.
      conversation.pending_question = { call_id: call.id, tool_call_id: toolCallId }
      await turn.keep()
      const answer = await client.ask(toolCallId, question, signal)
      conversation.pending_question = null
      return answer
    },
  }
}
