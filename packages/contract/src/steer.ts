import { z } from 'zod'

/**
 * The body of steer, in the shape of behaviour.md 1.6. The types that GitHub's own clients know and
 * Errand has no use for (plan approval, permission, mode switch) are refused by name.
 */
export const Steer = z
  .object({
    type: z
      .enum(['user_message', 'ask_user_response', 'elicitation_response', 'abort'])
      .default('user_message'),
    content: z.string().exactOptional(),
    model: z.string().exactOptional(),
    /**
     * The agent of the session that a message to an ended task begins. Default: that of `model`, else the last one's.
     * Of a session that has not ended no other agent can take over.
     */
    agent: z.string().exactOptional(),
  })
  .refine((steer) => steer.type === 'abort' || (steer.content ?? '').trim() !== '', {
    path: ['content'],
    message: 'content is required and must not be blank, except for type abort',
  })
export type Steer = z.infer<typeof Steer>

/** What steer answers with 202: the task's id, the message's id, and what became of it. */
export const SteerAccepted = z.object({
  task_id: z.string(),
  message_id: z.string().exactOptional(),
  outcome: z.enum(['queued', 'answered', 'new_session', 'aborted', 'already_ended']),
})
export type SteerAccepted = z.infer<typeof SteerAccepted>

/** The body of `POST .../pulls`: open the pull request of a task's branch later. */
export const OpenPull = z.object({
  title: z.string().exactOptional(),
  body: z.string().exactOptional(),
  draft: z.boolean().default(true),
})
export type OpenPull = z.infer<typeof OpenPull>

export const OpenedPull = z.object({
  id: z.int(),
  number: z.int(),
  repository_id: z.int(),
  html_url: z.string(),
})
