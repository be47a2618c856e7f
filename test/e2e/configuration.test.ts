import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Client, defaultConfiguration } from '@errand/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { errand, tryErrand } from '../support/errand-process.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { scriptPrompt } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'

// What an agent may do, set and seen by the API's client and by the commands, on the embedded forge.

let server: Errand
let folder: TempFolder
let client: Client
const params = { owner: 'acme', repo: 'sums' }
const org = { org: 'acme' }

beforeAll(async () => {
  folder = await createTempFolder('configuration')
  const policy = join(folder.path, 'policy.yml')
  await writeFile(policy, 'version: 1\nrules:\n  firewall-enabled: error\n')
  server = await startErrand({
    // The log is read from there once the server has stopped.
    isOnPglite: true,
    settings: { policy: { file: policy, enforce: true }, runner: { enabled: false } },
  })
  client = server.client
  await errand(server.url, ['org', 'create', 'acme'])
  await server.addRepository('acme/sums')
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

it('every operation is answered, and what one changes another shows', async () => {
  const allowed = { custom_allowlist: ['packages.example.com'] }
  expect(await client.call('getConfiguration', { params })).toEqual(defaultConfiguration)
  await client.call('patchConfiguration', { params, body: allowed })
  await client.call('putConfiguration', { params, body: { ...defaultConfiguration, ...allowed } })
  const organization = await client.call('getOrganizationConfiguration', { params: org })
  await client.call('putOrganizationConfiguration', {
    params: org,
    body: { ...organization, additional_allowlist: ['all.example'] },
  })

  const effective = await client.call('getEffectiveConfiguration', { params })
  expect(effective.settings['custom_allowlist']).toMatchObject({
    value: ['packages.example.com', 'all.example'],
    source: 'repository',
  })

  await client.call('putAgentPermissions', {
    params: org,
    body: { enabled_repositories: 'selected' },
  })
  const { data } = await findRepository()
  const selected = { ...org, repository_id: data.id }
  await client.call('selectRepository', { params: selected })
  await client.call('unselectRepository', { params: selected })
  await client.call('setSelectedRepositories', {
    params: org,
    body: { selected_repository_ids: [data.id] },
  })
  const list = await client.call('listSelectedRepositories', { params: org })
  expect(list).toMatchObject({ total_count: 1, repositories: [{ full_name: 'acme/sums' }] })
  expect(await client.call('getAgentPermissions', { params: org })).toEqual({
    enabled_repositories: 'selected',
    selected_repositories_url: expect.stringContaining('/permissions/repositories'),
  })

  const [ofOrg, whole] = [
    await client.call('listAuditLog', { params: org }),
    await client.call('listWholeAuditLog', { params: {} }),
  ]
  expect(ofOrg.map(({ number }) => number)).toEqual([7, 6, 5, 4, 3, 2, 1])
  expect(whole).toEqual(ofOrg)
})

async function findRepository(): Promise<{ data: { id: number } }> {
  const response = await client.request('GET', '/repos/acme/sums')
  return { data: (await response.json()) as { id: number } }
}

it('the commands show it, change it, and refuse what they do not understand', async () => {
  const run = (...args: string[]) => errand(server.url, ['config', ...args, '-R', 'acme/sums'])

  const shown = JSON.parse(await run('get', '--json')) as typeof defaultConfiguration
  const changed = await run(
    'set',
    'enabled_tools.codeql=false',
    'custom_allowlist+=b.example',
    'custom_allowlist-=packages.example.com',
  )
  const effective = await run('get', '--effective')
  const wrong = await tryErrand(server.url, ['config', 'set', 'no=such', '-R', 'acme/sums'])
  const invalid = await tryErrand(server.url, [
    'config',
    'set',
    'is_firewall_enabled=maybe',
    '-R',
    'acme/sums',
  ])

  expect(shown.custom_allowlist).toContain('packages.example.com')
  expect(changed).toContain('"codeql":false')
  expect(effective).toMatch(/custom_allowlist: .*b\.example.*\trepository\t/)
  expect([wrong.code, invalid.code]).toEqual([1, 1])
  expect(wrong.stderr).toContain('There is no field no.')
  expect(invalid.stderr).toContain('is_firewall_enabled must be of type boolean')
})

it('what was said is taken back, of a repository and of its organization', async () => {
  const unset = (...args: string[]) => tryErrand(server.url, ['config', 'unset', ...args])
  await errand(server.url, [
    'config',
    'set',
    '--org',
    'acme',
    'defaults.is_automations_enabled=true',
  ])

  const tool = await unset('-R', 'acme/sums', 'enabled_tools.codeql')
  const ofOrg = await unset('--org', 'acme', 'defaults.is_automations_enabled')
  const answers = [
    await unset('-R', 'acme/sums'),
    await unset('-R', 'acme/sums', 'no_such'),
    await unset('--org', 'acme', 'defaults.is_firewall_enabled'),
  ]

  expect(tool.stdout).toContain('"codeql":true')
  expect(ofOrg).toMatchObject({ code: 0, stdout: expect.stringContaining('- defaults') })
  expect(answers.map(({ code }) => code)).toEqual([1, 1, 1])
  expect((await client.call('getOrganizationConfiguration', { params: org })).defaults).toEqual({})
  await client.call('deleteConfiguration', { params, query: { field: 'custom_allowlist' } })
})

it('an editor that leaves nothing changed changes nothing, and one that does is obeyed', async () => {
  const edit = (editor: string) =>
    tryErrand(server.url, ['config', 'edit', '-R', 'acme/sums'], {
      environment: { EDITOR: editor },
    })

  const same = await edit('true')
  const other = await edit("sed -i 's/is_automations_enabled: true/is_automations_enabled: false/'")
  const broken = await edit('echo [ >')

  expect(same).toMatchObject({ code: 0, stderr: expect.stringContaining('Nothing is different') })
  expect(other.stdout).toContain('+ is_automations_enabled: false')
  expect(broken.code).toBe(1)
  const [, kept = ''] = /is kept in (\S+)/.exec(broken.stderr) ?? []
  expect(await readFile(kept, 'utf8')).toBe('[\n')
  await rm(join(kept, '..'), { recursive: true })
})

it('a task is refused where the policy’s rule is broken, and started where it is mended', async () => {
  const start = () =>
    client.call('createTask', { params, body: { prompt: scriptPrompt('true'), model: 'script' } })
  await errand(server.url, ['config', 'set', 'is_firewall_enabled=false', '-R', 'acme/sums'])

  await expect(start()).rejects.toMatchObject({
    status: 403,
    message: expect.stringContaining('firewall-enabled'),
  })
  await errand(server.url, ['config', 'set', 'is_firewall_enabled=true', '-R', 'acme/sums'])
  expect(await start()).toMatchObject({ state: 'queued' })
})

it('errand audit finds the deviation, and --fix mends it by the API', async () => {
  const policy = join(folder.path, 'policy.yml')
  const audit = (...args: string[]) =>
    tryErrand(server.url, [
      'audit',
      '--repo',
      'acme/sums',
      '--policy',
      policy,
      '--no-cache',
      ...args,
    ])
  await errand(server.url, ['config', 'set', 'is_firewall_enabled=false', '-R', 'acme/sums'])

  const before = await audit()
  const fixed = await audit('--fix', '--yes')
  const after = await audit()

  expect([before.code, fixed.code, after.code]).toEqual([1, 0, 0])
  expect(before.stdout).toContain('firewall-enabled')
  expect(await client.call('getConfiguration', { params })).toMatchObject({
    is_firewall_enabled: true,
  })
})

it('the log is listed, exported, and found to be whole, until its head is another', async () => {
  const listed = await errand(server.url, ['audit-log', 'list', '--org', 'acme', '-L', '2'])
  const exported = await errand(server.url, ['audit-log', 'export'])
  const verified = await errand(server.url, ['audit-log', 'verify'])
  const [, head = ''] = /Head: (\S+)/.exec(verified) ?? []
  const [number = ''] = head.split(':')
  const again = await tryErrand(server.url, ['audit-log', 'verify', '--expect', head])
  const other = await tryErrand(server.url, [
    'audit-log',
    'verify',
    '--expect',
    `${number}:${'0'.repeat(64)}`,
  ])

  const config = join(folder.path, 'errand.yml')
  await writeFile(config, `data: ${server.dataDir}\n`)
  const locked = await tryErrand(server.url, ['audit-log', 'verify', '--config', config])

  expect([locked.code, locked.stderr]).toEqual([1, expect.stringContaining('in use by another')])
  expect(listed.trim().split('\n')).toHaveLength(2)
  expect(exported.trim().split('\n')).toHaveLength(Number(number))
  expect([again.code, other.code]).toEqual([0, 1])
  expect(other.stdout).toContain(`Entry ${number} is another than the one that was kept`)
})

it('the log is verified from the database as well, once the server has stopped', async () => {
  const config = join(folder.path, 'errand.yml')
  const head = /Head: (\S+)/.exec(await errand(server.url, ['audit-log', 'verify']))?.[1]
  await server.close()

  const verified = await errand('', ['audit-log', 'verify', '--config', config])

  expect(verified).toContain(`Head: ${head}`)
})
