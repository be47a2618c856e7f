import { createHash } from 'node:crypto'
import {
  type Caller,
  type CreateTask,
  invalidField,
  nanoPerCredit,
  type RepositoryAccess,
  type RepositoryName,
} from '@errand/contract'
import * as core from '@errand/core'
import { credentialOf } from './auth/credential.ts'
import { requireBudget } from './budgets.ts'
import { requireRepository } from './auth/repository.ts'
import { requireAgentEnabled } from './configuration/resolve.ts'
import type { ServerContext } from './context.ts'
import { readCustomAgent } from './custom-agent.ts'
import { resolveModel } from './models.ts'
import { requirePrompt } from './prompt.ts'
import { requireRefName } from './ref-name.ts'

export interface StartedTask {
  task: core.TaskRow
  /** The idempotency key was used for it before. */
  replayed: boolean
  repository: RepositoryAccess
}

/**
 * Starts a task for a caller who may write to the repository: the one way to it, whether they came by
 * the API, a portal or a hook. It is only queued.
 *
 * @throws ErrandError that names the field; RepositoryMoved.
 */
export async function startTask(
  context: ServerContext,
  caller: Caller,
  name: RepositoryName,
  asked: CreateTask & { idempotency_key?: string },
): Promise<StartedTask> {
  const { idempotency_key: key, ...body } = asked
  const { input, repository } = await prepareTask(context, caller, name, body)
  const created = await core.createTask(
    context.store,
    {
      ...input,
      ...(key === undefined ? {} : { idempotency: { key, body_hash: hashOf(body) } }),
    },
    credentialOf(context, caller),
  )
  return { ...created, repository }
}

/**
 * A task as it would be started: the caller may write to its repository, and every field is checked.
 *
 * @throws ErrandError that names the field; RepositoryMoved.
 */
export async function prepareTask(
  context: ServerContext,
  caller: Caller,
  name: RepositoryName,
  body: CreateTask,
): Promise<{ input: core.NewTask; repository: RepositoryAccess }> {
  const repository = await requireRepository(context, caller, name, 'write')
  await requireAgentEnabled(context, caller, repository)
  const input = await resolveTask(context, caller, repository, body)
  await requireBudget(context, { ...input, user: input.creator }, body.max_ai_credits)
  return { input, repository }
}

/** Checks what a schema cannot, and fills in what was left out. */
async function resolveTask(
  context: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
  body: CreateTask,
): Promise<core.NewTask> {
  const { settings, forge } = context
  requirePrompt('prompt', body.prompt, settings)
  requireNotArchived(repository)
  const baseRef = await resolveBaseRef(context, caller, repository, body.base_ref)
  const headRef =
    body.head_ref === undefined
      ? undefined
      : await requireBranch(context, caller, repository, 'head_ref', body.head_ref)
  if (headRef === baseRef) {
    throw invalidField('head_ref', `head_ref must be another branch than base_ref, '${baseRef}'`)
  }
  const customAgent =
    body.custom_agent === undefined
      ? undefined
      : await readCustomAgent(forge, caller, repository, baseRef, body.custom_agent)
  const model = await resolveModel(context, {
    requested: body.model,
    agent: body.agent,
    ofCustomAgent: customAgent?.model,
    prompt: body.prompt,
    subject: { owner: repository.owner, repository, user: caller.user },
    maxMultiplier: body.max_multiplier,
  })
  return {
    prompt: body.prompt,
    model: model.id,
    agent: model.agent,
    ...(model.reason === undefined ? {} : { model_reason: model.reason }),
    ...(body.max_ai_credits === undefined
      ? {}
      : { max_nano: Math.round(body.max_ai_credits * nanoPerCredit) }),
    ...(body.max_multiplier === undefined ? {} : { max_multiplier: body.max_multiplier }),
    ...(body.push_unfinished === undefined ? {} : { push_unfinished: body.push_unfinished }),
    ...(body.model === undefined ? {} : { requested_model: body.model }),
    ...(body.custom_agent === undefined ? {} : { custom_agent: body.custom_agent }),
    base_ref: baseRef,
    ...(headRef === undefined ? {} : { head_ref: headRef }),
    create_pull_request: body.create_pull_request,
    timeout_minutes: requireTimeout(body.timeout_minutes, settings.sessions.timeout_minutes),
    priority: body.priority ?? 0,
    creator: { id: caller.user.id, login: caller.user.login },
    repository: {
      id: repository.id,
      full_name: repository.full_name,
      owner: repository.owner,
    },
  }
}

/** @throws ErrandError validation_failed */
export function requireNotArchived(repository: RepositoryAccess): void {
  if (!repository.archived) return
  throw invalidField('repo', `${repository.full_name} is archived: nothing can be pushed to it`)
}

/** Without a base the default branch, which a repository nobody has pushed to does not have yet. */
async function resolveBaseRef(
  context: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
  asked: string | undefined,
): Promise<string> {
  if (asked !== undefined) {
    return await requireBranch(context, caller, repository, 'base_ref', asked)
  }
  const { default_branch: branch, full_name: name } = repository
  if (await context.forge.branchExists(caller, repository, branch)) return branch
  throw invalidField(
    'base_ref',
    `base_ref: ${name} has no branch '${branch}', its default branch; if it is empty, push a first commit`,
  )
}

async function requireBranch(
  context: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
  field: 'base_ref' | 'head_ref',
  asked: string,
): Promise<string> {
  const branch = requireRefName(field, asked)
  if (await context.forge.branchExists(caller, repository, branch)) return branch
  throw invalidField(field, `${field}: there is no branch '${branch}' in ${repository.full_name}`)
}

function requireTimeout(asked: number | undefined, limitMinutes: number): number {
  if (asked === undefined || asked <= limitMinutes) return asked ?? limitMinutes
  throw invalidField(
    'timeout_minutes',
    `timeout_minutes is ${asked}; this server allows ${limitMinutes} at most`,
  )
}

/** Of a parsed body: two ways to write the same JSON are the same request. */
export function hashOf(body: object): string {
  const sorted = Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
}
