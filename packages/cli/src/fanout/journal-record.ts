import { State, Usage } from '@errand/contract'
import { z } from 'zod'
import { Campaign } from './campaign.ts'

/** A repository's part of a campaign, as it was planned when the campaign began. */
export const PlannedTask = z.object({
  repository: z.string(),
  prompt: z.string(),
  /** Of its pull request, where the campaign says one. */
  title: z.string().exactOptional(),
})
export type PlannedTask = z.infer<typeof PlannedTask>

const at = z.iso.datetime()
/** Which task of the campaign: the repository and how many times it was begun anew, from 1. */
const ofTask = { at, repository: z.string(), attempt: z.int().min(1) }

/**
 * One line of a campaign's journal. The first is the campaign with all it will send; each line after
 * it says what happened to one repository. `sending` is on the disk before a create is sent: after it
 * and without what became of it, the create may have arrived.
 */
export const JournalRecord = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('campaign'),
    version: z.literal(1),
    at,
    id: z.uuid(),
    server: z.url(),
    /** The login it was begun as. Absent where the server did not say. */
    account: z.string().exactOptional(),
    campaign: Campaign,
    tasks: z.array(PlannedTask),
  }),
  z.object({ type: z.literal('skipped'), ...ofTask, reason: z.string() }),
  z.object({ type: z.literal('sending'), ...ofTask }),
  z.object({ type: z.literal('sent'), ...ofTask, task_id: z.string(), url: z.string().optional() }),
  z.object({ type: z.literal('refused'), ...ofTask, reason: z.string() }),
  z.object({
    type: z.literal('ended'),
    ...ofTask,
    state: State,
    reason: z.string().optional(),
    pull_url: z.string().optional(),
    seconds: z.number().optional(),
    usage: Usage.optional(),
  }),
  /** Its pull request is about to get the campaign's title, labels and reviewers. */
  z.object({ type: z.literal('preparing'), ...ofTask }),
  /** It has them, but for what the forge refused. */
  z.object({ type: z.literal('prepared'), ...ofTask, problems: z.array(z.string()) }),
  /** It is to be begun anew: `attempt` is the new one. */
  z.object({ type: z.literal('retry'), ...ofTask }),
  /** Somebody said that the rest may follow the canary: nobody is asked again. */
  z.object({ type: z.literal('canary_passed'), at }),
  /** Somebody had it go on in spite of its failures: they count anew from here. */
  z.object({ type: z.literal('resumed'), at }),
  /** From here on all tasks together may cost so much. */
  z.object({ type: z.literal('budget'), at, max_ai_credits: z.number() }),
])
export type JournalRecord = z.infer<typeof JournalRecord>
/** What happened to one repository. */
export type TaskRecord = Extract<JournalRecord, { repository: string }>
export type CampaignRecord = Extract<JournalRecord, { type: 'campaign' }>
