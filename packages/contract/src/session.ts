import { z } from 'zod'
import { State } from './states.ts'

/** Someone or something named by its numeric id alone, as the contract does (behaviour.md 1.2). */
export const IdOnly = z.object({ id: z.int() })

/**
 * What a session used. `ai_credits` are counted in nano units: divide by 1e9 for credits, and sum
 * before dividing (behaviour.md 5).
 */
export const Usage = z.object({
  type: z.enum(['ai_credits', 'premium_requests']),
  amount: z.number(),
})

/** What kind of thing went wrong: the first question an operator asks of a failed session. */
export const FailureCategory = z.enum([
  'queue',
  'repository',
  'workspace',
  'sandbox',
  'agent',
  'model',
  'publish',
  'limit',
  'internal',
])
export type FailureCategory = z.infer<typeof FailureCategory>

/**
 * Why a session did not complete. GitHub has `message`; the rest is beyond GitHub: a short title,
 * what the reader can do about it, and whether the same task may succeed if sent again.
 */
export const SessionError = z.object({
  message: z.string(),
  category: FailureCategory.exactOptional(),
  title: z.string().exactOptional(),
  remedy: z.string().exactOptional(),
  retryable: z.boolean().exactOptional(),
})
export type SessionError = z.infer<typeof SessionError>

/** One run of the agent on a task. Unknown fields are left out, never null (behaviour.md 1.4). */
export const Session = z.object({
  id: z.string(),
  name: z.string().exactOptional(),
  user: IdOnly.exactOptional(),
  owner: IdOnly.exactOptional(),
  repository: IdOnly.exactOptional(),
  task_id: z.string().exactOptional(),
  state: State,
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime().exactOptional(),
  completed_at: z.iso.datetime().exactOptional(),
  prompt: z.string().exactOptional(),
  head_ref: z.string().exactOptional(),
  base_ref: z.string().exactOptional(),
  model: z.string().exactOptional(),
  /** The agent that runs it, a name of `agents`: beyond GitHub. */
  agent: z.string().exactOptional(),
  usage: Usage.exactOptional(),
  error: SessionError.exactOptional(),
})
export type Session = z.infer<typeof Session>
