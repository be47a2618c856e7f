import { createHash } from 'node:crypto'
import { z } from 'zod'
import { parseInput } from '../../errors.ts'

/** Most repositories one run may name: as many as a person still looks through. */
const mostRepositories = 500

/** Port sends null for an input that was left empty, and an empty text for one that was emptied. */
function optional<T extends z.ZodType>(schema: T) {
  return z.preprocess(
    (value) => (value === null || value === '' ? undefined : value),
    schema.optional(),
  )
}

const RepositoryName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,39}\/[A-Za-z0-9._-]{1,100}$/, 'must be repositories as owner/name')

/** A list, or a text with one on each line. */
const Repositories = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(/[\s,]+/).filter(Boolean) : value),
  z.array(RepositoryName).min(1).max(mostRepositories),
)

const Run = z.object({
  // It becomes part of a path of Port's API.
  run_id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "must be Port's id of the run"),
  requested_by: optional(z.string().max(320)),
})

const StartTask = Run.extend({
  action: z.literal('start_agent_task'),
  repositories: Repositories,
  prompt: z.string(),
  model: optional(z.string()),
  agent: optional(z.string()),
  custom_agent: optional(z.string()),
  base_ref: optional(z.string()),
  create_pull_request: z.preprocess((value) => value ?? true, z.boolean()),
})

const AnswerTask = Run.extend({
  action: z.literal('answer_agent_task'),
  task_id: z.uuid(),
  answer: z.string().min(1),
})

/** What the actions of `integrations/port/` send. */
const PortRequest = z.discriminatedUnion('action', [StartTask, AnswerTask])
export type PortRequest = z.infer<typeof PortRequest>

/** @throws ErrandError that names the field. */
export function parsePortRequest(body: unknown): PortRequest {
  return parseInput(PortRequest, body)
}

/** The same run, sent again, asks for the same. */
export function hashOf(request: PortRequest): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex')
}

/** What the run is for, one by one: each once, however often it was named. */
export function targetsOf(request: PortRequest): string[] {
  if (request.action === 'answer_agent_task') return [request.task_id]
  const seen = new Set<string>()
  return request.repositories.filter((name) => {
    const isNew = !seen.has(name.toLowerCase())
    seen.add(name.toLowerCase())
    return isNew
  })
}
