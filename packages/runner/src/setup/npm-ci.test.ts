import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { changeRepositoryConfiguration, steerTask } from '@errand/core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { packInstalled, projectWith, registryFiles } from '../firewall/testing/npm-package.ts'
import { startFileSite } from '../firewall/testing/open-box-behind-firewall.ts'
import type { Site } from '../firewall/testing/start-site.ts'
import { eventually } from '../testing/eventually.ts'
import { fixtureSettings, fixtureTask } from '../testing/fixture-settings.ts'
import { startTestRunner, type TestRunner } from '../testing/start-test-runner.ts'
import { ownerId, repositoryId } from '../testing/test-forge.ts'

/** Of this machine; but not the address that boxes have themselves. */
const address = '127.0.0.2'
/** As GitHub's documentation has it, for a project of Node's. */
const stepsFile = `name: "Copilot Setup Steps"

# Automatically run the setup steps when they are changed to allow for easy validation, and
# allow manual testing through the repository's "Actions" tab
on:
  workflow_dispatch:
  push:
    paths:
      - .github/workflows/copilot-setup-steps.yml
  pull_request:
    paths:
      - .github/workflows/copilot-setup-steps.yml

jobs:
  # The job MUST be called copilot-setup-steps or it will not be picked up by Copilot.
  copilot-setup-steps:
    runs-on: ubuntu-latest

    # Set the permissions to the lowest permissions possible needed for your steps.
    permissions:
      contents: read

    steps:
      - name: Checkout code
        uses: actions/checkout@v5

      - name: Set up Node.js
        uses: actions/setup-node@v4
        with:
          node-version: ">=22"
          cache: "npm"

      - name: Install JavaScript dependencies
        run: npm ci --no-audit --no-fund --fetch-retries=0
`

let site: Site
let url: string
let folder: string
let test: TestRunner

beforeAll(async () => {
  const files = new Map<string, string | Buffer>()
  site = await startFileSite(files, address)
  url = `https://${address}:${site.ports.https}`
  const packed = await packInstalled('ignore')
  for (const [path, content] of registryFiles(url, packed)) files.set(path, content)
  folder = await mkdtemp(join(tmpdir(), 'errand-setup-npm-'))
  await writeFile(join(folder, 'ca.pem'), site.authority.certificate)
  const firewall = { private_networks: [address], ca_file: join(folder, 'ca.pem') }
  test = await startTestRunner({
    settings: fixtureSettings({ firewall, sessions: { live_wait_seconds: 0.5 } }),
  })
  const project = { ...projectWith(packed), '.npmrc': `registry=${url}/\n` }
  await test.forge.commit('main', {
    ...project,
    '.github/workflows/copilot-setup-steps.yml': stepsFile,
  })
})
afterAll(async () => {
  await test?.[Symbol.asyncDispose]()
  site?.close()
  await rm(folder, { recursive: true, force: true })
})

async function allow(allowlist: string[]): Promise<void> {
  const repository = {
    id: repositoryId,
    full_name: test.forge.fullName,
    owner: { id: ownerId, login: 'acme' },
  }
  await changeRepositoryConfiguration(test.store, repository, { id: 42, login: 'ada' }, () => ({
    custom_allowlist: allowlist,
  }))
}

const outcomes = async (id: string) =>
  (await test.events(id))
    .filter(({ type }) => type === 'setup.step_complete')
    .map(({ data }) => data['outcome'])

const task = fixtureTask([
  { run: "node -p \"require('ignore')().add('*').ignores('x')\" > out.txt" },
  { ask: 'Go on?' },
  { run: 'ls node_modules >> out.txt' },
])

it('the steps of GitHub’s own example install by npm ci through the firewall, once for all sessions, also one that was put away', async () => {
  await allow([])
  const refused = await test.add(fixtureTask([]))
  await test.untilEnded(refused)
  const events = await test.events(refused)
  await allow([`${url}/`])

  for (const isFirst of [true, false]) {
    const seen = site.seen.length
    const id = await test.add(task)
    await eventually(async () => {
      const [session] = (await test.untilState(id, 'waiting_for_user')).sessions
      expect(session).toMatchObject({ put_away: true })
    })
    const by = { id: 42, login: 'ada' }
    await steerTask(test.store, id, { type: 'ask_user_response', content: 'yes', by })
    const { state, head_ref: branch } = await test.untilEnded(id)

    expect(state).toBe('completed')
    expect(await outcomes(id)).toEqual(isFirst ? ['success', 'success', 'success'] : [])
    expect(site.seen.length > seen).toBe(isFirst)
    const listed = await test.forge.git('diff', '--name-only', `main...${branch}`)
    expect(listed).toBe('out.txt')
    expect(await test.forge.git('show', `${branch}:out.txt`)).toMatch(/^true/)
  }

  expect(await outcomes(refused)).toEqual(['success', 'success', 'failure'])
  expect(events.find(({ type }) => type === 'firewall.blocked')?.data).toMatchObject({
    host: address,
    process: expect.stringContaining('npm'),
  })
}, 240_000)
