import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findPackageRegistry } from '../support/package-registry.ts'
import { listPulls } from '../support/pulls.ts'
import { createRepository } from '../support/repository.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { artifactOf, completeTask, eventsOf, scriptPrompt } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'

// This very project is installed in a sandbox, from wherever npm on this machine gets its packages.

const root = resolve(import.meta.dirname, '../..')
const install =
  'npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=0 -w packages/contract -w packages/policy'
const wholeName = 'acme/errand'
let errand: Errand
let host: string

beforeAll(async () => {
  const registry = await findPackageRegistry()
  host = registry.host
  errand = await startErrand({
    settings: { firewall: registry.firewall, sandbox: { memory_mb: 2048 } },
  })
  await using folder = await createTempFolder('npm-ci')
  await createRepository(folder.path, { ...(await manifests()), '.gitignore': 'node_modules\n' })
  await errand.forge.importRepository(folder.path, wholeName, {})
})
afterAll(() => errand?.[Symbol.asyncDispose]())

/** What `npm ci` reads of this project. */
async function manifests(): Promise<Record<string, string>> {
  const packages = await readdir(join(root, 'packages'))
  const paths = ['.', 'test', ...packages.map((name) => `packages/${name}`)].map((folder) =>
    join(folder, 'package.json'),
  )
  const read = ['package-lock.json', ...paths].map(async (path) => {
    return [path, await readFile(join(root, path), 'utf8')] as const
  })
  return Object.fromEntries(await Promise.all(read))
}

it('npm ci of a real project works in a sandbox, from where npm of the machine gets its packages', async () => {
  const script = `${install} > install.log 2>&1; code=$?; tail -n 20 install.log; [ $code = 0 ]
    node --input-type=module -e "import { z } from 'zod'; console.log('zod:', z.string().parse('is there'))" > result.txt
    rm install.log`

  const task = await completeTask(errand.client, wholeName, {
    prompt: scriptPrompt(script, 'Install what the project needs'),
    model: 'script',
    create_pull_request: true,
  })

  const events = await eventsOf(errand.client, task.id)
  expect(events.filter(({ type }) => type === 'firewall.blocked')).toEqual([])
  const ref = artifactOf(task, 'branch')?.head_ref ?? ''
  const path = `/repos/${wholeName}/contents/result.txt`
  const response = await errand.client.request('GET', path, { query: { ref } })
  const { content } = (await response.json()) as { content: string }
  expect(Buffer.from(content, 'base64').toString()).toBe('zod: is there\n')
}, 240_000)

it('with the registry not allowed, an event says what was blocked, and so does the pull request', async () => {
  const path = `/repos/${wholeName}/copilot/cloud-agent/configuration`
  await errand.client.request('PATCH', path, {
    body: { is_firewall_recommended_allowlist_enabled: false },
  })

  const task = await completeTask(errand.client, wholeName, {
    prompt: scriptPrompt(`${install} || echo "not installed: $?" > result.txt`, 'Install again'),
    model: 'script',
    create_pull_request: true,
  })

  const blocked = (await eventsOf(errand.client, task.id)).find(
    ({ type }) => type === 'firewall.blocked',
  )
  expect(blocked?.data).toMatchObject({ host, rule: 'not_allowed' })
  expect(blocked?.data['process']).toContain('npm')
  const number = artifactOf(task, 'pull')?.number
  const pull = (await listPulls(errand.client, wholeName)).find((one) => one.number === number)
  const line = pull?.body.split('\n').find((text) => text.includes(host))
  expect(line).toContain('npm')
}, 240_000)
