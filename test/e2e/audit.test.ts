import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultConfiguration, mapInParallel } from '@errand/contract'
import { expect, it } from 'vitest'
import { errand, tryErrand } from '../support/errand-process.ts'
import { startErrand } from '../support/start-errand.ts'
import { createTempFolder } from '../support/temp-folder.ts'

// Against a real Errand, whose configurations were all written by its API. As many clean repositories beside
// the planted ones as ERRAND_TEST_REPOSITORIES says: 1,000 take some minutes, and show no more.
const clean = Number(process.env.ERRAND_TEST_REPOSITORIES ?? 8)

const policyText = `version: 1
rules:
  firewall-enabled: error
  firewall-recommended-allowlist: { enabled: true }
  firewall-allowed-hosts: { allow: [acme.example] }
  firewall-denied-hosts: { deny: [paste.acme.example] }
  mcp-allowed-servers: { allow: [{ url: 'https://mcp.acme.example/' }] }
  mcp-tools-listed: error
  mcp-secret-references: error
  mcp-no-literal-secrets: error
  review-tools: error
  workflow-approval: error
  automations: error
custom_rules:
  - id: few-hosts
    must: size(configuration.custom_allowlist) <= 3
    message: It has {{ size(configuration.custom_allowlist) }} entries.
exceptions:
  - { repositories: [acme/excepted], rules: [firewall-enabled], reason: old build, expires: 2999-12-31 }
  - { repositories: [acme/expired], rules: [firewall-enabled], reason: was old, expires: 2026-01-31 }
`

const tracker = {
  type: 'http',
  url: 'https://mcp.acme.example/tracker',
  tools: ['search'],
  headers: { Authorization: 'Bearer $COPILOT_MCP_TOKEN' },
}
const withServer = (more: object) => ({
  mcp_configuration: { mcpServers: { it: { ...tracker, ...more } } },
})
const off = { is_firewall_enabled: false }
const planted: Record<string, object> = {
  'firewall-enabled': off,
  'firewall-recommended-allowlist': { is_firewall_recommended_allowlist_enabled: false },
  'firewall-allowed-hosts': { custom_allowlist: ['acme.example.evil.example'] },
  'firewall-denied-hosts': { custom_allowlist: ['paste.acme.example'] },
  'mcp-allowed-servers': withServer({ url: 'https://mcp.acme.example.evil.example/' }),
  'mcp-tools-listed': withServer({ tools: ['*'] }),
  'mcp-secret-references': withServer({ headers: { 'X-Api-Key': 'swordfish' } }),
  'mcp-no-literal-secrets': withServer({ env: { SEED: 'q7Zt1Kp9Xw3Rb8Vd2Lm6Jh4Ns5' } }),
  'review-tools': { enabled_tools: { secret_scanning: false } },
  'workflow-approval': { require_actions_workflow_approval: false },
  automations: { require_write_access_for_automation_triggers: false },
  'few-hosts': { custom_allowlist: ['a', 'b', 'c', 'd'].map((name) => `${name}.acme.example`) },
}

it(
  'an audit of a whole organization finds what was planted, invents nothing, and reads it again for nothing',
  { timeout: 120_000 + clean * 1000 },
  async () => {
    await using folder = await createTempFolder('audit')
    const policy = join(folder.path, 'policy.yml')
    await writeFile(policy, policyText)
    await using server = await startErrand({ settings: { runner: { enabled: false } } })
    await errand(server.url, ['org', 'create', 'acme'])
    const configurations: [string, object][] = [
      ...Object.entries({ ...planted, excepted: off, expired: off }),
      ...Array.from({ length: clean }, (_, at): [string, object] => [
        `s${at}`,
        at % 2 === 0
          ? { custom_allowlist: [`s${at}.acme.example`], is_automations_enabled: false }
          : { ...defaultConfiguration, mcp_configuration: { mcpServers: { tracker } } },
      ]),
    ]
    await mapInParallel(configurations, 4, async ([repo, body]) => {
      await server.client.request('POST', '/orgs/acme/repos', { body: { name: repo } })
      const path = `/repos/acme/${repo}/copilot/cloud-agent/configuration`
      await server.client.request('PATCH', path, { body })
    })
    const audit = async () => {
      const args = ['audit', '--org', 'acme', '--policy', policy, '--format', 'json']
      const environment = { XDG_CACHE_HOME: folder.path }
      const { code, stdout } = await tryErrand(server.url, args, { environment })
      return { code, report: JSON.parse(stdout) as AuditJson }
    }

    const first = await audit()
    const second = await audit()

    const expected = [
      ...Object.keys(planted).map((rule) => `acme/${rule} ${rule}`),
      'acme/expired firewall-enabled',
      ' expired-exception',
    ]
    for (const { code, report } of [first, second]) {
      const found = report.deviations.map(({ repository, rule }) => `${repository ?? ''} ${rule}`)
      expect(found.toSorted()).toEqual(expected.toSorted())
      expect([code, report.unchecked]).toEqual([1, []])
      expect(report.excepted).toMatchObject([{ repository: 'acme/excepted' }])
    }
    expect(first.report.requests.not_modified).toBe(0)
    expect(second.report.requests.sent).toBe(second.report.requests.not_modified)
    expect(second.report.requests.sent).toBe(first.report.requests.sent)
  },
)

interface AuditJson {
  deviations: { repository?: string; rule: string }[]
  excepted: object[]
  unchecked: object[]
  requests: { sent: number; not_modified: number }
}
