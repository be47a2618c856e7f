import { z } from 'zod'
import { State } from './states.ts'

/** Pages start at 1 and hold 30 rows, 100 at most, as everywhere in GitHub's REST API. */
export const PageQuery = z.object({
  per_page: z.coerce.number().int().min(1).max(100).default(30),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
})
export type PageQuery = z.infer<typeof PageQuery>

const commaSeparatedStates = z
  .string()
  .transform((list) => list.split(',').filter((state) => state !== ''))
  .pipe(z.array(State))

/** Accepts `true`/`false` as a query string writes them; anything else is a 422. */
export const queryBoolean = z.enum(['true', 'false']).transform((text) => text === 'true')

/** The filters both lists take (behaviour.md 1.3). */
export const TaskListQuery = PageQuery.extend({
  sort: z.enum(['updated_at', 'created_at']).default('updated_at'),
  direction: z.enum(['asc', 'desc']).default('desc'),
  state: commaSeparatedStates.exactOptional(),
  is_archived: queryBoolean.default(false),
  since: z.iso.datetime({ offset: true }).exactOptional(),
})
export type TaskListQuery = z.infer<typeof TaskListQuery>

/** `creator_id` comes repeated, with brackets, or comma-separated; the server joins the forms. */
export const RepoTaskListQuery = TaskListQuery.extend({
  creator_id: z.array(z.coerce.number().int()).exactOptional(),
})
export type RepoTaskListQuery = z.infer<typeof RepoTaskListQuery>

export const EventListQuery = PageQuery.extend({
  per_page: z.coerce.number().int().min(1).max(1000).default(100),
  /** Only events after this id. */
  after: z.coerce.number().int().min(0).exactOptional(),
})
export type EventListQuery = z.infer<typeof EventListQuery>
