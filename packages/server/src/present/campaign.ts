import type { Campaign, CampaignForecast, CampaignTargetState } from '@errand/contract'
import type { CampaignDetail, CampaignTargetDetail, Forecast } from '@errand/core'
import { taskPageUrl, type Urls } from './urls.ts'

/** A campaign as the wire has it. */
export function presentCampaign(campaign: CampaignDetail, urls: Urls): Campaign {
  const { rules, pause_reason: reason, paused_at: pausedAt } = campaign
  return {
    id: campaign.id,
    url: `${urls.api}/agents/campaigns/${campaign.id}`,
    name: campaign.name,
    status: campaign.status,
    creator: { id: campaign.creator_id },
    ...rules,
    ...(campaign.max_nano === null ? {} : { max_ai_credits: campaign.max_nano / 1e9 }),
    ...(campaign.concurrency === null ? {} : { concurrency: campaign.concurrency }),
    current_wave: campaign.wave + 1,
    ...(campaign.status === 'paused' && reason !== null && pausedAt !== null
      ? {
          paused: {
            reason,
            message: campaign.pause_message ?? '',
            paused_at: pausedAt.toISOString(),
          },
        }
      : {}),
    ...(campaign.held_by_open_pulls && campaign.status === 'in_progress'
      ? { held_by_open_pulls: true as const }
      : {}),
    counts: campaign.counts,
    pulls: campaign.pulls,
    usage: aiCredits(campaign.spent_nano),
    forecast: presentForecast(campaign.forecast),
    created_at: campaign.created_at.toISOString(),
    updated_at: campaign.updated_at.toISOString(),
  }
}

export function presentForecast({
  remainingTasks,
  seconds,
  nano,
  experience,
}: Forecast): CampaignForecast {
  return {
    remaining_tasks: remainingTasks,
    ...(seconds === undefined
      ? {}
      : { ends_at: new Date(Date.now() + seconds * 1000).toISOString() }),
    ...(nano === undefined ? {} : { usage: aiCredits(nano) }),
    ...(experience === undefined
      ? {}
      : {
          basis: {
            source: experience.source,
            tasks: experience.tasks,
            median_seconds: experience.medianSeconds,
            median_usage: aiCredits(experience.medianNano),
          },
        }),
  }
}

export function presentCampaignTarget(
  target: CampaignTargetDetail,
  urls: Urls,
  fullName: string,
): CampaignTargetState {
  const { task_id: taskId, reviewers, pull, error, refusal } = target
  const message = error?.message ?? refusal ?? undefined
  return {
    repository: { id: target.repository_id, full_name: fullName },
    wave: target.wave + 1,
    attempt: target.attempt,
    state: target.state,
    ...(taskId === null ? {} : { task_id: taskId, html_url: taskPageUrl(urls, fullName, taskId) }),
    ...(target.task_created_at === null
      ? {}
      : { created_at: target.task_created_at.toISOString() }),
    ...(target.completed_at === null ? {} : { completed_at: target.completed_at.toISOString() }),
    reviewers,
    problems: target.problems,
    ...(pull === null ? {} : { pull: { ...pull, state: target.pull_state ?? 'open' } }),
    usage: aiCredits(target.usage_nano),
    ...(message === undefined ? {} : { error: { message } }),
  }
}

function aiCredits(amount: number): Campaign['usage'] {
  return { type: 'ai_credits', amount }
}
