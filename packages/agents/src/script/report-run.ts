import { randomUUID } from 'node:crypto'
import type { SessionUpdate } from '@agentclientprotocol/sdk'
import { failure } from '../acp/failure.ts'
import type { GroupEnd, GroupOptions } from '../process/run-group.ts'
import type { ScriptPrompt } from './parse-prompt.ts'
import { runScript } from './run-script.ts'

/** Output is told in pieces of this size at most, in characters. */
const pieceLength = 8000
/** What is told while the script runs; a session's record should not end because a build is chatty. */
const toldLimit = 1_000_000
/** How much of the end is kept for a message. */
const tailLength = 4000

/**
 * Runs the script as one tool call, whose output is told piece by piece as it comes. When there is
 * too much of it, the rest is left out but for the end.
 *
 * @throws failure when its interpreter is not there or is none
 */
export async function reportRun(
  prompt: ScriptPrompt,
  options: Omit<GroupOptions, 'onOutput'>,
  update: (update: SessionUpdate) => Promise<void>,
): Promise<{ end: GroupEnd; lastLines: string }> {
  const toolCallId = randomUUID()
  let printed = 0
  let tail = ''
  async function tell(text: string): Promise<void> {
    for (let at = 0; at < text.length; at += pieceLength) {
      const piece = text.slice(at, at + pieceLength)
      const content = [
        { type: 'content' as const, content: { type: 'text' as const, text: piece } },
      ]
      await update({ sessionUpdate: 'tool_call_update', toolCallId, content })
    }
  }

  await update({
    sessionUpdate: 'tool_call',
    toolCallId,
    title: `${prompt.interpreter[0]}: ${prompt.title}`,
    kind: 'execute',
    status: 'in_progress',
    rawInput: { script: prompt.script.slice(0, pieceLength) },
  })
  const end = await run(prompt, {
    ...options,
    async onOutput(text) {
      tail = (tail + text).slice(-tailLength)
      const room = toldLimit - printed
      printed += text.length
      if (room > 0) await tell(text.slice(0, room))
    },
  })
  if (printed > toldLimit) {
    const leftOut = Math.max(printed - toldLimit - tail.length, 0)
    await tell(`\n[... ${leftOut} characters left out ...]\n${tail.slice(toldLimit - printed)}`)
  }
  await update({
    sessionUpdate: 'tool_call_update',
    toolCallId,
    status: end.code === 0 ? 'completed' : 'failed',
    rawOutput: { exit_code: end.code ?? null },
  })
  return { end, lastLines: lastLinesOf(tail) }
}

async function run(prompt: ScriptPrompt, options: GroupOptions): Promise<GroupEnd> {
  try {
    return await runScript(prompt, options)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    const program = prompt.interpreter[0]
    if (error.code === 'ENOENT') {
      const message = `The script wants ${program}, which is not installed where it runs.`
      throw failure('agent', message, error)
    }
    if (error.code === 'EACCES') {
      throw failure('agent', `The script wants ${program}, which is not a program.`, error)
    }
    throw error
  }
}

function lastLinesOf(tail: string): string {
  const lines = tail.trim().split('\n').slice(-5).join('\n').slice(-600)
  return lines === '' ? '(it printed nothing)' : lines
}
