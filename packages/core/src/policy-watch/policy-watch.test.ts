import { expect, it } from 'vitest'
import { appendAudit } from '../audit-log/append-audit.ts'
import { changeRepositoryConfiguration } from '../configuration/change-configuration.ts'
import { transact } from '../store/transact.ts'
import { ada, aRepository, create, grace } from '../testing/rows.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { listDeviations } from './list-deviations.ts'
import { type FoundDeviation, noteDeviations } from './note-deviations.ts'
import { latestAuditEntry, watchedRepositories } from './watched-repositories.ts'

const { id, full_name, owner } = aRepository()
const repository = { id, full_name, owner }
const deviation = (rule: string): FoundDeviation => ({
  fingerprint: `print of ${rule}`,
  rule,
  severity: 'error',
  message: `${rule} is broken`,
})

describeOnEachStore('the history of a policy', (on) => {
  const list = async (state: 'open' | 'ended' | 'all' = 'all') =>
    (await listDeviations(on.store, { owner_id: owner.id, state, page: 1, per_page: 10 }))
      .deviations
  const configure = async (actor: typeof ada, isOn: boolean) => {
    await changeRepositoryConfiguration(on.store, repository, actor, () => ({
      is_firewall_enabled: isOn,
    }))
    on.clock.advance({ minutes: 5 })
  }

  it('says since when something deviates and by whom, and when and by whom it was put right', async () => {
    const begun = on.clock.now()
    await configure(ada, false)
    await noteDeviations(on.store, repository, [deviation('firewall')])
    await noteDeviations(on.store, repository, [deviation('firewall')])
    expect(await list('open')).toMatchObject([
      { rule: 'firewall', since: begun, since_login: 'ada', since_entry: 1, ended_at: null },
    ])

    const mended = on.clock.now()
    await configure(grace, true)
    await noteDeviations(on.store, repository, [])

    expect(await list('open')).toEqual([])
    expect(await list('ended')).toMatchObject([
      { since_login: 'ada', ended_at: mended, ended_login: 'grace', ended_entry: 2 },
    ])
  })

  it('blames nobody for a change of the policy', async () => {
    await configure(ada, false)
    await noteDeviations(on.store, repository, [])

    await noteDeviations(on.store, repository, [deviation('new-rule')])

    expect(await list()).toMatchObject([{ rule: 'new-rule', since_login: null, since_entry: null }])
  })

  it("blames who changed the organization's, and nobody for what is no configuration", async () => {
    await transact(on.store, (tx) =>
      appendAudit(on.store, tx, {
        action: 'org.update_copilot_cloud_agent_configuration',
        actor: grace,
        owner,
        before: {},
        after: {},
      }),
    )
    await transact(on.store, (tx) =>
      appendAudit(on.store, tx, { action: 'hook.create', actor: ada, owner, before: 0, after: 0 }),
    )

    await noteDeviations(on.store, repository, [deviation('a'), deviation('b')])

    expect((await list()).map(({ since_login }) => since_login)).toEqual(['grace', 'grace'])
  })

  it('is one, however many servers look at once', async () => {
    await configure(ada, false)

    await Promise.all(
      Array.from({ length: 8 }, () => noteDeviations(on.store, repository, [deviation('x')])),
    )

    expect(await list()).toHaveLength(1)
  })

  it('is of repositories that were configured or had a task', async () => {
    expect(await watchedRepositories(on.store)).toEqual([])
    expect(await latestAuditEntry(on.store)).toBe(0)
    await configure(ada, false)
    await create(on.store, { repository: aRepository(11) })

    expect((await watchedRepositories(on.store)).map((one) => one.id)).toEqual([10, 11])
    expect(await latestAuditEntry(on.store)).toBe(1)
  })
})
