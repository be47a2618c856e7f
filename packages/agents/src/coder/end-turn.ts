import type { PromptResponse, StopReason } from '@agentclientprotocol/sdk'
import { settlePlan } from './record/plan.ts'
import { reportRecord } from './record/report-record.ts'
import { readState } from './record/workspace-state.ts'
import type { Turn } from './turn.ts'
import { deriveReport, type TurnReport } from './turn-report.ts'

/** Ends a turn at a limit, before the model said that it is done: with what it said last, and what is open. */
export async function stopTurn(
  turn: Turn,
  reason: StopReason,
  limit: string,
  lastText: string,
): Promise<PromptResponse> {
  const { title, body } = deriveReport(lastText) ?? { title: 'Unfinished work', body: '' }
  const notice = `The coder stopped at ${limit}, before it said that the work is done. What follows is what it said last; the change may be incomplete.`
  return endTurn(turn, reason, { title, body: `${notice}\n\n${body}`.trim() })
}

/** Ends a turn. Below the model's report stands what the record knows of it. */
export async function endTurn(
  turn: Turn,
  stopReason: StopReason,
  report: TurnReport | undefined,
): Promise<PromptResponse> {
  const { client, checks, conversation } = turn
  await settlePlan(conversation.record, client)
  await turn.keep()
  if (report === undefined) return { stopReason }
  const state = await readState(turn)
  const known = reportRecord({ record: conversation.record, found: checks, state })
  const body = [report.body, known].filter((part) => part !== '').join('\n\n')
  return { stopReason, _meta: { errand: { title: report.title, body } } }
}
