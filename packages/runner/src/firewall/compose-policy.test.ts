import { Settings } from '@errand/contract'
import { expect, it } from 'vitest'

import { composePolicy, type FirewallConfiguration } from './compose-policy.ts'

const forge = { apiUrl: 'https://git.corp.test/api/v3', webUrl: 'https://git.corp.test' }
const npm = { urls: ['https://npm.corp.test/all/'], env: {} }

function policyOf(configuration: Partial<FirewallConfiguration>, settings: object = {}) {
  const parsed = Settings.parse({ forge: forge.apiUrl, ...settings })
  const usual = {
    is_firewall_enabled: true,
    is_firewall_recommended_allowlist_enabled: true,
    custom_allowlist: [],
  }
  return composePolicy({ settings: parsed, forge }, { ...usual, ...configuration }, { npm })
}

function isOpen(policy: ReturnType<typeof policyOf>, host: string): boolean {
  return policy.allowlist.judgeHost({ scheme: 'https', host, port: 443 }).type === 'open'
}

it('holds the recommended list with the registries of the machine and the forge’s hosts, or not', () => {
  const hosts = ['npm.corp.test', 'git.corp.test', 'dl.k8s.io']

  const on = policyOf({})
  const off = policyOf({ is_firewall_recommended_allowlist_enabled: false })
  const embedded = policyOf({}, { forge: 'embedded' })

  expect(hosts.map((host) => isOpen(on, host))).toEqual([true, true, true])
  expect(hosts.map((host) => isOpen(off, host))).toEqual([false, false, false])
  expect(isOpen(embedded, 'git.corp.test')).toBe(false)
})

it('reaches of what is private to the runner only the networks its operator names', () => {
  const usual = policyOf({})
  const opened = policyOf({}, { firewall: { private_networks: ['10.20.0.0/16', 'fd00::1'] } })

  expect(['10.20.0.1', '127.0.0.1', '169.254.169.254', '::1'].map(usual.mayReach)).toEqual(
    Array(4).fill(false),
  )
  expect(['10.20.255.1', '::ffff:10.20.0.1', 'fd00::1'].map(opened.mayReach)).toEqual([
    true,
    true,
    true,
  ])
  expect(['10.21.0.1', '127.0.0.1', 'fd00::2', 'localhost'].map(opened.mayReach)).toEqual(
    Array(4).fill(false),
  )
  expect(usual.mayReach('93.184.215.14')).toBe(true)
})

it.each([
  ['private_networks', ['10.0.0.0/33']],
  ['private_networks', ['mirror.corp']],
  ['report_only', 'perhaps'],
])('refuses %s: %j', (key, value) => {
  expect(Settings.safeParse({ firewall: { [key]: value } }).success).toBe(false)
})
