import { type Artifact, CampaignRules, type ResumeCampaign } from '@errand/contract'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { acceptDelivery } from '../deliveries/accept-delivery.ts'
import { endSession } from '../sessions/end.ts'
import { recordArtifact } from '../sessions/record.ts'
import { ada, aRepository, aTask, grace, mustLease } from '../testing/rows.ts'
import { sendCampaigns } from '../testing/send-campaigns.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { cancelCampaign, pauseCampaign, resumeCampaign, retryCampaign } from './control-campaign.ts'
import { advanceCampaign } from './advance-campaign.ts'
import { createCampaign, type NewCampaign } from './create-campaign.ts'
import { getCampaign, listCampaigns } from './get-campaign.ts'
import { listCampaignTargets } from './list-campaign-targets.ts'
import { notePull, pullsToLookAt } from './look-at-pulls.ts'
import type { Verdict } from './vet.ts'

/** A campaign over so many repositories, each with a prompt of its own. */
function aCampaign(repositories: number, rules: Partial<CampaignRules> = {}): NewCampaign {
  return {
    name: 'Move to Node 24',
    creator: ada,
    rules: CampaignRules.parse(rules),
    targets: Array.from({ length: repositories }, (_, place) => ({
      task: aTask({
        repository: aRepository(10 + place),
        prompt: `Part ${place}`,
        create_pull_request: true,
      }),
      pull: { labels: [], reviewers: [], team_reviewers: [] },
    })),
  }
}

describeOnEachStore('a campaign', (on) => {
  const read = async (id: string) => await getCampaign(on.store, id, 2)

  /** Begins and ends the next task in the queue. */
  async function work(
    end: 'completed' | 'failed' = 'completed',
    { pull, nano = 0 }: { pull?: number; nano?: number } = {},
  ): Promise<string> {
    const lease = await mustLease(on.store)
    on.clock.advance({ seconds: 60 })
    if (pull !== undefined) {
      const artifact: Artifact = {
        provider: 'github',
        type: 'pull',
        data: { id: 9000 + pull, number: pull },
      }
      await recordArtifact(on.store, lease, artifact)
    }
    await sql`update sessions set usage_nano = ${nano} where id = ${lease.session.id}`.execute(
      on.store.db,
    )
    const error = { message: 'no' }
    await endSession(on.store, lease, end === 'completed' ? { state: end } : { state: end, error })
    return lease.task.id
  }

  /** Makes a campaign and sends what its rules admit. */
  async function start(campaign: NewCampaign): Promise<string> {
    const { id } = await createCampaign(on.store, campaign)
    await sendCampaigns(on.store)
    return id
  }

  async function resume(id: string, changes: ResumeCampaign = {}): Promise<void> {
    await resumeCampaign(on.store, id, changes)
    await sendCampaigns(on.store)
  }

  async function sendsNothing(): Promise<void> {
    const count = async () => (await on.store.db.selectFrom('tasks').select('id').execute()).length
    const before = await count()
    await sendCampaigns(on.store)
    expect(await count()).toBe(before)
  }

  it('is stored with its tasks at once, and a task is what a create would have made', async () => {
    const id = await start(aCampaign(3))

    expect(await read(id)).toMatchObject({
      status: 'in_progress',
      counts: { total: 3, queued: 3, pending: 0 },
      forecast: { remainingTasks: 3 },
    })
    const tasks = await on.store.db.selectFrom('tasks').selectAll().orderBy('position').execute()
    expect(tasks.map((task) => [task.repository_id, task.creator_id, task.name])).toEqual([
      [10, 1, 'Part 0'],
      [11, 1, 'Part 1'],
      [12, 1, 'Part 2'],
    ])
  })

  it('is the same campaign when its create comes again', async () => {
    const again = { ...aCampaign(2), idempotency: { key: 'k', body_hash: 'h' } }
    const [first, second] = await Promise.all([
      createCampaign(on.store, again),
      createCampaign(on.store, again),
    ])

    expect(second.id).toBe(first.id)
    expect(new Set([first.replayed, second.replayed])).toEqual(new Set([false, true]))
    expect((await read(first.id)).counts.total).toBe(2)
    const other = { ...again, idempotency: { key: 'k', body_hash: 'other' } }
    await expect(createCampaign(on.store, other)).rejects.toMatchObject({
      errorName: 'validation_failed',
    })
  })

  it('is sent as tasks end, and never twice, however many servers send', async () => {
    const id = await start(aCampaign(7, { concurrency: 2 }))
    for (let ended = 0; ended < 7; ended += 1) {
      await work()
      await Promise.all([sendCampaigns(on.store), sendCampaigns(on.store)])
      const { counts } = await read(id)
      expect(counts.queued).toBe(Math.min(2, 7 - counts.completed))
    }

    expect(await read(id)).toMatchObject({ status: 'completed', is_active: false })
    const { rows } = await sql<{ repository_id: number; tasks: number }>`
      select repository_id, count(*)::integer as tasks from tasks group by repository_id`.execute(
      on.store.db,
    )
    expect(rows.map(({ tasks }) => tasks)).toEqual([1, 1, 1, 1, 1, 1, 1])
    await sendsNothing()
  })

  it('loses and doubles nothing when its server dies between asking and sending', async () => {
    const { id } = await createCampaign(on.store, aCampaign(3, { concurrency: 2 }))
    const dies = advanceCampaign(on.store, id, () => Promise.reject(new Error('killed')))
    await expect(dies).rejects.toThrow('killed')
    expect((await read(id)).counts).toMatchObject({ pending: 3 })

    // Two servers have asked, and both send.
    await Promise.all([sendCampaigns(on.store), sendCampaigns(on.store)])
    expect((await read(id)).counts).toMatchObject({ pending: 1, queued: 2 })
  })

  it('gives the place of what is refused to the next, and waits with what cannot be asked about', async () => {
    const { id } = await createCampaign(on.store, aCampaign(4, { concurrency: 2 }))
    const verdicts = new Map<number, Verdict>([
      [0, { type: 'failed', reason: 'no' }],
      [1, { type: 'skipped', reason: 'there' }],
      [2, { type: 'send' }],
    ])
    await advanceCampaign(on.store, id, async () => verdicts)

    expect((await read(id)).counts).toMatchObject({ failed: 1, skipped: 1, queued: 1, pending: 1 })
    const page = { campaign_id: id, page: 1, per_page: 30 }
    const { targets } = await listCampaignTargets(on.store, { ...page, state: 'skipped' })
    expect(targets).toMatchObject([{ number: 1, refusal: 'there', attempt: 0, task_id: null }])
    await retryCampaign(on.store, id)
    expect((await read(id)).counts).toMatchObject({ pending: 3, queued: 1 })
  })

  it('keeps a prompt as it is, however long or strange', async () => {
    const prompt = `NUL \u0000, half a pair \ud83d, ${'long '.repeat(20_000)}end`
    const campaign = aCampaign(2, { concurrency: 1 })
    campaign.targets[1]!.task.prompt = prompt
    await start(campaign)
    await work()
    await sendCampaigns(on.store)

    const { session } = await mustLease(on.store)
    expect(session.prompt).toBe(prompt.replace('\u0000', '\uFFFD').replace('\ud83d', '\uFFFD'))
  })

  it('goes on to its next wave by itself, or by a word', async () => {
    const id = await start(aCampaign(4, { waves: [1, 1], pause_after_wave: true }))
    await work()
    await sendCampaigns(on.store)
    expect(await read(id)).toMatchObject({ status: 'paused', pause_reason: 'wave_ended', wave: 0 })

    await resume(id)
    expect(await read(id)).toMatchObject({ status: 'in_progress', wave: 1, counts: { queued: 1 } })
    await work()
    await sendCampaigns(on.store)
    await resume(id)
    expect((await read(id)).counts).toMatchObject({ completed: 2, queued: 2 })
  })

  it('stops after failures, tells why, and retries only what failed', async () => {
    const id = await start(aCampaign(4, { concurrency: 1, stop_after_failures: 2 }))
    for (const end of ['completed', 'failed', 'failed'] as const) {
      await work(end)
      await sendCampaigns(on.store)
    }
    expect(await read(id)).toMatchObject({
      status: 'paused',
      pause_reason: 'failures',
      pause_message: '2 tasks failed.',
    })

    await retryCampaign(on.store, id)
    expect((await read(id)).counts).toMatchObject({ completed: 1, failed: 0, pending: 3 })
    await resume(id, { concurrency: 3 })
    for (let left = 3; left > 0; left -= 1) await work(left === 1 ? 'failed' : 'completed')
    await sendCampaigns(on.store)

    expect(await read(id)).toMatchObject({ status: 'partial_failed', counts: { failed: 1 } })
    const { targets } = await listCampaignTargets(on.store, {
      campaign_id: id,
      page: 1,
      per_page: 30,
    })
    expect(targets.map(({ attempt, state }) => [attempt, state])).toEqual([
      [1, 'completed'],
      [2, 'completed'],
      [2, 'completed'],
      [1, 'failed'],
    ])
  })

  it('is bounded by one budget over all its tasks, the earlier attempts too', async () => {
    const campaign = aCampaign(4, { max_ai_credits: 3, concurrency: 1 })
    for (const { task } of campaign.targets) task.model = 'dear'
    const id = await start(campaign)
    expect((await read(id)).counts).toMatchObject({ queued: 1, pending: 3 })

    await work('completed', { nano: 1e9 })
    await sendCampaigns(on.store)
    await work('failed', { nano: 2e9 })
    await sendCampaigns(on.store)

    expect(await read(id)).toMatchObject({
      status: 'paused',
      pause_reason: 'budget',
      spent_nano: 3e9,
    })
    await expect(resumeCampaign(on.store, id, {})).rejects.toMatchObject({
      errors: [{ field: 'max_ai_credits' }],
    })
    await resume(id, { max_ai_credits: 10 })
    expect((await read(id)).counts).toMatchObject({ queued: 1 })
  })

  it('is held back by the caps on open pull requests, of all campaigns together', async () => {
    const rules = { max_open_pulls: { per_author: 2, per_reviewer: 1 } }
    const asked = aCampaign(4, rules)
    asked.targets[0]!.pull.reviewers = ['Grace']
    asked.targets[1]!.pull.reviewers = ['grace', 'Grace']
    const id = await start(asked)
    expect(await read(id)).toMatchObject({
      counts: { queued: 2, pending: 2 },
      held_by_open_pulls: true,
    })

    const first = await work('completed', { pull: 1 })
    await work('failed')
    await sendCampaigns(on.store)
    // The failed one opened no pull request and makes room; the reviewer still has one to look at.
    const { targets } = await listCampaignTargets(on.store, {
      campaign_id: id,
      state: 'pending',
      page: 1,
      per_page: 30,
    })
    expect(targets.map(({ number }) => number)).toEqual([1])

    const [pull, ...others] = await pullsToLookAt(on.store, { notSinceSeconds: 60, limit: 10 })
    expect(others).toEqual([])
    expect(pull).toMatchObject({ task_id: first, pull_number: 1, wanted: { reviewers: ['Grace'] } })
    await notePull(on.store, pull!, { state: 'merged', problems: ['labels: no'] })
    expect(await pullsToLookAt(on.store, { notSinceSeconds: 0, limit: 10 })).toEqual([])
    await sendCampaigns(on.store)
    expect(await read(id)).toMatchObject({
      counts: { pending: 0 },
      held_by_open_pulls: false,
      pulls: { open: 0, merged: 1, closed: 0 },
    })
    const all = await listCampaignTargets(on.store, { campaign_id: id, page: 1, per_page: 30 })
    expect(all.targets[0]).toMatchObject({ problems: ['labels: no'], pull_state: 'merged' })
  })

  it('has a pull request looked at in the next pass when a webhook tells of it', async () => {
    await start(aCampaign(2))
    await work('completed', { pull: 1 })
    await work('completed', { pull: 1 })
    const due = async () =>
      (await pullsToLookAt(on.store, { notSinceSeconds: 900, limit: 10 })).map(
        (pull) => pull.repository_id,
      )
    for (const pull of await pullsToLookAt(on.store, { notSinceSeconds: 0, limit: 10 })) {
      await notePull(on.store, pull, { state: 'closed' })
    }
    const seen = await due()
    const reopened = { type: 'pull', repository_id: 10, pull_number: 1 } as const

    await acceptDelivery(on.store, { id: 'd', event: 'pull_request' }, [reopened])

    expect([seen, await due()]).toEqual([[], [10]])
  })

  it('can be paused and cancelled, which ends what is at work and leaves the rest unsent', async () => {
    const id = await start(aCampaign(5, { concurrency: 2 }))
    await pauseCampaign(on.store, id, 'ada')
    await work()
    await sendsNothing()
    expect(await read(id)).toMatchObject({ status: 'paused', pause_message: 'Paused by ada.' })

    await cancelCampaign(on.store, id, 'ada')
    await cancelCampaign(on.store, id, 'ada')
    expect(await read(id)).toMatchObject({
      status: 'cancelled',
      counts: { completed: 1, cancelled: 1, pending: 3 },
      forecast: { remainingTasks: 0 },
    })
    await expect(resumeCampaign(on.store, id, {})).rejects.toMatchObject({
      errorName: 'validation_failed',
    })
    await sendsNothing()
  })

  it('stays as it ended when it is paused, resumed, retried or cancelled afterwards', async () => {
    const id = await start(aCampaign(1))
    await work()
    await sendCampaigns(on.store)
    for (const act of [pauseCampaign, cancelCampaign]) await act(on.store, id, 'ada')
    await resume(id)
    await retryCampaign(on.store, id)
    expect(await read(id)).toMatchObject({ status: 'completed', counts: { completed: 1 } })
  })

  it('is reckoned from its own tasks, and before there are any from others on the same model', async () => {
    await start(aCampaign(1))
    await work('completed', { nano: 4e9 })
    const id = await start(aCampaign(5, { waves: [2] }))
    // Two at a time, of a minute each: a round for the first wave, two for the second.
    expect((await read(id)).forecast).toMatchObject({
      remainingTasks: 5,
      seconds: 180,
      nano: 20e9,
      experience: { source: 'model', tasks: 1, medianSeconds: 60 },
    })

    await work('completed', { nano: 1e9 })
    await work('completed', { nano: 1e9 })
    await sendCampaigns(on.store)
    await work('completed', { nano: 1e9 })
    expect((await read(id)).forecast).toMatchObject({
      remainingTasks: 2,
      seconds: 60,
      nano: 5e9,
      experience: { source: 'campaign', tasks: 3 },
    })
  })

  it('is listed to who made it, newest first, a page at a time', async () => {
    const ids: string[] = []
    for (let made = 0; made < 3; made += 1) ids.push(await start(aCampaign(1)))
    await start({ ...aCampaign(1), creator: grace })

    const page = await listCampaigns(on.store, { creator_id: ada.id, page: 1, per_page: 2 }, 2)
    expect(page.campaigns.map(({ id }) => id)).toEqual([ids[2], ids[1]])
    expect(page.has_more).toBe(true)
    await expect(read('not-an-id')).rejects.toMatchObject({ errorName: 'not_found' })
  })
})
