import { expect, it } from 'vitest'
import { describeOnEachStore } from '../testing/stores.ts'
import {
  ada,
  allEvents,
  create,
  createLeased,
  lease,
  mustLease,
  settings,
} from '../testing/rows.ts'
import { getTask } from '../tasks/get-task.ts'
import { steerTask } from '../tasks/steer-task.ts'
import { beatLease } from './beat.ts'
import { endSession } from './end.ts'
import { StaleAttempt } from './fence.ts'
import { releaseLease } from './lost.ts'
import { takeMessages } from './messages.ts'
import { askUser, putAway } from './questions.ts'
import { recordEvents } from './record.ts'
import { sweepSessions } from './sweep.ts'

describeOnEachStore('a sweep', (on) => {
  async function lastSession(taskId: string) {
    return (await getTask(on.store, taskId))?.sessions.at(-1)
  }

  it('finds nothing to do while everybody is in time', async () => {
    await create(on.store)
    await createLeased(on.store)
    on.clock.advance({ seconds: 14 })

    expect(await sweepSessions(on.store, settings)).toBe(0)
  })

  it('gives the session of a lost runner to another, which starts anew', async () => {
    const { task, lease: lost } = await createLeased(on.store)
    await steerTask(on.store, task.id, { type: 'user_message', content: 'quickly', by: ada })
    await takeMessages(on.store, lost)
    on.clock.advance({ seconds: 16 })

    expect(await sweepSessions(on.store, settings)).toBe(1)
    expect(await sweepSessions(on.store, settings)).toBe(0)

    expect(await lastSession(task.id)).toMatchObject({ state: 'queued', attempt: 1, losses: 1 })
    const next = await mustLease(on.store, { runner_id: 'runner-2' })
    expect(next).toMatchObject({
      attempt: 2,
      resume: false,
      replay: [{ role: 'message', content: 'quickly' }],
      session: { started_at: on.clock.now() },
    })
    await expect(beatLease(on.store, lost, 15)).rejects.toThrow(StaleAttempt)
    await expect(recordEvents(on.store, lost, [])).rejects.toThrow(StaleAttempt)
    await expect(endSession(on.store, lost, { state: 'completed' })).rejects.toThrow(StaleAttempt)
    await beatLease(on.store, next, 15)
  })

  it('keeps a session its place in the queue', async () => {
    const { task } = await createLeased(on.store)
    await create(on.store)
    on.clock.advance({ seconds: 16 })

    await sweepSessions(on.store, settings)

    expect((await mustLease(on.store)).task.id).toBe(task.id)
  })

  it('gives a session up whose runners are lost again and again', async () => {
    const { task } = await createLeased(on.store)
    const sessions = { ...settings.sessions, max_attempts: 3 }

    for (let attempt = 1; attempt <= 3; attempt += 1) {
      on.clock.advance({ seconds: 16 })
      await sweepSessions(on.store, { sessions })
      await lease(on.store)
    }

    expect(await lastSession(task.id)).toMatchObject({
      state: 'failed',
      attempt: 3,
      error: {
        category: 'internal',
        message: 'The runner was lost 3 times while working on this session, so it was given up.',
        retryable: true,
      },
    })
  })

  it('does not count questions, or runners that were stopped, as losses', async () => {
    const { task, lease: first } = await createLeased(on.store)
    let leased = first
    for (let round = 0; round < 4; round += 1) {
      await askUser(on.store, leased, { message: 'Which?' })
      await putAway(on.store, leased, { agent_session_id: 'acp-1' })
      await steerTask(on.store, task.id, { type: 'user_message', content: 'blue', by: ada })
      leased = await mustLease(on.store)
      await releaseLease(on.store, leased)
      leased = await mustLease(on.store)
    }
    on.clock.advance({ seconds: 16 })

    await sweepSessions(on.store, { sessions: { ...settings.sessions, max_attempts: 2 } })

    expect(await lastSession(task.id)).toMatchObject({ state: 'queued', losses: 1, attempt: 9 })
  })

  it('ends what was queued for too long', async () => {
    const task = await create(on.store)
    on.clock.advance({ minutes: settings.sessions.queue_timeout_minutes })
    expect(await sweepSessions(on.store, settings)).toBe(0)

    on.clock.advance({ seconds: 1 })

    expect(await sweepSessions(on.store, settings)).toBe(1)
    expect(await lastSession(task.id)).toMatchObject({
      state: 'failed',
      completed_at: on.clock.now(),
      error: { category: 'queue', message: 'No runner took the session within 1440 minutes.' },
    })
  })

  it('ends what waited too long for an answer', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    await askUser(on.store, leased, { message: 'Which?' })
    await putAway(on.store, leased, { agent_session_id: 'acp-1' })
    on.clock.advance({ minutes: settings.sessions.waiting_timeout_minutes, seconds: 1 })

    expect(await sweepSessions(on.store, settings)).toBe(1)

    expect(await lastSession(task.id)).toMatchObject({
      state: 'timed_out',
      waiting_since: null,
      error: { category: 'limit' },
    })
  })

  it('ends what ran for too long, even if its runner died as well', async () => {
    const { task, lease: leased } = await createLeased(on.store, { timeout_minutes: 1 })
    on.clock.advance({ seconds: 10 })
    await beatLease(on.store, leased, 55)
    on.clock.advance({ seconds: 60 })

    expect(await sweepSessions(on.store, settings)).toBe(1)

    expect(await lastSession(task.id)).toMatchObject({
      state: 'timed_out',
      error: { message: 'The session ran for longer than its limit of 1 minute.' },
    })
    await expect(beatLease(on.store, leased, 15)).rejects.toThrow(StaleAttempt)
  })

  it('starts again what was cut short within its time, however long no server ran', async () => {
    const { task } = await createLeased(on.store, { timeout_minutes: 1 })
    on.clock.advance({ minutes: 20 })

    expect(await sweepSessions(on.store, settings)).toBe(1)

    expect(await lastSession(task.id)).toMatchObject({ state: 'queued', losses: 1 })
  })

  it('is safe in several processes at once', async () => {
    const tasks = []
    for (let i = 0; i < 6; i += 1) tasks.push(await create(on.store))
    for (let i = 0; i < 6; i += 1) await mustLease(on.store)
    on.clock.advance({ seconds: 16 })

    const changed = await Promise.all(
      Array.from({ length: 4 }, () => sweepSessions(on.store, settings)),
    )

    expect(changed.reduce((sum, count) => sum + count, 0)).toBe(6)
    for (const task of tasks) {
      const moves = (await allEvents(on.store, task.id)).filter(
        (event) => event.type === 'session.state_changed',
      )
      expect(moves.map((event) => event.data['to'])).toEqual(['in_progress', 'queued'])
    }
  })

  it('loses against a beat that comes first', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    on.clock.advance({ seconds: 16 })
    await beatLease(on.store, leased, 15)

    expect(await sweepSessions(on.store, settings)).toBe(0)
    expect(await lastSession(task.id)).toMatchObject({ state: 'in_progress' })
  })
})

describeOnEachStore('giving a lease back', (on) => {
  it('queues the session at once', async () => {
    const { lease: leased } = await createLeased(on.store)

    await releaseLease(on.store, leased)

    expect(await mustLease(on.store)).toMatchObject({ attempt: 2 })
  })

  it('does nothing when the lease is lost already', async () => {
    const { lease: leased } = await createLeased(on.store)
    await releaseLease(on.store, leased)
    const next = await mustLease(on.store)

    await releaseLease(on.store, leased)

    await beatLease(on.store, next, 15)
  })
})
