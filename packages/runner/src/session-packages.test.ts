import { lookup } from 'node:dns/promises'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { changeRepositoryConfiguration } from '@errand/core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { systemAuthorities } from './firewall/certificate-files.ts'
import { runHere } from './firewall/registries/find-registries.ts'
import { npm } from './firewall/registries/npm.ts'
import { packInstalled, projectWith, registryFiles } from './firewall/testing/npm-package.ts'
import { startFileSite } from './firewall/testing/open-box-behind-firewall.ts'
import type { Site } from './firewall/testing/start-site.ts'
import { startTestRunner, type TestRunner } from './testing/start-test-runner.ts'
import { ownerId, repositoryId } from './testing/test-forge.ts'

/** Of this machine; but not the address that boxes have themselves. */
const address = '127.0.0.2'
const npmCi = (retries: number) => `
  npm ci --no-audit --no-fund --fetch-retries=${retries} > npm.log 2>&1 || echo failed
  cat npm.log; rm -rf node_modules`

let site: Site
let url: string
let folder: string
let packed: Awaited<ReturnType<typeof packInstalled>>

beforeAll(async () => {
  const files = new Map<string, string | Buffer>()
  site = await startFileSite(files, address)
  url = `https://${address}:${site.ports.https}`
  packed = await packInstalled('ignore')
  for (const [path, content] of registryFiles(url, packed)) files.set(path, content)
  folder = await mkdtemp(join(tmpdir(), 'errand-session-packages-'))
  await writeFile(join(folder, 'ca.pem'), site.authority.certificate)
})
afterAll(async () => {
  site?.close()
  await rm(folder, { recursive: true, force: true })
})

async function startRunner(firewall: object): Promise<TestRunner> {
  return await startTestRunner({ settings: { firewall } })
}

/** A session that installs what the repository's lock file says. */
async function install(
  test: TestRunner,
  allowlist: string[],
  project: Record<string, string>,
  retries = 0,
) {
  const repository = {
    id: repositoryId,
    full_name: test.forge.fullName,
    owner: { id: ownerId, login: 'acme' },
  }
  await changeRepositoryConfiguration(test.store, repository, { id: 42, login: 'ada' }, () => ({
    custom_allowlist: allowlist,
  }))
  await test.forge.commit('main', project)
  const id = await test.add({ prompt: `Install\n\n\`\`\`sh\n${npmCi(retries)}\n\`\`\`\n` })
  const task = await test.untilEnded(id)
  const events = await test.events(id)
  return {
    task,
    output: events
      .flatMap(({ data }) => (typeof data.output === 'string' ? data.output : []))
      .join('\n'),
    blocked: events.filter(({ type }) => type === 'firewall.blocked').map(({ data }) => data),
    body: test.forge.pulls.at(-1)?.body ?? '',
  }
}

it('a session installs by npm ci from a registry that is allowed, and tells of one that is not', async () => {
  const firewall = { private_networks: [address], ca_file: join(folder, 'ca.pem') }
  await using test = await startRunner(firewall)
  const project = { ...projectWith(packed), '.npmrc': `registry=${url}/\n` }

  const refused = await install(test, [], project)
  const seenBefore = site.seen.length
  const allowed = await install(test, [`${url}/`], project)

  expect(refused.output).toContain('failed')
  expect(seenBefore).toBe(0)
  expect(refused.blocked).toMatchObject([
    {
      host: address,
      port: site.ports.https,
      rule: 'not_allowed',
      process: expect.stringMatching(/npm/),
    },
  ])
  expect(refused.body).toContain(`> - \`${url}\``)
  expect(refused.body).toMatch(/Triggering command: `.*npm/)
  expect(allowed.output).toContain('added 1 package')
  expect(allowed.output).not.toContain('failed')
  expect(allowed.blocked).toEqual([])
  expect(site.seen.map(({ url: path }) => path)).toContainEqual(expect.stringContaining('.tgz'))
})

/** The address of the registry npm is configured with, if it answers. */
const reachable = await reachRegistry()

it.skipIf(reachable === undefined)(
  'a session installs by npm ci from the registry this machine is configured with (skipped where it does not answer)',
  async () => {
    // Believed by the box as by this machine, whoever has signed for it here.
    await writeFile(join(folder, 'system.pem'), await systemAuthorities())
    await using test = await startRunner({
      package_registries: true,
      private_networks: [reachable],
      ca_file: join(folder, 'system.pem'),
    })

    const { output, blocked, task } = await install(test, [], await lockedProject('ignore'), 3)

    expect(output).toContain('added 1 package')
    expect(blocked).toEqual([])
    expect(task.state).toBe('completed')
  },
)

async function reachRegistry(): Promise<string | undefined> {
  const url = (await npm.findRegistry(runHere))?.urls[0]
  if (url === undefined) return undefined
  try {
    await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(10_000) })
    return (await lookup(new URL(url).hostname, 4)).address
  } catch {
    return undefined
  }
}

/** A project that needs a package, as this repository's own lock file has it. */
async function lockedProject(name: string): Promise<Record<string, string>> {
  const text = await readFile(new URL('../../../package-lock.json', import.meta.url), 'utf8')
  const lock = JSON.parse(text) as {
    packages: Record<string, { version: string; integrity: string } | undefined>
  }
  const locked = lock.packages[`node_modules/${name}`]
  if (locked === undefined) throw new Error(`${name} is not locked`)
  return projectWith({ name, ...locked })
}
