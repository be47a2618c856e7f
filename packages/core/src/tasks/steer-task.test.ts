import { expect, it } from 'vitest'
import { endSession } from '../sessions/end.ts'
import { askUser, putAway, takeAnswer } from '../sessions/questions.ts'
import { takeMessages } from '../sessions/messages.ts'
import { beatLease } from '../sessions/beat.ts'
import { StaleAttempt } from '../sessions/fence.ts'
import { setHeadRef } from '../sessions/record.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { ada, allEvents, create, createLeased, grace, lease, mustLease } from '../testing/rows.ts'
import { archiveTask } from './archive-task.ts'
import { cancelTask } from './cancel-task.ts'
import { getTask } from './get-task.ts'
import { steerTask, type Steering } from './steer-task.ts'

const failure = { state: 'failed', error: { message: 'The agent crashed.' } } as const

function say(content: string, more: Partial<Steering> = {}): Steering {
  return { type: 'user_message', content, by: grace, ...more }
}

describeOnEachStore('steering a task', (on) => {
  it('keeps a message to a queued task until a runner takes it', async () => {
    const task = await create(on.store)

    const accepted = await steerTask(on.store, task.id, say('and the tests'))

    expect(accepted).toMatchObject({ task_id: task.id, outcome: 'queued' })
    const leased = await mustLease(on.store)
    expect(leased.replay).toEqual([])
    expect(await takeMessages(on.store, leased)).toEqual([
      { message_id: accepted.message_id, content: 'and the tests' },
    ])
    expect(await takeMessages(on.store, leased)).toEqual([])
  })

  it('hands messages to a running session in their order', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    await steerTask(on.store, task.id, say('one'))
    await steerTask(on.store, task.id, say('two'))

    const messages = await takeMessages(on.store, leased)

    expect(messages.map((message) => message.content)).toEqual(['one', 'two'])
    const types = (await allEvents(on.store, task.id)).map((event) => event.type)
    expect(types.filter((type) => type === 'user.message')).toHaveLength(2)
  })

  it('makes a message that came too late the prompt of a new session', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    await setHeadRef(on.store, leased, 'errand/tidy')
    await steerTask(on.store, task.id, say('one'))
    await steerTask(on.store, task.id, say('two'))

    await endSession(on.store, leased, { state: 'completed' })

    const detail = await getTask(on.store, task.id)
    expect(detail).toMatchObject({ state: 'queued', session_count: 2, head_ref: 'errand/tidy' })
    expect(detail?.sessions).toEqual([
      expect.objectContaining({ number: 1, state: 'completed' }),
      expect.objectContaining({
        number: 2,
        state: 'queued',
        prompt: 'one\n\ntwo',
        head_ref: 'errand/tidy',
        user_id: grace.id,
      }),
    ])
    const next = await mustLease(on.store)
    expect(next.session.number).toBe(2)
    expect(await takeMessages(on.store, next)).toEqual([])
  })

  it('follows up on an ended task with a new session, by another model if asked for', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    await endSession(on.store, leased, { state: 'completed' })
    await archiveTask(on.store, task.id)

    const accepted = await steerTask(
      on.store,
      task.id,
      say('now the docs', { model: { id: 'big', agent: 'coder' } }),
    )

    expect(accepted.outcome).toBe('new_session')
    const detail = await getTask(on.store, task.id)
    expect(detail).toMatchObject({ state: 'queued', archived_at: null, session_count: 2 })
    expect(detail?.sessions[1]).toMatchObject({
      prompt: 'now the docs',
      model: 'big',
      agent: 'coder',
      user_id: grace.id,
    })
  })

  it('makes one session after another of follow-ups sent at once', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    await endSession(on.store, leased, failure)

    const outcomes = await Promise.all(
      ['a', 'b', 'c'].map((content) => steerTask(on.store, task.id, say(content))),
    )

    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual([
      'new_session',
      'queued',
      'queued',
    ])
    expect((await getTask(on.store, task.id))?.session_count).toBe(2)
  })

  it('carries what a failed session never heard into the next one, but not what was cancelled', async () => {
    const { task, lease: first } = await createLeased(on.store)
    await steerTask(on.store, task.id, say('unheard'))
    await endSession(on.store, first, failure)

    await steerTask(on.store, task.id, say('again'))
    expect((await getTask(on.store, task.id))?.sessions.at(-1)?.prompt).toBe('unheard\n\nagain')

    await steerTask(on.store, task.id, say('taken back'))
    await cancelTask(on.store, task.id, 'ada')
    await steerTask(on.store, task.id, say('fresh'))
    expect((await getTask(on.store, task.id))?.sessions.at(-1)?.prompt).toBe('fresh')
  })

  it.each(['user_message', 'ask_user_response', 'elicitation_response'] as const)(
    'answers the open question by %s',
    async (type) => {
      const { task, lease: leased } = await createLeased(on.store)
      const { question_id } = await askUser(on.store, leased, { message: 'Which?' })
      expect(await takeAnswer(on.store, leased, question_id)).toBeUndefined()

      const accepted = await steerTask(on.store, task.id, say('the blue one', { type }))

      expect(accepted.outcome).toBe('answered')
      expect((await getTask(on.store, task.id))?.state).toBe('waiting_for_user')
      expect(await takeAnswer(on.store, leased, question_id)).toBe('the blue one')
      expect((await getTask(on.store, task.id))?.state).toBe('in_progress')
    },
  )

  it('queues a second message after the answer', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    const { question_id } = await askUser(on.store, leased, { message: 'Which?' })
    await steerTask(on.store, task.id, say('blue'))

    const second = await steerTask(on.store, task.id, say('and quick'))

    expect(second.outcome).toBe('queued')
    await takeAnswer(on.store, leased, question_id)
    expect(await takeMessages(on.store, leased)).toMatchObject([{ content: 'and quick' }])
  })

  it('aborts a running task, and leaves an ended one alone', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    const abort: Steering = { type: 'abort', content: '', by: ada }

    expect((await steerTask(on.store, task.id, abort)).outcome).toBe('aborted')
    expect((await steerTask(on.store, task.id, abort)).outcome).toBe('already_ended')

    expect((await getTask(on.store, task.id))?.state).toBe('cancelled')
    await expect(beatLease(on.store, leased, 15)).rejects.toThrow(StaleAttempt)
  })

  it('knows no task that is not there', async () => {
    const steering = steerTask(on.store, '00000000-0000-4000-8000-000000000000', say('hello'))

    await expect(steering).rejects.toMatchObject({ errorName: 'not_found' })
  })
})

describeOnEachStore('cancelling a task', (on) => {
  it('works while it is queued', async () => {
    const task = await create(on.store)

    const cancelled = await cancelTask(on.store, task.id, 'ada')

    expect(cancelled).toMatchObject({ state: 'cancelled' })
    expect(cancelled.sessions[0]).toMatchObject({ completed_at: on.clock.now() })
    expect(await lease(on.store)).toBeUndefined()
  })

  it('works while it waits with its box put away, and frees nothing twice', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    await askUser(on.store, leased, { message: 'Which?' })
    await putAway(on.store, leased, { agent_session_id: 'acp-1' })

    await cancelTask(on.store, task.id, 'ada')

    const accepted = await steerTask(on.store, task.id, say('too late'))
    expect(accepted.outcome).toBe('new_session')
  })

  it('leaves an ended task as it ended', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    await endSession(on.store, leased, { state: 'completed' })
    const before = await getTask(on.store, task.id)

    expect(await cancelTask(on.store, task.id, 'ada')).toEqual(before)
  })

  it('says who did it', async () => {
    const task = await create(on.store)

    await cancelTask(on.store, task.id, 'ada')

    expect((await allEvents(on.store, task.id)).slice(1)).toMatchObject([
      { type: 'abort', data: { by: 'ada' } },
      { type: 'session.state_changed', data: { from: 'queued', to: 'cancelled' } },
    ])
  })
})
