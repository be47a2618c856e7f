import type { PartialConfiguration } from '@errand/contract'
import { changeOrganizationConfiguration, changeRepositoryConfiguration } from '@errand/core'
import { describe, expect, it } from 'vitest'

import { findRepository } from '../mirror/repository.ts'
import { openTestRun, type TestRun } from '../testing/open-test-run.ts'
import { effectiveConfiguration } from './effective-configuration.ts'

const ada = { id: 42, login: 'ada' }
const owner = { id: 1, login: 'acme' }
const path = '.github/cloud agent.yml'
const inFile = { settings: { configuration: { file: path } } }

async function configure({ test }: TestRun, document: PartialConfiguration): Promise<void> {
  const repository = { id: 7, full_name: test.forge.fullName, owner }
  await changeRepositoryConfiguration(test.store, repository, ada, () => document)
}

async function allowlistOf({ run }: TestRun): Promise<string[]> {
  const found = await effectiveConfiguration(run, await findRepository(run))
  return found.custom_allowlist
}

describe('the configuration a session goes by', () => {
  it('is what repository, organization and server say together', async () => {
    const settings = { configuration: { enforced: { is_firewall_enabled: true } } }
    await using opened = await openTestRun({ prompt: 'p' }, { settings })
    await configure(opened, { custom_allowlist: ['own.test'], is_firewall_enabled: false })
    const added = { defaults: {}, enforced: {}, additional_allowlist: ['all.test'] }
    await changeOrganizationConfiguration(opened.test.store, owner, ada, () => added)
    const { run } = opened

    const found = await effectiveConfiguration(run, await findRepository(run))

    expect(found).toMatchObject({
      custom_allowlist: ['own.test', 'all.test'],
      is_firewall_enabled: true,
      is_firewall_recommended_allowlist_enabled: true,
    })
  })

  it('is in the file on the default branch where the settings name one, whatever the API was told', async () => {
    await using opened = await openTestRun({ prompt: 'p' }, inFile)
    await configure(opened, { custom_allowlist: ['api.test'] })

    const without = await allowlistOf(opened)
    await opened.test.forge.commit('main', { [path]: 'custom_allowlist: ["file.test"]\n' })

    expect(without).toEqual([])
    expect(await allowlistOf(opened)).toEqual(['file.test'])
  })

  it.each(['custom_allowlist: [\n', 'custom_allowlst: []\n', 'is_firewall_enabled: perhaps\n'])(
    'is not known where the file is %j, and nothing is taken for it',
    async (text) => {
      await using opened = await openTestRun({ prompt: 'p' }, inFile)
      await opened.test.forge.commit('main', { [path]: text })

      await expect(allowlistOf(opened)).rejects.toMatchObject({
        failure: 'configuration_broken',
        message: expect.stringContaining(`${path}:1:`),
      })
    },
  )
})
