import { expect, it } from 'vitest'
import { describeOnEachStore } from '../testing/stores.ts'
import { ada, allEvents, createLeased, lease, mustLease, settings } from '../testing/rows.ts'
import { getTask } from '../tasks/get-task.ts'
import { steerTask } from '../tasks/steer-task.ts'
import { endSession } from './end.ts'
import { StaleAttempt } from './fence.ts'
import { releaseLease } from './lost.ts'
import { takeMessages } from './messages.ts'
import { askUser, putAway, takeAnswer } from './questions.ts'
import { recordAgentSession } from './record.ts'
import { sweepSessions } from './sweep.ts'

const box = { agent_session_id: 'acp-1' }

describeOnEachStore('a question', (on) => {
  async function stateOf(taskId: string) {
    return (await getTask(on.store, taskId))?.state
  }
  async function sessionOf(taskId: string) {
    return (await getTask(on.store, taskId))?.sessions.at(-1)
  }
  async function say(taskId: string, content: string) {
    return await steerTask(on.store, taskId, { type: 'user_message', content, by: ada })
  }

  it('lets the session wait, and is told with the form of its answer', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    const requested_schema = { type: 'object', properties: { colour: { type: 'string' } } }

    const { question_id } = await askUser(on.store, leased, { message: 'Which?', requested_schema })

    expect(await sessionOf(task.id)).toMatchObject({
      state: 'waiting_for_user',
      waiting_since: on.clock.now(),
    })
    expect((await allEvents(on.store, task.id)).slice(-2)).toMatchObject([
      { type: 'elicitation.requested', data: { question_id, message: 'Which?', requested_schema } },
      { type: 'session.state_changed', data: { from: 'in_progress', to: 'waiting_for_user' } },
    ])
  })

  it('joins the one that is open: one answer is for both', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    const first = await askUser(on.store, leased, { message: 'Which colour?' })

    const second = await askUser(on.store, leased, { message: 'Which size?' })

    expect(second).toEqual(first)
    const asked = (await allEvents(on.store, task.id)).filter(
      (event) => event.type === 'elicitation.requested',
    )
    expect(asked.map((event) => event.data['message'])).toEqual(['Which colour?', 'Which size?'])
    await say(task.id, 'blue, large')
    await releaseLease(on.store, leased)
    expect((await mustLease(on.store)).replay).toEqual([
      { role: 'question', content: 'Which colour?\n\nWhich size?' },
      { role: 'answer', content: 'blue, large' },
    ])
  })

  it('asked while an answer is still to be taken keeps the session waiting', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    const first = await askUser(on.store, leased, { message: 'Which colour?' })
    await say(task.id, 'blue')

    const second = await askUser(on.store, leased, { message: 'Which size?' })

    expect(await takeAnswer(on.store, leased, first.question_id)).toBe('blue')
    expect(await stateOf(task.id)).toBe('waiting_for_user')
    await say(task.id, 'large')
    expect(await takeAnswer(on.store, leased, second.question_id)).toBe('large')
    expect(await takeAnswer(on.store, leased, second.question_id)).toBe('large')
    expect(await stateOf(task.id)).toBe('in_progress')
  })

  it('keeps the session from completing', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    await askUser(on.store, leased, { message: 'Which?' })

    await expect(endSession(on.store, leased, { state: 'completed' })).rejects.toMatchObject({
      errorName: 'conflict',
    })
    await endSession(on.store, leased, {
      state: 'failed',
      error: { message: 'The agent crashed.' },
    })
    expect(await stateOf(task.id)).toBe('failed')
  })

  it('is resumed when the answer comes to a box that was put away', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    await askUser(on.store, leased, { message: 'Which?' })
    expect(await putAway(on.store, leased, box)).toBe('put_away')
    expect(await lease(on.store)).toBeUndefined()
    await expect(takeMessages(on.store, leased)).rejects.toThrow(StaleAttempt)

    await say(task.id, 'blue')

    expect(await stateOf(task.id)).toBe('queued')
    const resumed = await mustLease(on.store)
    expect(resumed).toMatchObject({
      resume: true,
      attempt: 2,
      replay: [
        { role: 'question', content: 'Which?' },
        { role: 'answer', content: 'blue' },
      ],
      session: { agent_session_id: 'acp-1', put_away: false },
    })
  })

  it('that was answered in between is not put away', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    const { question_id } = await askUser(on.store, leased, { message: 'Which?' })
    await say(task.id, 'blue')

    expect(await putAway(on.store, leased, box)).toBe('answered')

    expect(await takeAnswer(on.store, leased, question_id)).toBe('blue')
  })

  it('is either answered live or resumed, whichever of answer and putting away comes first', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { task, lease: leased } = await createLeased(on.store)
      const { question_id } = await askUser(on.store, leased, { message: 'Which?' })

      const [put, said] = await Promise.all([putAway(on.store, leased, box), say(task.id, 'blue')])

      expect(said.outcome).toBe('answered')
      const live = put === 'answered' ? leased : await mustLease(on.store)
      const answer =
        put === 'answered'
          ? await takeAnswer(on.store, live, question_id)
          : live.replay.at(-1)?.content
      expect(answer).toBe('blue')
      await endSession(on.store, live, { state: 'completed' })
    }
  })

  it('outlives the runner that asked it: the session waits on, its box put away', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    await recordAgentSession(on.store, leased, 'acp-1')
    await askUser(on.store, leased, { message: 'Which?' })
    on.clock.advance({ seconds: 16 })

    expect(await sweepSessions(on.store, settings)).toBe(1)

    expect(await sessionOf(task.id)).toMatchObject({
      state: 'waiting_for_user',
      put_away: true,
      lease_expires_at: null,
      runner_id: 'runner-1',
    })
    await say(task.id, 'blue')
    expect(await mustLease(on.store)).toMatchObject({ resume: true, attempt: 2 })
  })

  it('answered just before its runner is lost queues the session', async () => {
    const { task, lease: leased } = await createLeased(on.store)
    await askUser(on.store, leased, { message: 'Which?' })
    await say(task.id, 'blue')
    on.clock.advance({ seconds: 16 })

    await sweepSessions(on.store, settings)

    expect(await stateOf(task.id)).toBe('queued')
    // The agent's own session was never told, so that nothing can be resumed.
    expect(await mustLease(on.store)).toMatchObject({
      resume: false,
      replay: [{ role: 'question' }, { role: 'answer', content: 'blue' }],
    })
  })

  it('is replayed with everything else when the resumed attempt is lost', async () => {
    const { task, lease: first } = await createLeased(on.store)
    await say(task.id, 'quickly please')
    await takeMessages(on.store, first)
    await askUser(on.store, first, { message: 'Which?' })
    await putAway(on.store, first, box)
    await say(task.id, 'blue')
    const second = await mustLease(on.store)
    await say(task.id, 'and tested')
    await takeMessages(on.store, second)
    on.clock.advance({ seconds: 16 })
    await sweepSessions(on.store, settings)

    const third = await mustLease(on.store)

    expect(third).toMatchObject({ resume: false, attempt: 3 })
    expect(third.replay).toEqual([
      { role: 'message', content: 'quickly please' },
      { role: 'question', content: 'Which?' },
      { role: 'answer', content: 'blue' },
      { role: 'message', content: 'and tested' },
    ])
    expect(third.session.agent_session_id).toBeNull()
  })

  it('does not spend the time of the session, nor does the queue after its answer', async () => {
    const { task, lease: leased } = await createLeased(on.store, { timeout_minutes: 10 })
    on.clock.advance({ minutes: 6 })
    await askUser(on.store, leased, { message: 'Which?' })
    await putAway(on.store, leased, box)
    on.clock.advance({ minutes: 30 })
    await say(task.id, 'blue')
    on.clock.advance({ minutes: 30 })
    const resumed = await mustLease(on.store, { lease_seconds: 3600 })

    on.clock.advance({ minutes: 3 })
    expect(await sweepSessions(on.store, settings)).toBe(0)

    on.clock.advance({ minutes: 2 })
    expect(await sweepSessions(on.store, settings)).toBe(1)
    expect(await stateOf(task.id)).toBe('timed_out')
    await expect(takeMessages(on.store, resumed)).rejects.toThrow(StaleAttempt)
  })
})
