import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { errand as errandCommand, serveProcess } from '../support/errand-process.ts'
import { eventually } from '../support/eventually.ts'
import { createRepository } from '../support/repository.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { settingsFor } from '../support/test-settings.ts'

it('the server tells since when a repository deviates from its policy, and by whom, also over kill -9', async () => {
  await using folder = await createTempFolder('policy')
  const dataDir = join(folder.path, 'data')
  const file = join(folder.path, 'policy.yml')
  writeFileSync(file, 'version: 1\nrules:\n  firewall-enabled: {}\n')
  const settings = settingsFor(dataDir, { settings: { policy: { file } } })
  await createRepository(join(folder.path, 'source'))
  const first = await serveProcess(dataDir, settings)
  const run = (...args: string[]) => errandCommand(first.url, args)
  await run('org', 'create', 'acme')
  await run('repo', 'import', join(folder.path, 'source'), 'acme/sums')
  await run('config', 'set', '-R', 'acme/sums', 'is_firewall_enabled=false')
  // Killed before or after it was noted: it is known in the end.
  await first.kill()

  await using second = await serveProcess(dataDir, settings)
  const history = async (...more: string[]) => {
    const output = await errandCommand(second.url, [
      'audit',
      'history',
      '--org',
      'acme',
      '--json',
      ...more,
    ])
    return JSON.parse(output) as object[]
  }
  await eventually(async () => {
    expect(await history()).toMatchObject([
      {
        repository: 'acme/sums',
        rule: 'firewall-enabled',
        since_by: { actor: 'owner', audit_entry: 1 },
        ended_at: null,
      },
    ])
  })
  await errandCommand(second.url, ['config', 'set', '-R', 'acme/sums', 'is_firewall_enabled=true'])
  await eventually(async () => {
    expect(await history()).toEqual([])
    expect(await history('--all')).toMatchObject([{ ended_by: { actor: 'owner' } }])
  })
})
