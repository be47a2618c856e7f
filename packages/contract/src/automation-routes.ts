import { z } from 'zod'
import {
  Automation,
  AutomationListQuery,
  AutomationPage,
  CreateAutomation,
  RepoAutomationListQuery,
  UpdateAutomation,
} from './automation.ts'
import { AutomationTool } from './automation-parts.ts'
import { AutomationRunPage, RunAccepted, RunAutomation } from './automation-run.ts'
import { PageQuery, TaskListQuery } from './page.ts'
import { AutomationTrigger } from './trigger-definitions.ts'
import { commonErrors, RepoPath, route } from './route.ts'
import { TaskPage } from './task.ts'

const AutomationPath = z.object({ automation_id: z.string() })
const RepoAutomationPath = RepoPath.extend(AutomationPath.shape)
const inRepo = '/agents/repos/{owner}/{repo}/automations' as const
const base = { origin: 'preview', who: 'user', spec: 'docs/automations.md' } as const
const read = { ...base, method: 'GET', permission: 'agent_tasks:read' } as const
const write = { ...base, permission: 'agent_tasks:write' } as const
const found = [...commonErrors, 'not_found'] as const
const changed = [...found, 'forbidden'] as const
const Tools = z.object({
  tools: z.array(z.object({ id: z.string(), title: z.string(), tools: z.array(AutomationTool) })),
})
const Triggers = z.object({ triggers: z.array(AutomationTrigger) })

/** Automations: prompts that are sent by the clock, or when something happens. Two of the paths have a shorter form as well. */
export const automationRoutes = {
  listAutomations: route({
    ...read,
    path: '/agents/automations',
    summary: "List the authenticated user's automations",
    params: z.object({}),
    query: AutomationListQuery,
    answers: { 200: AutomationPage },
    errors: commonErrors,
  }),
  listAutomationsForRepo: route({
    ...read,
    path: inRepo,
    summary: 'List automations for a repository',
    params: RepoPath,
    query: RepoAutomationListQuery,
    answers: { 200: AutomationPage },
    errors: found,
  }),
  createAutomation: route({
    ...write,
    method: 'POST',
    path: inRepo,
    summary: 'Create an automation',
    params: RepoPath,
    body: CreateAutomation,
    answers: { 201: Automation },
    errors: [...changed, 'body_not_object', 'payload_too_large'],
  }),
  listAutomationToolsForRepo: route({
    ...read,
    path: `${inRepo}/tools`,
    summary: 'List the tools an automation may be given',
    params: RepoPath,
    answers: { 200: Tools },
    errors: found,
  }),
  listAutomationTools: route({
    ...read,
    path: '/agents/automations/tools',
    summary: 'List the tools an automation may be given',
    params: z.object({}),
    answers: { 200: Tools },
    errors: commonErrors,
  }),
  listAutomationTriggersForRepo: route({
    ...read,
    path: `${inRepo}/triggers`,
    summary: 'List the triggers an automation may have',
    params: RepoPath,
    answers: { 200: Triggers },
    errors: found,
  }),
  listAutomationTriggers: route({
    ...read,
    path: '/agents/automations/triggers',
    summary: 'List the triggers an automation may have',
    params: z.object({}),
    answers: { 200: Triggers },
    errors: commonErrors,
  }),
  getAutomation: route({
    ...read,
    path: `${inRepo}/{automation_id}`,
    summary: 'Get an automation',
    params: RepoAutomationPath,
    answers: { 200: Automation },
    errors: found,
  }),
  updateAutomation: route({
    ...write,
    method: 'PATCH',
    path: `${inRepo}/{automation_id}`,
    summary: 'Update an automation',
    params: RepoAutomationPath,
    body: UpdateAutomation,
    answers: { 200: Automation },
    errors: [...changed, 'body_not_object', 'conflict', 'payload_too_large'],
  }),
  deleteAutomation: route({
    ...write,
    method: 'DELETE',
    path: `${inRepo}/{automation_id}`,
    summary: 'Delete an automation; its tasks stay',
    params: RepoAutomationPath,
    answers: { 204: z.string() },
    errors: changed,
  }),
  listAutomationTasksForRepo: route({
    ...read,
    path: `${inRepo}/{automation_id}/tasks`,
    summary: 'List the tasks of an automation',
    params: RepoAutomationPath,
    query: TaskListQuery,
    answers: { 200: TaskPage },
    errors: found,
  }),
  listAutomationTasks: route({
    ...read,
    path: '/agents/automations/{automation_id}/tasks',
    summary: 'List the tasks of an automation',
    params: AutomationPath,
    query: TaskListQuery,
    answers: { 200: TaskPage },
    errors: found,
  }),
  runAutomation: route({
    ...write,
    method: 'POST',
    path: `${inRepo}/{automation_id}/tasks`,
    summary: 'Run an automation now',
    params: RepoAutomationPath,
    body: RunAutomation,
    answers: { 202: RunAccepted },
    errors: [...changed, 'body_not_object', 'conflict'],
  }),
  listAutomationRuns: route({
    ...read,
    origin: 'beyond',
    path: `${inRepo}/{automation_id}/runs`,
    summary: 'List the runs of an automation, also those that were not made, the latest first',
    params: RepoAutomationPath,
    query: PageQuery,
    answers: { 200: AutomationRunPage },
    errors: found,
  }),
} as const
