import { type AutomationSummary, automationTools, ErrandError, type routes } from '@errand/contract'
import * as core from '@errand/core'
import { findAutomation, requireAutomation } from '../../auth/automation.ts'
import { requireRepository, visibleRepositories } from '../../auth/repository.ts'
import { linkHeader } from '../../conventions/link-header.ts'
import { triggersOf } from '../../automations/fired-triggers.ts'
import type { ServerContext } from '../../context.ts'
import type { Handler } from '../../handler.ts'
import {
  presentAutomation,
  presentAutomationRun,
  presentAutomationSummary,
} from '../../present/automation.ts'
import type { Urls } from '../../present/urls.ts'
import { presentList, readList } from '../github/list-tasks.ts'

/** `GET /agents/automations`: the caller's own, in repositories they still see. */
export const listAutomations: Handler<typeof routes.listAutomations> = async (context, call) => {
  const { owner_type, page, per_page } = call.query
  const { automations, has_more } = await core.listAutomations(context.store, {
    creator_id: call.caller.user.id,
    ...(owner_type !== undefined && { owner_type }),
    page,
    per_page,
  })
  const ids = automations.map((automation) => automation.repository_id)
  const visible = await visibleRepositories(context, call.caller, ids)
  const shown: AutomationSummary[] = []
  for (const automation of automations) {
    const name = visible.get(automation.repository_id)?.full_name
    if (name !== undefined) shown.push(await summaryOf(context, automation, call.urls, name))
  }
  const link = linkHeader(call.url, { page, per_page, has_more })
  return { status: 200, body: { automations: shown }, headers: { link } }
}

/** `GET /agents/repos/{owner}/{repo}/automations`. */
export const listAutomationsForRepo: Handler<typeof routes.listAutomationsForRepo> = async (
  context,
  call,
) => {
  const repository = await requireRepository(context, call.caller, call.params, 'read')
  const { user, ...filter } = call.query
  const { automations, has_more } = await core.listAutomations(context.store, {
    ...filter,
    repository_id: repository.id,
    ...(user === 'me' && { creator_id: call.caller.user.id }),
    ...(user !== undefined && user !== 'me' && { creator_login: user }),
  })
  const shown: AutomationSummary[] = []
  for (const automation of automations) {
    shown.push(await summaryOf(context, automation, call.urls, repository.full_name))
  }
  const link = linkHeader(call.url, { ...call.query, has_more })
  return { status: 200, body: { automations: shown }, headers: { link } }
}

async function summaryOf(
  { store }: ServerContext,
  automation: core.AutomationRow,
  urls: Urls,
  fullName: string,
): Promise<AutomationSummary> {
  // Most have none: then nothing is read.
  const isLimited = automation.usage_limits.length > 0
  const limits = isLimited ? (await core.usageOf(store, automation)).limits : []
  return presentAutomationSummary(automation, urls, fullName, limits)
}

/** `GET .../automations/{automation_id}`. */
export const getAutomation: Handler<typeof routes.getAutomation> = async (context, call) => {
  const { automation, repository } = await requireAutomation(context, call.caller, call.params)
  const usage = await core.usageOf(context.store, automation)
  const body = presentAutomation(automation, usage, call.urls, repository.full_name)
  return { status: 200, body }
}

/** `GET .../automations/{automation_id}/runs`. */
export const listAutomationRuns: Handler<typeof routes.listAutomationRuns> = async (
  context,
  call,
) => {
  const { automation } = await requireAutomation(context, call.caller, call.params)
  const { runs, has_more } = await core.listAutomationRuns(context.store, automation.id, call.query)
  const link = linkHeader(call.url, { ...call.query, has_more })
  return { status: 200, body: { runs: runs.map(presentAutomationRun) }, headers: { link } }
}

/** `GET .../automations/tools`. */
export const listAutomationToolsForRepo: Handler<typeof routes.listAutomationToolsForRepo> = async (
  context,
  call,
) => {
  await requireRepository(context, call.caller, call.params, 'read')
  return { status: 200, body: { tools: automationTools } }
}

export const listAutomationTools: Handler<typeof routes.listAutomationTools> = async () => ({
  status: 200,
  body: { tools: automationTools },
})

/** `GET .../automations/triggers`. */
export const listAutomationTriggersForRepo: Handler<
  typeof routes.listAutomationTriggersForRepo
> = async (context, call) => {
  await requireRepository(context, call.caller, call.params, 'read')
  return { status: 200, body: { triggers: triggersOf(context) } }
}

export const listAutomationTriggers: Handler<typeof routes.listAutomationTriggers> = async (
  context,
) => ({
  status: 200,
  body: { triggers: triggersOf(context) },
})

/** `GET .../automations/{automation_id}/tasks`. */
export const listAutomationTasksForRepo: Handler<typeof routes.listAutomationTasksForRepo> = async (
  context,
  call,
) => {
  const { automation, repository } = await requireAutomation(context, call.caller, call.params)
  const list = await readList(context, call.query, { automation_id: automation.id })
  return presentList(call, list, new Map([[repository.id, repository]]))
}

/** `GET /agents/automations/{automation_id}/tasks`: the shorter form of the same. */
export const listAutomationTasks: Handler<typeof routes.listAutomationTasks> = async (
  context,
  call,
) => {
  const automation = await findAutomation(context, call.params.automation_id)
  if (automation === undefined) throw new ErrandError('not_found')
  const visible = await visibleRepositories(context, call.caller, [automation.repository_id])
  if (visible.size === 0) throw new ErrandError('not_found')
  const list = await readList(context, call.query, { automation_id: automation.id })
  return presentList(call, list, visible)
}
