import type { Session, State } from '@errand/contract'
import type { PlannedTask, TaskRecord } from './journal-record.ts'

/** What became of one repository's part of a campaign, as far as its journal knows. */
export interface Progress extends PlannedTask {
  attempt: number
  /** `sending` means that a create was begun whose answer is not known. */
  step: 'planned' | 'skipped' | 'sending' | 'open' | 'refused' | 'ended'
  sentAt?: string
  taskId?: string
  url?: string
  /** Of the task, as it was last seen. */
  state?: State
  reason?: string
  pullUrl?: string
  seconds?: number
  /** What the task used, as far as the server told. */
  usage?: Session['usage']
  /** What those of earlier attempts cost, in nano AI credits. */
  earlierNano?: number
  /** Whether its pull request got the campaign's title, labels and reviewers. */
  pull?: 'preparing' | 'prepared'
  /** What of them the forge refused. */
  problems?: readonly string[]
}

export function plannedProgress(task: PlannedTask): Progress {
  return { ...task, attempt: 1, step: 'planned' }
}

/** What a line of the journal makes of a repository's progress. One of an earlier attempt changes nothing. */
export function applyRecord(progress: Progress, record: TaskRecord): Progress {
  const { attempt, earlierNano = 0 } = progress
  const planned = plannedOf(progress)
  if (record.attempt < attempt) return progress
  const kept = { ...planned, ...(earlierNano > 0 && { earlierNano }) }
  if (record.type === 'retry') {
    const spent = earlierNano + (nanoOf(progress) ?? 0)
    const earlier = spent > 0 ? { earlierNano: spent } : {}
    return { ...planned, ...earlier, attempt: record.attempt, step: 'planned' }
  }
  if (record.type === 'sending') {
    return { ...kept, attempt, step: 'sending', sentAt: record.at }
  }
  if (record.type === 'sent') {
    const { task_id: taskId, url } = record
    return { ...progress, step: 'open', state: 'queued', taskId, ...(url !== undefined && { url }) }
  }
  if (record.type === 'preparing') return { ...progress, pull: 'preparing' }
  if (record.type === 'prepared') {
    return { ...progress, pull: 'prepared', problems: record.problems }
  }
  if (record.type !== 'ended') return { ...progress, step: record.type, reason: record.reason }
  const { state, reason, pull_url: pullUrl, seconds, usage } = record
  return {
    ...progress,
    step: 'ended',
    state,
    ...(reason !== undefined && { reason }),
    ...(pullUrl !== undefined && { pullUrl }),
    ...(seconds !== undefined && { seconds }),
    ...(usage !== undefined && { usage }),
  }
}

function plannedOf({ repository, prompt, title }: Progress): PlannedTask {
  return { repository, prompt, ...(title !== undefined && { title }) }
}

/** What the task cost, in nano AI credits; undefined where the server did not tell. */
export function nanoOf({ usage }: Progress): number | undefined {
  return usage?.type === 'ai_credits' ? usage.amount : undefined
}

/** Whether it is known what came of a repository's part, good or bad; one that was left alone has none. */
export function hasOutcome({ step }: Progress): boolean {
  return step === 'refused' || step === 'ended'
}

/** Whether a repository's part came to nothing: its task did not complete, or could not be sent. */
export function isFailure({ step, state }: Progress): boolean {
  return step === 'refused' || (step === 'ended' && state !== 'completed')
}

/** Whether it ended well, with a pull request where one is wanted. */
export function isGood({ step, state, pullUrl }: Progress, wantsPull: boolean): boolean {
  return step === 'ended' && state === 'completed' && (!wantsPull || pullUrl !== undefined)
}
