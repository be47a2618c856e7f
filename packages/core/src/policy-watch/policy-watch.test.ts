import type { PartialConfiguration } from '@errand/contract'
import { expect, it } from 'vitest'
import { appendAudit } from '../audit-log/append-audit.ts'
import {
  changeOrganizationConfiguration,
  changeRepositoryConfiguration,
} from '../configuration/change-configuration.ts'
import { transact } from '../store/transact.ts'
import { ada, aRepository, create, grace } from '../testing/rows.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { listDeviations } from './list-deviations.ts'
import { type FoundDeviation, noteDeviations } from './note-deviations.ts'
import { notePolicy } from './note-policy.ts'
import {
  countTaskRepositories,
  latestAuditEntry,
  watchedRepositories,
} from './watched-repositories.ts'

const { id, full_name, owner } = aRepository()
const repository = { id, full_name, owner }
const deviation = (rule: string, place = ['is_firewall_enabled']): FoundDeviation => ({
  fingerprint: `print of ${rule}`,
  rule,
  severity: 'error',
  message: `${rule} is broken`,
  place,
})

describeOnEachStore('the history of a policy', (on) => {
  const list = async (state: 'open' | 'ended' | 'all' = 'all') =>
    (await listDeviations(on.store, { owner_id: owner.id, state, page: 1, per_page: 10 }))
      .deviations
  const note = async (found: FoundDeviation[], hash = 'first') =>
    noteDeviations(on.store, repository, found, await notePolicy(on.store, hash))
  const configure = async (actor: typeof ada, isOn: boolean) => {
    await changeRepositoryConfiguration(on.store, repository, actor, () => ({
      is_firewall_enabled: isOn,
    }))
    on.clock.advance({ minutes: 5 })
  }

  it('says since when something deviates and by whom, and when and by whom it was put right', async () => {
    await note([])
    const begun = on.clock.now()
    await configure(ada, false)
    await note([deviation('firewall')])
    await note([deviation('firewall')])
    expect(await list('open')).toMatchObject([
      { rule: 'firewall', since: begun, since_login: 'ada', since_entry: 1, ended_at: null },
    ])

    const mended = on.clock.now()
    await configure(grace, true)
    await note([])

    expect(await list('open')).toEqual([])
    expect(await list('ended')).toMatchObject([
      { since_login: 'ada', ended_at: mended, ended_login: 'grace', ended_entry: 2 },
    ])
  })

  it('blames nobody for a change of the policy', async () => {
    await configure(ada, false)
    await note([])

    await note([deviation('new-rule')], 'second')

    expect(await list()).toMatchObject([
      { rule: 'new-rule', since_cause: 'policy', since_login: null, since_entry: null },
    ])
  })

  it("blames who changed the organization's, and nobody for what is no configuration", async () => {
    await note([])
    await changeOrganizationConfiguration(on.store, owner, grace, (before) => ({
      ...before,
      enforced: { is_firewall_enabled: false },
      additional_allowlist: ['evil.example'],
    }))
    await transact(on.store, (tx) =>
      appendAudit(on.store, tx, { action: 'hook.create', actor: ada, owner, before: 0, after: 0 }),
    )

    await note([deviation('a'), deviation('b', ['custom_allowlist', 'evil.example'])])

    expect((await list()).map(({ since_login }) => since_login)).toEqual(['grace', 'grace'])
  })

  it('blames each for what they changed, however many did since it was looked at', async () => {
    await note([])
    const change = (actor: typeof ada, document: PartialConfiguration) =>
      changeRepositoryConfiguration(on.store, repository, actor, (stored) => ({
        ...stored.repository,
        ...document,
      }))
    const x = { type: 'local' as const, command: 'x', args: [] }
    await change(ada, { is_firewall_enabled: false, custom_allowlist: ['a.example'] })
    await change(grace, { custom_allowlist: ['a.example', 'b.example'] })
    await change(ada, { mcp_configuration: { mcpServers: { x } } })

    await note([
      deviation('firewall'),
      deviation('a', ['custom_allowlist', 'a.example']),
      deviation('b', ['custom_allowlist', 'b.example']),
      // It is the server without tools that came, not its tools.
      deviation('tools', ['mcp_configuration', 'mcpServers', 'x', 'tools']),
      deviation('other', ['is_automations_enabled']),
      deviation('own', []),
    ])
    await change(grace, { custom_allowlist: ['b.example'] })
    await change(ada, { is_firewall_enabled: true })
    await note([])

    const rows = new Map((await list()).map((row) => [row.rule, row]))
    const causes = (rule: string) => {
      const { since_entry, since_login, ended_entry, ended_login } = rows.get(rule) ?? {}
      return [since_entry, since_login, ended_entry, ended_login]
    }
    expect(causes('firewall')).toEqual([1, 'ada', 5, 'ada'])
    expect(causes('a')).toEqual([1, 'ada', 4, 'grace'])
    expect(causes('b')).toEqual([2, 'grace', null, null])
    expect(causes('tools')).toEqual([3, 'ada', null, null])
    for (const rule of ['other', 'own']) {
      expect(causes(rule)).toEqual([null, null, null, null])
      expect(rows.get(rule)).toMatchObject({ since_cause: 'unknown', ended_cause: 'unknown' })
    }
  })

  it('blames nobody where the policy was changed as well, or only when it came', async () => {
    await configure(ada, false)
    await note([deviation('firewall')])
    await configure(grace, true)
    await configure(grace, false)
    await note([deviation('firewall'), deviation('also')], 'second')

    expect(await list()).toMatchObject([
      { rule: 'also', since_cause: 'unknown', since_login: null },
      // It was so before there was a policy at all.
      { rule: 'firewall', since_cause: 'policy', since_login: null },
    ])
  })

  it('is one, however many servers look at once', async () => {
    await configure(ada, false)

    await Promise.all(Array.from({ length: 8 }, () => note([deviation('x')])))

    expect(await list()).toHaveLength(1)
  })

  it('is of repositories that were configured or had a task', async () => {
    expect(await watchedRepositories(on.store)).toEqual([])
    expect(await latestAuditEntry(on.store)).toBe(0)
    expect(await countTaskRepositories(on.store)).toBe(0)
    await configure(ada, false)
    await create(on.store, { repository: aRepository(11) })

    expect((await watchedRepositories(on.store)).map((one) => one.id)).toEqual([10, 11])
    expect(await latestAuditEntry(on.store)).toBe(1)
    await create(on.store, { repository: aRepository(11) })
    await create(on.store, { repository: aRepository(12) })
    expect(await countTaskRepositories(on.store)).toBe(2)
  })
})
