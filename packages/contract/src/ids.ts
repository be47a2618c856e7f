import { z } from 'zod'

/**
 * Ids are UUID strings on the wire and branded in code, so that a session's id cannot be passed
 * where a task's is meant. Only these parsers make one.
 */
export const TaskId = z.uuid().brand<'TaskId'>()
export type TaskId = z.infer<typeof TaskId>

export const SessionId = z.uuid().brand<'SessionId'>()
export type SessionId = z.infer<typeof SessionId>

export const CampaignId = z.uuid().brand<'CampaignId'>()
export type CampaignId = z.infer<typeof CampaignId>
