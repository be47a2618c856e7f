import {
  branchOf,
  type Client,
  findPull,
  findRepositoryName,
  type Pull,
  pullOf,
  readIfThere,
  type Session,
  type Task,
} from '@errand/contract'
import { UserError } from '../errors.ts'

export { branchOf, pullOf } from '@errand/contract'

/** What `--json` can be asked for, by the names of `gh agent-task`, and how each is found. */
const fields = {
  id: (task) => task.id,
  name: (task) => task.name,
  state: (task) => task.state,
  repository: (task, forge) => forge.repositoryName(task),
  user: (task, forge) => forge.userLogin(task),
  createdAt: (task) => task.created_at,
  updatedAt: (task) => task.updated_at,
  completedAt: (task) => lastSession(task)?.completed_at,
  archivedAt: (task) => task.archived_at,
  url: (task) => task.html_url,
  baseRef: (task) => branchOf(task)?.base_ref ?? lastSession(task)?.base_ref,
  headRef: (task) => branchOf(task)?.head_ref ?? lastSession(task)?.head_ref,
  model: (task) => lastSession(task)?.model,
  agent: (task) => lastSession(task)?.agent,
  customAgent: (task) => task.custom_agent?.id,
  error: (task) => lastSession(task)?.error,
  sessions: (task) => ('sessions' in task ? task.sessions : undefined),
  pullRequestNumber: async (task, forge) =>
    pullOf(task)?.number ?? (await forge.pull(task))?.number,
  pullRequestUrl: async (task, forge) =>
    pullOf(task)?.html_url ?? (await forge.pull(task))?.html_url,
  pullRequestTitle: async (task, forge) => (await forge.pull(task))?.title,
  pullRequestState: async (task, forge) => (await forge.pull(task))?.state,
} as const satisfies Record<string, (task: AnyTask, forge: ForgeLookup) => unknown>

export type AnyTask = Task & { sessions?: Session[] }
export type FieldName = keyof typeof fields
export const fieldNames = Object.keys(fields) as FieldName[]

/** Fields that only a task asked for by its id has. */
const detailFields: readonly FieldName[] = [
  'completedAt',
  'model',
  'agent',
  'error',
  'sessions',
  'baseRef',
  'headRef',
]

/** What a task names only by id, asked of the forge, each once. */
export interface ForgeLookup {
  repositoryName(task: AnyTask): Promise<string | undefined>
  userLogin(task: AnyTask): Promise<string | undefined>
  pull(task: AnyTask): Promise<Pull | undefined>
}

/** Reads `--json id,state`. Throws `UserError` with the fields there are on an unknown one. */
export function parseFields(list: string): FieldName[] {
  const asked = list.split(',').map((name) => name.trim())
  const unknown = asked.find((name) => !Object.hasOwn(fields, name))
  if (unknown === undefined) return asked as FieldName[]
  throw new UserError(`Unknown JSON field: "${unknown}"\nFields are:\n  ${fieldNames.join('\n  ')}`)
}

export function needsDetail(names: readonly FieldName[]): boolean {
  return names.some((name) => detailFields.includes(name))
}

/** The fields asked for, with null for what a task does not have, so that each is always there. */
export async function pickFields(
  task: AnyTask,
  names: readonly FieldName[],
  forge: ForgeLookup,
): Promise<Record<string, unknown>> {
  const picked: Record<string, unknown> = {}
  for (const name of names) picked[name] = (await fields[name](task, forge)) ?? null
  return picked
}

export function lastSession(task: AnyTask): Session | undefined {
  return task.sessions?.at(-1)
}

export function createForgeLookup(client: Client, signal: AbortSignal): ForgeLookup {
  const names = new Map<number, Promise<string | undefined>>()

  async function repositoryName(task: AnyTask): Promise<string | undefined> {
    const id = task.repository?.id
    if (id === undefined) return undefined
    const known = names.get(id)
    if (known) return known
    const asked = findRepositoryName(client, task, signal)
    names.set(id, asked)
    return asked
  }
  return {
    repositoryName,
    async userLogin(task) {
      const id = task.creator?.id
      if (id === undefined) return undefined
      return (await readIfThere<{ login: string }>(client, `/user/${id}`, signal))?.login
    },
    async pull(task) {
      const name = pullOf(task) && (await repositoryName(task))
      return name === undefined ? undefined : findPull(client, name, task, signal)
    },
  }
}
