import {
  automationTools,
  type Caller,
  ErrandError,
  invalidField,
  type RepositoryAccess,
  type routes,
  type UpdateAutomation,
} from '@errand/contract'
import * as core from '@errand/core'
import {
  requireAutomation,
  requireAutomationsEnabled,
  requireMayChange,
} from '../../auth/automation.ts'
import { credentialOf } from '../../auth/credential.ts'
import { requireRepository } from '../../auth/repository.ts'
import { readRecipe } from '../../automations/compose-task.ts'
import { requireFired } from '../../automations/fired-triggers.ts'
import type { ServerContext } from '../../context.ts'
import type { Handler } from '../../handler.ts'
import { requireAgent, resolveModel } from '../../models.ts'
import { presentAutomation } from '../../present/automation.ts'
import { requirePrompt } from '../../prompt.ts'
import { requireRefName } from '../../ref-name.ts'

/** `POST /agents/repos/{owner}/{repo}/automations` (docs/automations.md). */
export const createAutomation: Handler<typeof routes.createAutomation> = async (context, call) => {
  const { caller, body } = call
  const repository = await requireRepository(context, caller, call.params, 'write')
  await requireAutomationsEnabled(context, call.caller, repository)
  await requireValid(context, repository, body)
  await requireRunnable(context, caller)
  const { reasoning_effort: _, github_mcp_toolsets: __, ...fields } = body
  const automation = await core.createAutomation(context.store, {
    ...fields,
    creator: { id: caller.user.id, login: caller.user.login },
    repository: { id: repository.id, full_name: repository.full_name },
  })
  const usage = await core.usageOf(context.store, automation)
  const answer = presentAutomation(automation, usage, call.urls, repository.full_name)
  return { status: 201, body: answer }
}

/** `PATCH .../automations/{automation_id}`. */
export const updateAutomation: Handler<typeof routes.updateAutomation> = async (context, call) => {
  const found = await requireAutomation(context, call.caller, call.params)
  const { repository } = found
  await requireMayChange(context, call.caller, found)
  await requireAutomationsEnabled(context, call.caller, repository)
  await requireValid(context, repository, call.body, found.automation)
  const { reasoning_effort: _, github_mcp_toolsets: __, ...fields } = call.body
  const automation = await core.updateAutomation(context.store, found.automation.id, fields)
  const usage = await core.usageOf(context.store, automation)
  const answer = presentAutomation(automation, usage, call.urls, repository.full_name)
  return { status: 200, body: answer }
}

/** `DELETE .../automations/{automation_id}`. */
export const deleteAutomation: Handler<typeof routes.deleteAutomation> = async (context, call) => {
  const found = await requireAutomation(context, call.caller, call.params)
  await requireMayChange(context, call.caller, found)
  await core.deleteAutomation(context.store, found.automation.id)
  return { status: 204, body: '' }
}

/** Checks what a schema cannot, so that a mistake is told to who makes it, not to nobody at night. */
async function requireValid(
  context: ServerContext,
  repository: RepositoryAccess,
  fields: UpdateAutomation,
  before?: core.AutomationRow,
): Promise<void> {
  const { prompt, model, agent, tools, triggers, base_ref: baseRef } = fields
  if (repository.archived) {
    throw invalidField('repo', `${repository.full_name} is archived: nothing can be pushed to it`)
  }
  if (prompt !== undefined) {
    requirePrompt('prompt', prompt, context.settings)
    await readRecipe(context, prompt, repository, baseRef || repository.default_branch)
  }
  if (triggers !== undefined) requireFired(context, triggers)
  const offered = automationTools.flatMap((group) => group.tools.map(({ id }) => id))
  const unknown = (tools ?? []).find((id) => !offered.includes(id))
  if (unknown !== undefined) {
    const message = `tools: there is no tool '${unknown.slice(0, 100)}'; these are: ${offered.join(', ')}`
    throw invalidField('tools', message, 'Automation')
  }
  if (baseRef !== undefined && baseRef !== '') requireRefName('base_ref', baseRef)
  const isNew = (text: string | undefined, old?: string) => text !== undefined && text !== old
  if (isNew(model, before?.model) || isNew(agent, before?.agent)) {
    await requireWorkable(context, {
      model: model ?? before?.model ?? '',
      agent: agent ?? before?.agent ?? '',
      prompt: prompt ?? '',
    })
  }
}

/** What is left to the server is looked at when a run begins. */
async function requireWorkable(
  context: ServerContext,
  { model, agent, prompt }: { model: string; agent: string; prompt: string },
): Promise<void> {
  if (agent !== '') requireAgent(context.settings, agent)
  if (model === '') return
  const chosen = agent === '' ? {} : { agent }
  await resolveModel(context, { requested: model, ...chosen, prompt })
}

/** @throws ErrandError forbidden where runs could not act for whoever creates it. */
async function requireRunnable(context: ServerContext, caller: Caller): Promise<void> {
  const acting = await context.forge.actFor({ id: caller.user.id })
  // Without a token to push with, every run would be refused.
  if (acting !== undefined) return void credentialOf(context, acting)
  throw new ErrandError('forbidden', {
    message: 'An automation runs in the name of a person: sign in as one to create it',
  })
}
