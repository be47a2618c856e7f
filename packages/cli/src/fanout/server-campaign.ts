import { type Campaign, type CampaignTargetState, isEndState } from '@errand/contract'
import type { Progress } from './progress.ts'
import type { WatchedCampaign } from './watched-campaign.ts'

/** A campaign that the server keeps, in the form that those sent from here have. */
export function watchedOnServer(
  server: string,
  campaign: Campaign,
  targets: readonly CampaignTargetState[],
): WatchedCampaign {
  const progress = targets.map(
    (target) => [target.repository.full_name, progressOf(target)] as const,
  )
  return {
    campaign: {
      id: campaign.id,
      at: campaign.created_at,
      server,
      campaign: { name: campaign.name },
    },
    progress: new Map(progress),
    maxAiCredits: campaign.max_ai_credits,
    spentNano: campaign.usage.amount,
  }
}

function progressOf(target: CampaignTargetState): Progress {
  const {
    state,
    task_id: taskId,
    html_url: url,
    pull,
    error,
    problems,
    created_at: sentAt,
  } = target
  const planned = {
    repository: target.repository.full_name,
    // The server does not tell it, and nothing is sent from here.
    prompt: '',
    attempt: Math.max(1, target.attempt),
    ...(error !== undefined && { reason: error.message }),
  }
  if (state === 'pending') return { ...planned, step: 'planned' }
  if (state === 'skipped') return { ...planned, step: 'skipped' }
  if (taskId === undefined) return { ...planned, step: 'refused' }
  const sent = {
    ...planned,
    taskId,
    state,
    usage: target.usage,
    ...(url !== undefined && { url }),
    ...(sentAt !== undefined && { sentAt }),
    ...(pull?.html_url !== undefined && { pullUrl: pull.html_url }),
    ...(problems.length > 0 && { problems }),
  }
  if (!isEndState(state)) return { ...sent, step: 'open' }
  return { ...sent, step: 'ended', ...secondsOf(target) }
}

function secondsOf({ created_at: from, completed_at: to }: CampaignTargetState): {
  seconds?: number
} {
  if (from === undefined || to === undefined) return {}
  return { seconds: (Date.parse(to) - Date.parse(from)) / 1000 }
}
