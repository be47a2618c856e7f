import { activeStates, type Artifact, type State } from '@errand/contract'
import type { ExpressionBuilder } from 'kysely'
import type { Database, TaskRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { patiently } from '../store/transact.ts'
import { artifactsOf } from './get-task.ts'

export interface TaskFilter {
  repository_id?: number
  creator_ids?: number[]
  /** Those its runs have started. */
  automation_id?: string
  /** Default, and what an empty list means: all. */
  states?: State[]
  is_archived: boolean
  /** Updated at this time or after. */
  since?: Date
  sort: 'updated_at' | 'created_at'
  direction: 'asc' | 'desc'
  page: number
  per_page: number
}

export interface TaskList {
  tasks: (TaskRow & { artifacts: Artifact[] })[]
  has_more: boolean
  /** Of the repository or the creators, whatever else is filtered. */
  total_active_count: number
  total_archived_count: number
}

/** A page of tasks, by behaviour.md 1.3. */
export async function listTasks(store: Store, filter: TaskFilter): Promise<TaskList> {
  return await patiently(() => readPage(store, filter))
}

async function readPage(store: Store, filter: TaskFilter): Promise<TaskList> {
  const { states = [], since } = filter
  const rows = await store.db
    .selectFrom('tasks')
    .selectAll()
    .where(scope(filter))
    .where('archived_at', filter.is_archived ? 'is not' : 'is', null)
    .$if(states.length > 0, (query) => query.where('state', 'in', states))
    .$if(since !== undefined, (query) => query.where('updated_at', '>=', since ?? new Date(0)))
    .orderBy(filter.sort, filter.direction)
    .orderBy('position', filter.direction)
    .offset((filter.page - 1) * filter.per_page)
    .limit(filter.per_page + 1)
    .execute()
  const page = rows.slice(0, filter.per_page)
  const artifacts = await artifactsOf(
    store,
    page.map((task) => task.id),
  )
  return {
    tasks: page.map((task) => ({ ...task, artifacts: artifacts.get(task.id) ?? [] })),
    has_more: rows.length > filter.per_page,
    ...(await countTasks(store, filter)),
  }
}

async function countTasks(store: Store, filter: TaskFilter) {
  return await store.db
    .selectFrom('tasks')
    .where(scope(filter))
    .select(({ fn }) => [
      fn
        .countAll<number>()
        .filterWhere('archived_at', 'is', null)
        .filterWhere('state', 'in', [...activeStates])
        .as('total_active_count'),
      fn.countAll<number>().filterWhere('archived_at', 'is not', null).as('total_archived_count'),
    ])
    .executeTakeFirstOrThrow()
}

function scope(filter: TaskFilter) {
  return (where: ExpressionBuilder<Database, 'tasks'>) =>
    where.and([
      ...(filter.repository_id === undefined
        ? []
        : [where('repository_id', '=', filter.repository_id)]),
      ...(filter.creator_ids === undefined
        ? []
        : [where('creator_id', 'in', filter.creator_ids.length > 0 ? filter.creator_ids : [-1])]),
      ...(filter.automation_id === undefined
        ? []
        : [
            where('id', 'in', (subquery) =>
              subquery
                .selectFrom('automation_runs')
                .select('task_id')
                .where('automation_id', '=', filter.automation_id ?? null)
                .where('task_id', 'is not', null)
                .$castTo<{ task_id: string }>(),
            ),
          ]),
    ])
}
