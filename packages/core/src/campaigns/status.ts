import type { CampaignCounts, CampaignStatus } from '@errand/contract'
import type { CampaignRow } from '../store/schema.ts'

/** Where a campaign stands. Nothing stores it: it follows from its tasks, and from who stopped it. */
export function statusOf(
  campaign: Pick<CampaignRow, 'cancelled_at' | 'pause_reason'>,
  counts: CampaignCounts,
): CampaignStatus {
  if (campaign.cancelled_at !== null) return 'cancelled'
  const open = counts.queued + counts.in_progress + counts.waiting_for_user
  // The last tasks of a paused campaign have ended: there is nothing to be resumed.
  if (counts.pending > 0) return campaign.pause_reason === null ? 'in_progress' : 'paused'
  if (open > 0) return 'in_progress'
  if (counts.completed + counts.skipped === counts.total) return 'completed'
  return counts.completed === 0 ? 'failed' : 'partial_failed'
}
