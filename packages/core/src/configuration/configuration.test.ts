import { defaultConfiguration, OrganizationConfiguration } from '@errand/contract'
import { describe, expect, it } from 'vitest'
import { listAudit } from '../audit-log/list-audit.ts'
import { describeOnEachStore } from '../testing/stores.ts'
import { changeSelected, listSelected, setAgentPermissions } from './agent-permissions.ts'
import {
  changeOrganizationConfiguration,
  changeRepositoryConfiguration,
} from './change-configuration.ts'
import { maskSecrets } from './mask-secrets.ts'
import { readConfiguration } from './read-configuration.ts'
import { resolveConfiguration, valuesOf } from './resolve.ts'

const owner = { id: 100, login: 'acme' }
const repository = { id: 10, full_name: 'acme/shop', owner }
const ada = { id: 1, login: 'ada' }
const none = { defaults: {}, enforced: {} }
const organization = (fields: object = {}) => OrganizationConfiguration.parse(fields)

describe('what holds in a repository', () => {
  it("is GitHub's defaults where nobody says anything", () => {
    const resolved = resolveConfiguration({
      server: none,
      organization: organization(),
      repository: {},
    })

    expect(valuesOf(resolved)).toEqual(defaultConfiguration)
    expect(resolved.is_firewall_enabled).toEqual({
      value: true,
      source: 'default',
      is_enforced: false,
    })
  })

  it.each([
    ['the server enforces', { enforced: { is_firewall_enabled: true } }, 'server', true, true],
    ['nobody but the others', {}, 'organization', true, false],
  ])('is first what %s, then what the others say', (_, server, source, is_enforced, value) => {
    const resolved = resolveConfiguration({
      server: { ...none, ...server },
      organization: organization({ enforced: { is_firewall_enabled: false } }),
      repository: { is_firewall_enabled: true },
    })

    expect(resolved.is_firewall_enabled).toEqual({ value, source, is_enforced })
  })

  it('is what the repository says before any default, and an organization’s default before the server’s', () => {
    const resolved = resolveConfiguration({
      server: { ...none, defaults: { is_automations_enabled: false, is_firewall_enabled: false } },
      organization: organization({
        defaults: { is_firewall_enabled: false, is_automations_enabled: true },
      }),
      repository: { is_firewall_enabled: true },
    })

    expect(resolved.is_firewall_enabled).toMatchObject({ value: true, source: 'repository' })
    expect(resolved.is_automations_enabled).toMatchObject({ value: true, source: 'organization' })
  })

  it('has each tool from who says something of it, and the organization’s hosts added', () => {
    const resolved = resolveConfiguration({
      server: none,
      organization: organization({
        enforced: { enabled_tools: { codeql: true } },
        defaults: { enabled_tools: { secret_scanning: false } },
        additional_allowlist: ['b.example', 'c.example'],
      }),
      repository: {
        enabled_tools: { codeql: false, copilot_code_review: false },
        custom_allowlist: ['a.example', 'b.example'],
      },
    })

    expect(resolved.enabled_tools.value).toEqual({
      codeql: true,
      copilot_code_review: false,
      secret_scanning: false,
      dependency_vulnerability_checks: true,
    })
    expect(resolved.custom_allowlist.value).toEqual(['a.example', 'b.example', 'c.example'])
  })
})

it('a configuration is written down without what may be a secret', () => {
  const shown = maskSecrets({
    mcpServers: {
      a: {
        env: {
          A: '$COPILOT_MCP_A',
          B: 'ghp_literal',
          C: '${COPILOT_MCP_C}',
          D: 'x $COPILOT_MCP_D y',
        },
        args: ['--host=a.example'],
      },
      b: { headers: { Authorization: 'Bearer $COPILOT_MCP_T', X: { deep: ['secret'] } } },
    },
  })

  const url = 'https://user:hidden@host.example/path?token=hidden#hidden'
  const args = [
    '-y',
    '@acme/server@1.2.3',
    '--token=hidden',
    'KEY=hidden',
    '--token=$COPILOT_MCP_T',
    'ghp_hidden0123456789abcdefghijklm',
    url,
  ]
  expect(maskSecrets({ a: { url, args } })).toEqual({
    a: {
      url: 'https://********@host.example/path?********',
      args: [
        '-y',
        '@acme/server@1.2.3',
        '--token=********',
        'KEY=********',
        '--token=$COPILOT_MCP_T',
        '********',
        'https://********@host.example/path?********',
      ],
    },
  })
  expect(JSON.stringify(shown)).not.toMatch(/ghp_literal|secret|x \$/)
  expect(shown).toEqual({
    mcpServers: {
      a: {
        env: { A: '$COPILOT_MCP_A', B: '********', C: '${COPILOT_MCP_C}', D: '********' },
        args: ['--host=********'],
      },
      b: { headers: { Authorization: 'Bearer $COPILOT_MCP_T', X: { deep: ['********'] } } },
    },
  })
})

describeOnEachStore('a configuration', (on) => {
  const log = async () => await listAudit(on.store, { order: 'asc', limit: 100 })

  it('is kept, and written down with who changed it, before and after', async () => {
    await changeRepositoryConfiguration(on.store, repository, ada, () => ({
      is_firewall_enabled: false,
    }))
    await changeOrganizationConfiguration(on.store, owner, ada, () =>
      organization({ additional_allowlist: ['a.example'] }),
    )

    expect(await readConfiguration(on.store.db, repository)).toEqual({
      repository: { is_firewall_enabled: false },
      organization: organization({ additional_allowlist: ['a.example'] }),
      is_agent_enabled: true,
    })
    expect(
      (await log()).map(({ action, actor_login, data }) => [action, actor_login, data]),
    ).toEqual([
      [
        'repo.update_copilot_cloud_agent_configuration',
        'ada',
        '{"before":{},"after":{"is_firewall_enabled":false}}',
      ],
      ['org.update_copilot_cloud_agent_configuration', 'ada', expect.stringContaining('a.example')],
    ])
  })

  it('is not written down when nothing changed, nor kept when the change is refused', async () => {
    const same = { is_firewall_enabled: false, enabled_tools: { codeql: true } }
    await changeRepositoryConfiguration(on.store, repository, ada, () => same)
    await changeRepositoryConfiguration(on.store, repository, ada, () => ({
      enabled_tools: { codeql: true },
      is_firewall_enabled: false,
    }))
    const refused = changeRepositoryConfiguration(on.store, repository, ada, () => {
      throw new Error('enforced')
    })

    await expect(refused).rejects.toThrow('enforced')
    expect((await readConfiguration(on.store.db, repository)).repository).toEqual(same)
    expect(await log()).toHaveLength(1)
  })

  it('is changed by one after the other, each seeing what the one before did', async () => {
    await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        changeRepositoryConfiguration(on.store, repository, ada, (before) => ({
          custom_allowlist: [...(before.repository.custom_allowlist ?? []), `h${at}.example`],
        })),
      ),
    )

    const { repository: document } = await readConfiguration(on.store.db, repository)
    expect(document.custom_allowlist?.toSorted()).toEqual(
      Array.from({ length: 10 }, (_, at) => `h${at}.example`),
    )
    expect(await log()).toHaveLength(10)
  })

  it('lets agents into all repositories, into none, or into those that are selected', async () => {
    const isEnabled = async () =>
      (await readConfiguration(on.store.db, repository)).is_agent_enabled
    const other = { ...repository, id: 11 }

    expect(await isEnabled()).toBe(true)
    await expect(listSelected(on.store, owner.id)).rejects.toMatchObject({ errorName: 'conflict' })
    await setAgentPermissions(on.store, owner, ada, 'selected')
    expect(await isEnabled()).toBe(false)
    await changeSelected(on.store, owner, ada, (ids) => [...ids, 10, 12, 10])
    expect(await listSelected(on.store, owner.id)).toEqual([10, 12])
    expect(await isEnabled()).toBe(true)
    expect((await readConfiguration(on.store.db, other)).is_agent_enabled).toBe(false)
    await setAgentPermissions(on.store, owner, ada, 'none')
    expect(await isEnabled()).toBe(false)
    await setAgentPermissions(on.store, owner, ada, 'selected')
    expect(await listSelected(on.store, owner.id)).toEqual([10, 12])
    expect((await log()).map(({ data }) => data)).toEqual([
      '{"before":{"enabled_repositories":"all"},"after":{"enabled_repositories":"selected"}}',
      '{"before":{"selected_repository_ids":[]},"after":{"selected_repository_ids":[10,12]}}',
      '{"before":{"enabled_repositories":"selected"},"after":{"enabled_repositories":"none"}}',
      '{"before":{"enabled_repositories":"none"},"after":{"enabled_repositories":"selected"}}',
    ])
  })
})
