import { z } from 'zod'
import { type ErrorName } from './errors.ts'
import { EventPage } from './event.ts'
import { EventListQuery, PageQuery, RepoTaskListQuery, TaskListQuery } from './page.ts'
import { OpenedPull, OpenPull, Steer, SteerAccepted } from './steer.ts'
import { CreateTask, Task, TaskPage, TaskWithSessions } from './task.ts'

/**
 * One operation of the API as a value. Server registration, OpenAPI, the client and the docs' tables
 * all walk over `routes`; nothing about an operation is written a second time.
 */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `{name}` for parameters, as OpenAPI writes them. */
  path: string
  summary: string
  /** Wire compatible with GitHub, or beyond it. */
  origin: 'github' | 'beyond'
  who: 'anyone' | 'user'
  permission?: 'agent_tasks:read' | 'agent_tasks:write'
  params: z.ZodObject
  query?: z.ZodObject
  body?: z.ZodType
  headers?: z.ZodObject
  answers: Record<number, z.ZodType>
  errors: readonly ErrorName[]
  /** Where the rule comes from. */
  spec: string
}

function route<const R extends Route>(route: R): R {
  return route
}

const RepoPath = z.object({ owner: z.string(), repo: z.string() })
const TaskPath = z.object({ task_id: z.string() })
const RepoTaskPath = RepoPath.extend({ task_id: z.string() })

const common = [
  'bad_json',
  'unsupported_version',
  'requires_authentication',
  'bad_credentials',
  'integration_not_accessible',
  'token_not_accessible',
  'validation_failed',
] as const

export const routes = {
  createTask: route({
    method: 'POST',
    path: '/agents/repos/{owner}/{repo}/tasks',
    summary: 'Start a task',
    origin: 'github',
    who: 'user',
    permission: 'agent_tasks:write',
    params: RepoPath,
    headers: z.object({ 'idempotency-key': z.string().min(1).max(255).exactOptional() }),
    body: CreateTask,
    answers: { 201: Task },
    errors: [...common, 'body_not_object', 'forbidden', 'not_found', 'payload_too_large'],
    spec: 'behaviour.md 1.2',
  }),
  listTasksForRepo: route({
    method: 'GET',
    path: '/agents/repos/{owner}/{repo}/tasks',
    summary: 'List tasks for a repository',
    origin: 'github',
    who: 'user',
    permission: 'agent_tasks:read',
    params: RepoPath,
    query: RepoTaskListQuery,
    answers: { 200: TaskPage },
    errors: [...common, 'not_found'],
    spec: 'behaviour.md 1.3',
  }),
  getTaskForRepo: route({
    method: 'GET',
    path: '/agents/repos/{owner}/{repo}/tasks/{task_id}',
    summary: 'Get a task by repository and id',
    origin: 'github',
    who: 'user',
    permission: 'agent_tasks:read',
    params: RepoTaskPath,
    answers: { 200: TaskWithSessions },
    errors: [...common, 'not_found'],
    spec: 'behaviour.md 1.4',
  }),
  listTasks: route({
    method: 'GET',
    path: '/agents/tasks',
    summary: "List the authenticated user's tasks",
    origin: 'github',
    who: 'user',
    permission: 'agent_tasks:read',
    params: z.object({}),
    query: TaskListQuery,
    answers: { 200: TaskPage },
    errors: common,
    spec: 'behaviour.md 1.3',
  }),
  getTask: route({
    method: 'GET',
    path: '/agents/tasks/{task_id}',
    summary: 'Get a task by id',
    origin: 'github',
    who: 'user',
    permission: 'agent_tasks:read',
    params: TaskPath,
    answers: { 200: TaskWithSessions },
    errors: [...common, 'not_found'],
    spec: 'behaviour.md 1.4',
  }),
  listEvents: route({
    method: 'GET',
    path: '/agents/tasks/{task_id}/events',
    summary: "List a task's events, or follow them as server-sent events",
    origin: 'beyond',
    who: 'user',
    permission: 'agent_tasks:read',
    params: TaskPath,
    query: EventListQuery,
    headers: z.object({ 'last-event-id': z.string().exactOptional() }),
    answers: { 200: EventPage },
    errors: [...common, 'not_found'],
    spec: 'behaviour.md 1.6',
  }),
  steerTask: route({
    method: 'POST',
    path: '/agents/tasks/{task_id}/steer',
    summary: 'Send a message, an answer or an abort to a task',
    origin: 'beyond',
    who: 'user',
    permission: 'agent_tasks:write',
    params: TaskPath,
    body: Steer,
    answers: { 202: SteerAccepted },
    errors: [...common, 'body_not_object', 'forbidden', 'not_found'],
    spec: 'behaviour.md 1.6',
  }),
  cancelTask: route({
    method: 'POST',
    path: '/agents/tasks/{task_id}/cancel',
    summary: 'Cancel a task',
    origin: 'beyond',
    who: 'user',
    permission: 'agent_tasks:write',
    params: TaskPath,
    answers: { 200: Task },
    errors: [...common, 'forbidden', 'not_found'],
    spec: 'behaviour.md 1.6',
  }),
  archiveTask: route({
    method: 'POST',
    path: '/agents/tasks/{task_id}/archive',
    summary: 'Archive a task that has ended',
    origin: 'beyond',
    who: 'user',
    permission: 'agent_tasks:write',
    params: TaskPath,
    answers: { 200: Task },
    errors: [...common, 'forbidden', 'not_found'],
    spec: 'behaviour.md 1.6',
  }),
  unarchiveTask: route({
    method: 'POST',
    path: '/agents/tasks/{task_id}/unarchive',
    summary: 'Bring an archived task back',
    origin: 'beyond',
    who: 'user',
    permission: 'agent_tasks:write',
    params: TaskPath,
    answers: { 200: Task },
    errors: [...common, 'forbidden', 'not_found'],
    spec: 'behaviour.md 1.6',
  }),
  openTaskPull: route({
    method: 'POST',
    path: '/agents/tasks/{task_id}/pulls',
    summary: "Open the pull request of a task's branch",
    origin: 'beyond',
    who: 'user',
    permission: 'agent_tasks:write',
    params: TaskPath,
    body: OpenPull,
    answers: { 201: OpenedPull },
    errors: [...common, 'body_not_object', 'forbidden', 'not_found'],
    spec: 'behaviour.md 1.6',
  }),
  getTaskDiff: route({
    method: 'GET',
    path: '/agents/tasks/{task_id}/diff',
    summary: "The unified diff of a task's branch against its base, as text",
    origin: 'beyond',
    who: 'user',
    permission: 'agent_tasks:read',
    params: TaskPath,
    answers: { 200: z.string() },
    errors: [...common, 'not_found'],
    spec: 'behaviour.md 1.6',
  }),
  listModels: route({
    method: 'GET',
    path: '/agents/models',
    summary: 'List the models a task may name',
    origin: 'beyond',
    who: 'user',
    permission: 'agent_tasks:read',
    params: z.object({}),
    query: PageQuery,
    answers: {
      200: z.object({
        models: z.array(z.object({ id: z.string(), agent: z.string(), is_default: z.boolean() })),
      }),
    },
    errors: common,
    spec: 'behaviour.md 5',
  }),
} as const

export type RouteName = keyof typeof routes
