import assert from 'node:assert/strict'
import { type Event, Settings } from '@errand/contract'
import type { Lease } from '../sessions/fence.ts'
import { leaseSession, type LeaseOptions } from '../sessions/lease.ts'
import { listEvents } from '../events/list-events.ts'
import { createTask, type NewTask } from '../tasks/create-task.ts'
import type { TaskRow } from '../store/schema.ts'
import type { Store } from '../store/store.ts'

/** Support for tests, not part of the package: rows with dull defaults. */
export const settings = Settings.parse({})

export const ada = { id: 1, login: 'ada' }
export const grace = { id: 2, login: 'grace' }

export function aTask(overrides: Partial<NewTask> = {}): NewTask {
  return {
    prompt: 'Tidy up the imports',
    model: 'script',
    agent: 'script',
    base_ref: 'main',
    create_pull_request: false,
    timeout_minutes: 59,
    priority: 0,
    creator: ada,
    repository: aRepository(),
    ...overrides,
  }
}

export function aRepository(id = 10, ownerId = 100): NewTask['repository'] {
  return {
    id,
    full_name: `owner-${ownerId}/repo-${id}`,
    owner: { id: ownerId, login: `owner-${ownerId}`, type: 'Organization' },
  }
}

export async function create(store: Store, overrides: Partial<NewTask> = {}): Promise<TaskRow> {
  const { task } = await createTask(store, aTask(overrides))
  return task
}

export async function lease(
  store: Store,
  options: Partial<LeaseOptions> = {},
): Promise<Lease | undefined> {
  return await leaseSession(store, {
    runner_id: 'runner-1',
    lease_seconds: 15,
    limits: settings.limits,
    ...options,
  })
}

/** Leases what must be there to be leased. */
export async function mustLease(store: Store, options: Partial<LeaseOptions> = {}): Promise<Lease> {
  const leased = await lease(store, options)
  assert(leased !== undefined, 'a session was expected in the queue')
  return leased
}

/** A task whose only session is leased. */
export async function createLeased(
  store: Store,
  overrides: Partial<NewTask> = {},
): Promise<{ task: TaskRow; lease: Lease }> {
  const task = await create(store, overrides)
  return { task, lease: await mustLease(store) }
}

export async function allEvents(store: Store, taskId: string): Promise<Event[]> {
  const { events } = await listEvents(store, taskId, { page: 1, per_page: 1000 })
  return events
}

/** Polls until `check` gives something true; the deadline is generous, machines are slow. */
export async function eventually<T>(check: () => Promise<T> | T, timeoutMs = 60_000): Promise<T> {
  const giveUpAt = performance.now() + timeoutMs
  for (;;) {
    const found = await check()
    if (found) return found
    if (performance.now() > giveUpAt) throw new Error('it did not happen in time')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
