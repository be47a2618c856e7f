import { expect, it } from 'vitest'
import { describeOnEachStore } from '../testing/stores.ts'
import { allEvents, create, createLeased } from '../testing/rows.ts'
import { cancelTask } from '../tasks/cancel-task.ts'
import { getTask } from '../tasks/get-task.ts'
import { StaleAttempt } from './fence.ts'
import { recordArtifact, recordEvents, recordTaskPull, setHeadRef } from './record.ts'

const branch = {
  provider: 'github',
  type: 'branch',
  data: { head_ref: 'errand/tidy', base_ref: 'main' },
} as const
const pull = {
  provider: 'github',
  type: 'pull',
  data: { id: 3, number: 3, html_url: 'http://forge/o/r/pull/3' },
} as const

describeOnEachStore('what a runner records', (on) => {
  it('are events, in their order', async () => {
    const { task, lease } = await createLeased(on.store)

    await recordEvents(on.store, lease, [
      { type: 'assistant.message', data: { content: 'one' } },
      { type: 'session.log', data: { level: 'info', message: 'two' } },
    ])
    await recordEvents(on.store, lease, [{ type: 'assistant.message', data: { content: 'three' } }])

    const events = await allEvents(on.store, task.id)
    expect(events.map((event) => event.id)).toEqual(['1', '2', '3', '4', '5'])
    expect(events.slice(2).map((event) => event.data)).toEqual([
      { content: 'one' },
      { level: 'info', message: 'two' },
      { content: 'three' },
    ])
    expect(events[2]?.session_id).toBe(lease.session.id)
  })

  it('numbers events without gaps when many write at once', async () => {
    const { task, lease } = await createLeased(on.store)

    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        recordEvents(on.store, lease, [
          { type: 'assistant.message', data: { content: `${i} a` } },
          { type: 'assistant.message', data: { content: `${i} b` } },
        ]),
      ),
    )

    const events = await allEvents(on.store, task.id)
    expect(events.map((event) => Number(event.id))).toEqual(
      Array.from({ length: 22 }, (_, i) => i + 1),
    )
  })

  it('stores what jsonb would refuse', async () => {
    const { task, lease } = await createLeased(on.store)

    await recordEvents(on.store, lease, [
      {
        type: 'tool.execution_start',
        data: { tool_call_id: '1', title: 'a\u0000b', input: { '\uD800': ['\u0000', 1, null] } },
      },
    ])

    expect((await allEvents(on.store, task.id)).at(-1)?.data).toEqual({
      tool_call_id: '1',
      title: 'a\uFFFDb',
      input: { '\uFFFD': ['\uFFFD', 1, null] },
    })
  })

  it('is one branch and one pull request: the later replaces the earlier', async () => {
    const { task, lease } = await createLeased(on.store)
    await setHeadRef(on.store, lease, 'errand/tidy')
    await recordArtifact(on.store, lease, pull)
    await recordArtifact(on.store, lease, { ...branch, data: { ...branch.data, base_ref: 'old' } })
    await recordArtifact(on.store, lease, branch)

    const detail = await getTask(on.store, task.id)

    expect(detail?.artifacts).toEqual([branch, pull])
    expect(detail).toMatchObject({ head_ref: 'errand/tidy' })
    expect(detail?.sessions[0]).toMatchObject({ head_ref: 'errand/tidy' })
  })

  it('may be a pull request opened later, without a lease', async () => {
    const task = await create(on.store)

    await recordTaskPull(on.store, task.id, pull)

    expect((await getTask(on.store, task.id))?.artifacts).toEqual([pull])
  })

  it('changes nothing once the lease is lost', async () => {
    const { task, lease } = await createLeased(on.store)
    await cancelTask(on.store, task.id, 'ada')
    const before = await getTask(on.store, task.id)
    const eventsBefore = await allEvents(on.store, task.id)

    const writes = [
      recordEvents(on.store, lease, [{ type: 'assistant.message', data: { content: 'x' } }]),
      recordArtifact(on.store, lease, branch),
      setHeadRef(on.store, lease, 'stale'),
    ]

    for (const result of await Promise.allSettled(writes)) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(StaleAttempt) })
    }
    expect(await getTask(on.store, task.id)).toEqual(before)
    expect(await allEvents(on.store, task.id)).toEqual(eventsBefore)
  })
})
