import { expect, it } from 'vitest'
import { describeOnEachStore, type StoreUnderTest } from '../testing/stores.ts'
import {
  ada,
  allEvents,
  createLeased,
  lease,
  mustLease,
  settings as defaults,
} from '../testing/rows.ts'
import type { NewTask } from '../tasks/create-task.ts'
import { cancelTask } from '../tasks/cancel-task.ts'
import { getTask } from '../tasks/get-task.ts'
import { steerTask } from '../tasks/steer-task.ts'
import { beatLease } from './beat.ts'
import { endSaying, endSession } from './end.ts'
import { releaseLease } from './lost.ts'
import { StaleAttempt } from './fence.ts'
import { askUser, putAway } from './questions.ts'
import { sweepSessions } from './sweep.ts'

const settings = { sessions: { ...defaults.sessions, push_unfinished: true, max_attempts: 2 } }

describeOnEachStore('a wait that is over, of work that is to be pushed', (on) => {
  async function lastSession(taskId: string) {
    return (await getTask(on.store, taskId))?.sessions.at(-1)
  }

  it.each([
    ['by the settings', true, undefined, 'queued'],
    ['by its task', false, true, 'queued'],
    ['by the settings, but not by its task', true, false, 'timed_out'],
    ['by nobody', false, undefined, 'timed_out'],
  ])('is asked for %s', async (_, bySettings, byTask, state) => {
    const asked = byTask === undefined ? {} : { push_unfinished: byTask }
    const id = await waitTooLong(on, asked, { ...settings.sessions, push_unfinished: bySettings })

    expect(await lastSession(id)).toMatchObject({ state })
  })

  it('is queued for a runner that has the workspace, and for no other', async () => {
    const id = await waitTooLong(on)
    const session = await lastSession(id)

    expect(await lease(on.store)).toBeUndefined()
    expect(await lease(on.store, { workspaces: ['..', id] })).toBeUndefined()
    const taken = await mustLease(on.store, { workspaces: [session?.id ?? ''] })

    expect(taken).toMatchObject({
      attempt: 2,
      resume: true,
      session: {
        put_away: true,
        end_after_push: {
          state: 'timed_out',
          error: { message: 'The question was not answered within 10080 minutes.' },
        },
      },
    })
  })

  it('ends once, as it was to end, with what became of the work', async () => {
    const id = await waitTooLong(on)
    const taken = await leaseAgain(on, id)
    const end = taken.session.end_after_push
    if (end === null) throw new Error('no end is stored')

    await endSession(on.store, taken, endSaying(end, 'It is pushed.'))

    await expect(endSession(on.store, taken, end)).rejects.toThrow(StaleAttempt)
    expect(await lastSession(id)).toMatchObject({
      state: 'timed_out',
      end_after_push: null,
      error: { message: 'The question was not answered within 10080 minutes. It is pushed.' },
    })
    const moves = (await allEvents(on.store, id)).filter(
      ({ type }) => type === 'session.state_changed',
    )
    expect(moves.map(({ data }) => data['to'])).toEqual([
      'in_progress',
      'waiting_for_user',
      'queued',
      'in_progress',
      'timed_out',
    ])
  })

  it('takes the session from a runner that still holds its box', async () => {
    const { task, lease: held } = await createLeased(on.store)
    await askUser(on.store, held, { message: 'Which?' })
    on.clock.advance({ minutes: 10_080, seconds: 1 })
    await beatLease(on.store, held, 15)

    await sweepSessions(on.store, settings)

    await expect(beatLease(on.store, held, 15)).rejects.toThrow(StaleAttempt)
    expect(await lastSession(task.id)).toMatchObject({ state: 'queued', put_away: true })
  })

  it('is not ended for the time its agent had, and is pushed by the next when a runner is lost', async () => {
    const id = await waitTooLong(on, { timeout_minutes: 1 })
    const first = await leaseAgain(on, id)
    on.clock.advance({ minutes: 2 })
    await beatLease(on.store, first, 15)
    expect(await sweepSessions(on.store, settings)).toBe(0)

    on.clock.advance({ seconds: 16 })
    expect(await sweepSessions(on.store, settings)).toBe(1)

    expect(await leaseAgain(on, id)).toMatchObject({
      resume: true,
      session: { losses: 1, end_after_push: { state: 'timed_out' } },
    })
  })

  it('is pushed by the next when a runner is stopped at it', async () => {
    const id = await waitTooLong(on)
    await releaseLease(on.store, await leaseAgain(on, id))

    expect(await leaseAgain(on, id)).toMatchObject({
      resume: true,
      session: { losses: 0, put_away: true },
    })
  })

  it('ends as it was to end when its runners are lost again and again', async () => {
    const id = await waitTooLong(on)
    for (let time = 1; time <= 2; time += 1) {
      await leaseAgain(on, id)
      on.clock.advance({ seconds: 16 })
      await sweepSessions(on.store, settings)
    }

    expect(await lastSession(id)).toMatchObject({
      state: 'timed_out',
      error: {
        message:
          'The question was not answered within 10080 minutes. Its work could not be pushed: the runner was lost 2 times.',
      },
    })
  })

  it('ends failed when nobody who has the workspace comes', async () => {
    const id = await waitTooLong(on)
    on.clock.advance({ minutes: 1440, seconds: 1 })

    await sweepSessions(on.store, settings)

    expect(await lastSession(id)).toMatchObject({
      state: 'failed',
      error: {
        message:
          'The question was not answered within 10080 minutes. Its work could not be found: no runner that has it took the session within 1440 minutes.',
      },
    })
  })

  it('can be cancelled until it ends; what is answered too late is kept for the next session', async () => {
    const id = await waitTooLong(on)
    const late = { type: 'ask_user_response', content: 'blue', by: ada } as const
    expect(await steerTask(on.store, id, late)).toMatchObject({ outcome: 'queued' })
    const taken = await leaseAgain(on, id)

    await cancelTask(on.store, id, 'ada')

    await expect(beatLease(on.store, taken, 15)).rejects.toThrow(StaleAttempt)
    expect(await lastSession(id)).toMatchObject({ state: 'cancelled', end_after_push: null })
  })
})

/** A task whose session was put away, and has waited for longer than it may. */
async function waitTooLong(
  on: StoreUnderTest,
  overrides: Partial<NewTask> = {},
  sessions = settings.sessions,
): Promise<string> {
  const { task, lease: held } = await createLeased(on.store, overrides)
  await askUser(on.store, held, { message: 'Which?' })
  await putAway(on.store, held, { agent_session_id: 'acp-1' })
  on.clock.advance({ minutes: sessions.waiting_timeout_minutes, seconds: 1 })
  await sweepSessions(on.store, { sessions })
  return task.id
}

async function leaseAgain(on: StoreUnderTest, taskId: string) {
  const sessions = (await getTask(on.store, taskId))?.sessions ?? []
  return await mustLease(on.store, { workspaces: sessions.map(({ id }) => id) })
}
