import { randomBytes } from 'node:crypto'
import { CampaignRules } from '@errand/contract'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { cancelCampaign, retryCampaign } from '../campaigns/control-campaign.ts'
import { createCampaign } from '../campaigns/create-campaign.ts'
import { createEncryption, keyBytes } from '../encryption/encryption.ts'
import { endSession, type SessionEnd } from '../sessions/end.ts'
import type { Lease } from '../sessions/fence.ts'
import { askUser, putAway } from '../sessions/questions.ts'
import { sweepSessions } from '../sessions/sweep.ts'
import { cancelTask } from '../tasks/cancel-task.ts'
import { createTask } from '../tasks/create-task.ts'
import { steerTask } from '../tasks/steer-task.ts'
import { ada, aRepository, aTask, create, grace, mustLease, settings } from '../testing/rows.ts'
import { sendCampaigns } from '../testing/send-campaigns.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { sweepCredentials } from './drop-credentials.ts'
import { findCredential } from './find-credential.ts'
import type { Credential } from './keep-credential.ts'

const { seal, open } = createEncryption([randomBytes(keyBytes)])
const tokenOf =
  (token: string): Credential =>
  (about) =>
    seal(token, about)

const error = { message: 'It went wrong' }

describeOnEachStore('a token kept for a task', (on) => {
  async function createWithToken(token = 'ghp_ada') {
    const { task } = await createTask(on.store, aTask(), tokenOf(token))
    return { task, lease: await mustLease(on.store) }
  }

  async function tokenFor(lease: Lease): Promise<string | undefined> {
    const kept = await findCredential(on.store, lease)
    return kept && open(kept.sealed, kept.about)
  }

  async function countKept(): Promise<number> {
    return (await on.store.db.selectFrom('credentials').selectAll().execute()).length
  }

  const say = (by: typeof ada, token?: string) =>
    ({
      type: 'user_message',
      content: 'and this',
      by,
      ...(token === undefined ? {} : { credential: tokenOf(token) }),
    }) as const

  it('is there for its session, sealed for this task and user alone', async () => {
    const { task, lease } = await createWithToken()
    const kept = await findCredential(on.store, lease)

    expect(await tokenFor(lease)).toBe('ghp_ada')
    expect(kept?.about).toBe(`credentials/tasks/${task.id}/${ada.id}`)
    expect(() => open(kept?.sealed ?? '', `credentials/tasks/${task.id}/${grace.id}`)).toThrow()
  })

  it.each([
    { state: 'completed' },
    { state: 'failed', error },
    { state: 'timed_out', error },
  ] satisfies SessionEnd[])('goes when its session ends $state', async (end) => {
    const { lease } = await createWithToken()

    await endSession(on.store, lease, end)

    expect(await countKept()).toBe(0)
  })

  it('goes when the task is cancelled, and when nobody took it in time', async () => {
    const { task } = await createWithToken()
    await createTask(on.store, aTask(), tokenOf('ghp_late'))
    await cancelTask(on.store, task.id, ada.login)
    expect(await countKept()).toBe(1)
    on.clock.advance({ minutes: settings.sessions.queue_timeout_minutes + 1 })

    await sweepSessions(on.store, settings)

    expect(await countKept()).toBe(0)
  })

  it('stays while the session waits, and when its runner is lost', async () => {
    const { task, lease } = await createWithToken()
    await askUser(on.store, lease, { message: 'Which?', requested_schema: {} })
    await putAway(on.store, lease, { agent_session_id: 'acp-1' })
    expect(await countKept()).toBe(1)
    await steerTask(on.store, task.id, say(ada, 'ghp_fresh'))
    const again = await mustLease(on.store)
    expect(await tokenFor(again)).toBe('ghp_fresh')
    on.clock.advance({ seconds: 16 })

    await sweepSessions(on.store, settings)

    expect(await tokenFor(await mustLease(on.store))).toBe('ghp_fresh')
  })

  it('is the other one of who answers only for what they begin themselves', async () => {
    const { task, lease } = await createWithToken()
    await askUser(on.store, lease, { message: 'Which?', requested_schema: {} })
    await steerTask(on.store, task.id, say(grace, 'ghp_grace'))

    expect(await tokenFor(lease)).toBe('ghp_ada')
    expect(await countKept()).toBe(1)
  })

  it('of who speaks too late is there for the session that follows, and no other is', async () => {
    const { task, lease } = await createWithToken()
    await steerTask(on.store, task.id, say(grace, 'ghp_grace'))

    await endSession(on.store, lease, { state: 'completed' })

    const next = await mustLease(on.store)
    expect(next.session.user_id).toBe(grace.id)
    expect(await tokenFor(next)).toBe('ghp_grace')
    expect(await countKept()).toBe(1)
    await endSession(on.store, next, { state: 'completed' })
    expect(await countKept()).toBe(0)
  })

  it('of who speaks too late goes where the session fails: nothing follows', async () => {
    const { task, lease } = await createWithToken()
    await steerTask(on.store, task.id, say(grace, 'ghp_grace'))

    await endSession(on.store, lease, { state: 'failed', error })

    expect(await countKept()).toBe(0)
  })

  it('of a follow-up is that of who asked for it', async () => {
    const { task, lease } = await createWithToken()
    await endSession(on.store, lease, { state: 'completed' })
    await steerTask(on.store, task.id, say(grace, 'ghp_grace'))

    expect(await tokenFor(await mustLease(on.store))).toBe('ghp_grace')
  })

  it('of another is never taken for it', async () => {
    await create(on.store)
    const lease = await mustLease(on.store)
    await createTask(on.store, aTask(), tokenOf('ghp_ada'))

    expect(await findCredential(on.store, lease)).toBeUndefined()
  })

  it('that was left behind is swept away', async () => {
    const { task, lease } = await createWithToken()
    await endSession(on.store, lease, { state: 'completed' })
    await sql`insert into credentials (task_id, user_id, sealed, created_at)
      values (${task.id}, 1, 'v1.x.y', now())`.execute(on.store.db)
    const { task: other } = await createTask(on.store, aTask(), tokenOf('ghp_ada'))

    expect(await sweepCredentials(on.store)).toBe(1)
    const left = await on.store.db.selectFrom('credentials').select('task_id').execute()
    expect(left).toEqual([{ task_id: other.id }])
  })
})

describeOnEachStore('a token kept for a campaign', (on) => {
  const campaign = () => ({
    creator: ada,
    rules: CampaignRules.parse({ concurrency: 1 }),
    targets: [1, 2].map((id) => ({
      task: aTask({ repository: aRepository(id) }),
      pull: { labels: [], reviewers: [], team_reviewers: [] },
    })),
  })

  async function tokenFor(lease: Lease): Promise<string | undefined> {
    const kept = await findCredential(on.store, lease)
    return kept && open(kept.sealed, kept.about)
  }

  const kept = async () => await on.store.db.selectFrom('credentials').select('user_id').execute()

  it('does all its tasks, is renewed by a retry, and goes with the last of them', async () => {
    const { id } = await createCampaign(on.store, campaign(), tokenOf('ghp_ada'))
    await sendCampaigns(on.store)
    for (const end of ['completed', 'failed'] as const) {
      const lease = await mustLease(on.store)
      expect(await tokenFor(lease)).toBe('ghp_ada')
      await endSession(on.store, lease, end === 'failed' ? { state: end, error } : { state: end })
      await sendCampaigns(on.store)
    }
    expect(await kept()).toEqual([])

    await retryCampaign(on.store, id, tokenOf('ghp_new'))
    await sendCampaigns(on.store)

    const again = await mustLease(on.store)
    expect(await tokenFor(again)).toBe('ghp_new')
    await endSession(on.store, again, { state: 'completed' })
    await sendCampaigns(on.store)
    expect(await kept()).toEqual([])
  })

  it('goes when it is cancelled; and is swept away when it is over but was paused', async () => {
    const { id } = await createCampaign(on.store, campaign(), tokenOf('ghp_ada'))
    await cancelCampaign(on.store, id, ada.login)
    expect(await kept()).toEqual([])
    await createCampaign(on.store, campaign(), tokenOf('ghp_ada'))
    expect(await sweepCredentials(on.store)).toBe(0)
    await sql`update campaigns set is_active = false`.execute(on.store.db)

    expect(await sweepCredentials(on.store)).toBe(1)
  })
})
