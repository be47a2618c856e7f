import assert from 'node:assert/strict'
import { canTransition, type State } from '@errand/contract'
import {
  array,
  assert as assertProperty,
  asyncProperty,
  constantFrom,
  nat,
  oneof,
  record,
} from 'fast-check'
import { expect, it } from 'vitest'
import { describeOnEachStore, emptyStore, type StoreUnderTest } from '../testing/stores.ts'
import { ada, allEvents, aRepository, create, lease, settings } from '../testing/rows.ts'
import { cancelTask } from '../tasks/cancel-task.ts'
import { getTask, type TaskDetail } from '../tasks/get-task.ts'
import { steerTask } from '../tasks/steer-task.ts'
import { beatLease } from './beat.ts'
import { endSession } from './end.ts'
import { type Lease, StaleAttempt } from './fence.ts'
import { releaseLease } from './lost.ts'
import { takeMessages } from './messages.ts'
import { askUser, putAway, takeAnswer } from './questions.ts'
import { recordEvents } from './record.ts'
import { sweepSessions } from './sweep.ts'

/**
 * Random orders of everything users, runners and the clock can do, lost and stale leases included.
 * After each step the promises of docs/states.md are looked up in the store.
 */
const limits = { total: 3, per_owner: 2, per_repository: 2, per_model: 3 }
const sessions = { ...settings.sessions, max_attempts: 3, push_unfinished: true }
const error = { message: 'The agent crashed.' }

/** What has happened so far, as runners and users know it. */
interface World {
  on: StoreUnderTest
  taskIds: string[]
  /** Every lease there ever was: most of them are stale. */
  leases: { lease: Lease; questionId?: string }[]
  seen: Map<string, { states: State[]; attempt: number; lastEvent: number }>
}

type Step = (world: World, pick: number) => Promise<unknown>

const steps = {
  create: async ({ on, taskIds }, pick) => {
    if (taskIds.length >= 6) return
    const repository = aRepository(pick % 3, 100 + (pick % 2))
    const task = await create(on.store, { repository, timeout_minutes: 10 })
    taskIds.push(task.id)
  },
  lease: async ({ on, leases }) => {
    const workspaces = leases.map(({ lease: { session } }) => session.id)
    const taken = await lease(on.store, { limits, workspaces })
    if (taken !== undefined) leases.push({ lease: taken })
  },
  beat: withLease((world, held) => beatLease(world.on.store, held.lease, 15)),
  record: withLease((world, held) =>
    recordEvents(world.on.store, held.lease, [
      { type: 'assistant.message', data: { content: 'x' } },
    ]),
  ),
  ask: withLease(async (world, held) => {
    const asked = await askUser(world.on.store, held.lease, { message: 'Which?' })
    held.questionId = asked.question_id
  }),
  takeAnswer: withLease((world, held) =>
    takeAnswer(world.on.store, held.lease, held.questionId ?? world.taskIds[0] ?? ''),
  ),
  putAway: withLease((world, held) =>
    putAway(world.on.store, held.lease, { agent_session_id: 'acp-1' }),
  ),
  takeMessages: withLease((world, held) => takeMessages(world.on.store, held.lease)),
  release: withLease((world, held) => releaseLease(world.on.store, held.lease)),
  complete: withLease((world, held) =>
    endSession(world.on.store, held.lease, { state: 'completed' }),
  ),
  fail: withLease((world, held) =>
    endSession(world.on.store, held.lease, { state: 'failed', error }),
  ),
  timeOut: withLease((world, held) =>
    endSession(world.on.store, held.lease, { state: 'timed_out', error }),
  ),
  say: withTask((world, id) =>
    steerTask(world.on.store, id, { type: 'user_message', content: 'hello', by: ada }),
  ),
  cancel: withTask((world, id) => cancelTask(world.on.store, id, 'ada')),
  sweep: ({ on }) => sweepSessions(on.store, { sessions }),
  aMoment: async ({ on }) => on.clock.advance({ seconds: 10 }),
  aWhile: async ({ on }) => on.clock.advance({ minutes: 6 }),
  aWeek: async ({ on }) => on.clock.advance({ minutes: 10_081 }),
} satisfies Record<string, Step>

type StepName = keyof typeof steps
// Object.keys gives the keys of this very object.
const stepNames = Object.keys(steps) as StepName[]
const lasting: StepName[] = [
  'create',
  'lease',
  'ask',
  'say',
  'putAway',
  'takeAnswer',
  'sweep',
  'aMoment',
]

const anyStep = record({
  // The rare steps end things: with all as likely as each other, hardly anything would ever run.
  names: array(
    oneof(
      { arbitrary: constantFrom(...lasting), weight: 3 },
      { arbitrary: constantFrom(...stepNames), weight: 2 },
    ),
    // More than one: they are done at the same time.
    { minLength: 1, maxLength: 3 },
  ),
  pick: nat(1000),
})

describeOnEachStore('in any order of calls', (on) => {
  it('no session leaves the table of transitions, and no limit is passed', async () => {
    await assertProperty(
      asyncProperty(array(anyStep, { minLength: 10, maxLength: 40 }), async (sequence) => {
        await emptyStore(on.store)
        const world: World = { on, taskIds: [], leases: [], seen: new Map() }
        for (const { names, pick } of sequence) {
          await Promise.all(names.map((name) => take(steps[name], world, pick)))
          await checkPromises(world)
        }
      }),
      { numRuns: 25, interruptAfterTimeLimit: 45_000 },
    )
  })
})

/** A refusal is a fair answer to a call that comes at the wrong time; anything else is a failure. */
async function take(step: Step, world: World, pick: number): Promise<void> {
  try {
    await step(world, pick)
  } catch (refusal) {
    const isConflict = refusal instanceof Error && 'errorName' in refusal
    if (!isConflict && !(refusal instanceof StaleAttempt)) throw refusal
  }
}

async function checkPromises(world: World): Promise<void> {
  let leased: TaskDetail['sessions'] = []
  for (const id of world.taskIds) {
    const task = await getTask(world.on.store, id)
    assert(task !== undefined, 'a task is never lost')
    leased = [...leased, ...task.sessions.filter((session) => session.lease_expires_at !== null)]
    await checkTask(world, task)
  }
  const rows = await world.on.store.db.selectFrom('tasks').select(['id', 'state']).execute()
  for (const row of rows) {
    const task = await getTask(world.on.store, row.id)
    expect(row.state, "the task's own state is that of its last session").toBe(task?.state)
  }
  expect(leased.length).toBeLessThanOrEqual(limits.total)
  for (const ids of [leased.map((s) => s.owner_id), leased.map((s) => s.repository_id)]) {
    for (const id of ids) expect(ids.filter((other) => other === id).length).toBeLessThanOrEqual(2)
  }
}

async function checkTask(world: World, task: TaskDetail): Promise<void> {
  expect(task.sessions.map((session) => session.number)).toEqual(
    task.sessions.map((_, index) => index + 1),
  )
  const events = await allEvents(world.on.store, task.id)
  expect(events.map((event) => Number(event.id))).toEqual(events.map((_, index) => index + 1))
  for (const session of task.sessions) {
    const moves = events.filter(
      (event) => event.type === 'session.state_changed' && event.session_id === session.id,
    )
    const states: State[] = ['queued', ...moves.map((event) => event.data['to'] as State)]
    for (const [index, to] of states.slice(1).entries()) {
      const from = states[index]
      assert(from !== undefined)
      expect(canTransition(from, to), `${from} -> ${to}`).toBe(true)
    }
    expect(states.at(-1), 'every change of state is told').toBe(session.state)

    const before = world.seen.get(session.id)
    expect(states.slice(0, before?.states.length ?? 0), 'what was told stays').toEqual(
      before?.states ?? [],
    )
    expect(session.attempt).toBeGreaterThanOrEqual(before?.attempt ?? 0)
    expect(events.length).toBeGreaterThanOrEqual(before?.lastEvent ?? 0)
    world.seen.set(session.id, { states, attempt: session.attempt, lastEvent: events.length })

    const isWorked = session.state === 'in_progress'
    const mayBeLeased = isWorked || session.state === 'waiting_for_user'
    if (isWorked) expect(session.lease_expires_at).not.toBeNull()
    if (!mayBeLeased) expect(session.lease_expires_at).toBeNull()
    expect(session.completed_at !== null).toBe(
      !['queued', 'in_progress', 'waiting_for_user'].includes(session.state),
    )
    expect(session.waiting_since !== null).toBe(session.state === 'waiting_for_user')
  }
  const earlier = task.sessions.slice(0, -1)
  for (const session of earlier) {
    expect(['completed', 'failed', 'timed_out', 'cancelled']).toContain(session.state)
  }
}

function withLease(act: (world: World, held: World['leases'][number]) => Promise<unknown>): Step {
  return async (world, pick) => {
    // Nearly always one of the newest: the others are stale for good.
    const newest = pick % 10 === 0 ? world.leases : world.leases.slice(-3)
    const held = newest[pick % Math.max(1, newest.length)]
    if (held !== undefined) await act(world, held)
  }
}

function withTask(act: (world: World, id: string) => Promise<unknown>): Step {
  return async (world, pick) => {
    const id = world.taskIds[pick % Math.max(1, world.taskIds.length)]
    if (id !== undefined) await act(world, id)
  }
}
