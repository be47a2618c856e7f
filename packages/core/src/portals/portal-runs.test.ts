import { expect, it } from 'vitest'
import { askUser } from '../sessions/questions.ts'
import { getTask } from '../tasks/get-task.ts'
import { create, mustLease } from '../testing/rows.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { acceptRun, type NewRun } from './accept-run.ts'
import { answerForRun } from './answer-for-run.ts'
import { claimRuns, StaleRun, takeOverRuns } from './claim-runs.ts'
import {
  closeRun,
  noteReported,
  noteStarted,
  noteTask,
  noteTold,
  postponeRun,
} from './record-run.ts'

function newRun(run: Partial<NewRun> = {}): NewRun {
  const request = { prompt: 'a NUL \u0000 and half a \ud83d pair' }
  return {
    portal: 'port',
    run_id: 'r_1',
    request,
    request_hash: 'h',
    targets: ['acme/sums'],
    ...run,
  }
}

describeOnEachStore('the run of a portal', (on) => {
  it('is stored once, and gives back what was asked for', async () => {
    const first = await acceptRun(on.store, newRun())
    const second = await acceptRun(on.store, newRun())
    const [run] = await claimRuns(on.store, 'port', 8)

    expect([first, second]).toEqual([{ replayed: false }, { replayed: true }])
    expect(run).toMatchObject({ request: newRun().request, attempt: 1, tasks: [{ place: 0 }] })
    await expect(acceptRun(on.store, newRun({ request_hash: 'other' }))).rejects.toMatchObject({
      errorName: 'validation_failed',
    })
  })

  it('is claimed by one reporter, and by the next when that one fell silent', async () => {
    await acceptRun(on.store, newRun())
    const [first] = await claimRuns(on.store, 'port', 8)
    const meanwhile = await claimRuns(on.store, 'port', 8)
    on.clock.advance({ seconds: 21 })
    const [second] = await claimRuns(on.store, 'port', 8)

    expect(meanwhile).toEqual([])
    expect(second?.attempt).toBe(2)
    // The first one comes back to life, and changes nothing.
    await expect(noteTask(on.store, first!, 0, { error: 'late' })).rejects.toThrow(StaleRun)
    await expect(closeRun(on.store, first!)).rejects.toThrow(StaleRun)
    await noteTask(on.store, second!, 0, { error: 'Not Found' })
  })

  it('is claimed again when its task has news, or a delivery failed, and only then', async () => {
    const task = await create(on.store)
    await acceptRun(on.store, newRun())
    const [run] = await claimRuns(on.store, 'port', 8)
    await noteTask(on.store, run!, 0, { task_id: task.id })
    await noteStarted(on.store, run!)
    await noteReported(on.store, run!, [{ place: 0, event: 1 }])
    await noteTold(on.store, run!, '{}')
    await postponeRun(on.store, run!, { seconds: 1 })
    on.clock.advance({ seconds: 2 })
    const quiet = await claimRuns(on.store, 'port', 8)
    await mustLease(on.store)
    const [news] = await claimRuns(on.store, 'port', 8)
    await noteReported(on.store, news!, [{ place: 0, event: 2 }])
    await postponeRun(on.store, news!, { seconds: 5, failed: true })
    const early = await claimRuns(on.store, 'port', 8)
    on.clock.advance({ seconds: 6 })
    const [again] = await claimRuns(on.store, 'port', 8)
    await closeRun(on.store, again!)
    on.clock.advance({ minutes: 9 })

    expect([quiet, early]).toEqual([[], []])
    expect(again?.failures).toBe(1)
    expect(await claimRuns(on.store, 'port', 8)).toEqual([])
  })

  it('is claimed by one of several that come at once', async () => {
    const ids = Array.from({ length: 20 }, (_, at) => `r_${at}`)
    for (const run_id of ids) await acceptRun(on.store, newRun({ run_id }))

    const claimed = await Promise.all(ids.map(() => claimRuns(on.store, 'port', 3)))

    expect(claimed.flat().map(({ run_id }) => run_id)).toHaveLength(20)
    expect(new Set(claimed.flat().map(({ run_id }) => run_id))).toEqual(new Set(ids))
    expect(claimed.every((runs) => runs.length <= 3)).toBe(true)
  })

  it('of a process that died is taken over at once where there is but one process', async () => {
    await acceptRun(on.store, newRun())
    await claimRuns(on.store, 'port', 8)

    await takeOverRuns(on.store, 'port')

    const expected = on.store.kind === 'pglite' ? 1 : 0
    expect(await claimRuns(on.store, 'port', 8)).toHaveLength(expected)
  })

  it('gives an answer once, though its reporter dies right after', async () => {
    const task = await create(on.store)
    const lease = await mustLease(on.store)
    await askUser(on.store, lease, { message: 'Which colour?' })
    await acceptRun(on.store, newRun({ targets: [task.id] }))
    const [run] = await claimRuns(on.store, 'port', 8)
    const by = { id: 1, login: 'ada' }
    const accepted = await answerForRun(on.store, run!, task.id, { content: 'Blue', by })
    on.clock.advance({ seconds: 21 })
    const [next] = await claimRuns(on.store, 'port', 8)

    expect(accepted.outcome).toBe('answered')
    // What is begun is not begun again.
    expect(next?.started_at).not.toBeNull()
    expect((await getTask(on.store, task.id))?.sessions).toHaveLength(1)
  })
})
