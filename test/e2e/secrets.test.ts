import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PublicKey } from '@errand/contract'
import { Octokit } from 'octokit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkedFetch } from '../support/contract.ts'
import { errand, serveProcess, type ServeProcess, tryErrand } from '../support/errand-process.ts'
import { filesWith, formsOf } from '../support/find-secrets.ts'
import { listPulls } from '../support/pulls.ts'
import { createRepository } from '../support/repository.ts'
import { artifactOf, completeTask, eventsOf, scriptPrompt } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { ownerToken, settingsFor, type TestSettings } from '../support/test-settings.ts'

// A secret's whole way: sealed by a client that knows nothing of Errand, into the agent, and nowhere else.

let folder: TempFolder
let dataDir: string
let settings: TestSettings
let server: ServeProcess

beforeAll(async () => {
  folder = await createTempFolder('secrets')
  dataDir = join(folder.path, 'data')
  settings = settingsFor(dataDir, {})
  server = await serveProcess(dataDir, settings)
  const source = join(folder.path, 'source')
  await createRepository(source)
  for (const name of ['acme/sums', 'acme/other']) {
    await errand(server.url, ['repo', 'import', source, name])
  }
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

const octokit = () =>
  new Octokit({
    baseUrl: server.url,
    auth: ownerToken,
    request: { fetch: checkedFetch },
    retry: { enabled: false },
  })

/** As GitHub's documentation has it, with libsodium. */
async function setSecret(name: string, value: string): Promise<number> {
  const { default: sodium } = await import('libsodium-wrappers')
  await sodium.ready
  const of = { owner: 'acme', repo: 'sums' }
  const root = '/repos/{owner}/{repo}/agents/secrets'
  const { data } = await octokit().request(`GET ${root}/public-key`, of)
  const { key, key_id } = data as PublicKey
  const bytes = sodium.from_base64(key, sodium.base64_variants.ORIGINAL)
  const box = sodium.crypto_box_seal(sodium.from_string(value), bytes)
  const encrypted_value = sodium.to_base64(box, sodium.base64_variants.ORIGINAL)
  const sent = { ...of, secret_name: name, encrypted_value, key_id }
  return (await octokit().request(`PUT ${root}/{secret_name}`, sent)).status
}

it('a secret that an unmodified Octokit set is seen by the agent, and masked wherever it shows', async () => {
  const secret = `p@ss/${randomBytes(18).toString('base64url')}+&`
  const forTools = `mcp-${randomBytes(18).toString('base64url')}`
  expect(await setSecret('deploy_token', secret)).toBe(201)
  expect(await setSecret('DEPLOY_TOKEN', secret)).toBe(204)
  await setSecret('COPILOT_MCP_TOKEN', forTools)
  await setSecret('PATH', '/nowhere')
  await errand(server.url, ['variable', 'set', 'MODE', '--body', 'fast', '-R', 'acme/sums'])

  const script = `
    test "$DEPLOY_TOKEN" = "$(printf %s "$DEPLOY_TOKEN")" && test -n "$DEPLOY_TOKEN"
    test -z "\${COPILOT_MCP_TOKEN+x}"
    test "$MODE" = fast
    echo "length: \${#DEPLOY_TOKEN}"
    echo "plain: $DEPLOY_TOKEN."
    for before in '' x xy; do echo "base64: $(printf %s "$before$DEPLOY_TOKEN" | base64 -w0)"; done
    node -e 'console.log("url: " + encodeURIComponent(process.env.DEPLOY_TOKEN) + "!")'
    printf %s "$DEPLOY_TOKEN" | cut -c1-9 | tr -d '\\n'; printf %s "$DEPLOY_TOKEN" | cut -c10-
    git commit -q --allow-empty -m "Deploy with $DEPLOY_TOKEN"
    echo changed >> README.md`
  const task = await completeTask(server.client, 'acme/sums', {
    prompt: scriptPrompt(`set -e${script}`, 'Deploy'),
    model: 'script',
    create_pull_request: true,
  })

  const events = JSON.stringify(await eventsOf(server.client, task.id))
  expect(events).toContain(`length: ${secret.length}`)
  expect(events).toContain('plain: ***.')
  expect(events).toContain('url: ***!')
  expect(events.match(/base64: [\w+/=]{0,4}\*\*\*[\w+/=]{0,4}/g)?.length).toBeGreaterThanOrEqual(3)
  expect(events).toContain('The agent is not given PATH')
  const pull = (await listPulls(server.client, 'acme/sums')).find(
    ({ number }) => number === artifactOf(task, 'pull')?.number,
  )
  const told = [events, JSON.stringify(pull), server.output()]
  for (const form of [secret, forTools].flatMap(formsOf)) {
    expect(told.some((text) => Buffer.from(text).includes(form))).toBe(false)
  }
  const head = artifactOf(task, 'branch')?.head_ref ?? ''
  const { data: commits } = await octokit().request('GET /repos/{owner}/{repo}/commits', {
    owner: 'acme',
    repo: 'sums',
    sha: head,
  })
  expect(JSON.stringify(commits)).not.toContain(secret)

  await server.stop()
  expect(await filesWith(dataDir, [secret, forTools])).toEqual([])

  // A new key opens all of it; the old one is gone.
  const rotated = await tryErrand(server.url, ['secrets', 'rotate', '--data', dataDir])
  expect(rotated.stderr).toMatch(/3 secrets are encrypted anew, with the key [0-9a-f]{16}/)
  server = await serveProcess(dataDir, settings)
  const again = await completeTask(server.client, 'acme/sums', {
    prompt: scriptPrompt('echo "length: ${#DEPLOY_TOKEN}"'),
    model: 'script',
  })
  expect(JSON.stringify(await eventsOf(server.client, again.id))).toContain(
    `length: ${secret.length}`,
  )
}, 240_000)

it('the command sets, lists and deletes them, of a repository and of an organization', async () => {
  const cli = async (...args: string[]) => {
    const ran = await tryErrand(server.url, args)
    expect(ran).toMatchObject({ code: 0 })
    return ran
  }
  const file = join(folder.path, 'agents.env')
  await writeFile(file, 'NPM_TOKEN=from-a-file\nOTHER="two words"\n')
  await cli('secret', 'set', '-R', 'acme/other', '--env-file', file)
  await cli('secret', 'set', 'ORG_TOKEN', '--org', 'acme', '--body', 'v', '--repos', 'other')
  await cli('variable', 'set', 'REGION', '--org', 'acme', '--visibility', 'all', '--body', 'eu')
  await cli('variable', 'set', 'REGION', '--org', 'acme', '--visibility', 'all', '--body', 'us')

  const listed = await cli('secret', 'list', '-R', 'acme/other', '--json')
  const ofOrg = await cli('secret', 'list', '--org', 'acme')
  const variable = await cli('variable', 'get', 'region', '--org', 'acme')
  const visible = await octokit().request('GET /repos/{owner}/{repo}/agents/organization-secrets', {
    owner: 'acme',
    repo: 'other',
  })
  await cli('secret', 'delete', 'NPM_TOKEN', '-R', 'acme/other')
  await cli('variable', 'delete', 'REGION', '--org', 'acme')

  const names = (JSON.parse(listed.stdout) as { name: string }[]).map(({ name }) => name)
  expect(names).toEqual(['NPM_TOKEN', 'OTHER'])
  expect(ofOrg.stdout).toMatch(/ORG_TOKEN .*selected/)
  expect(variable.stdout).toBe('us\n')
  expect(visible.data).toMatchObject({ total_count: 1, secrets: [{ name: 'ORG_TOKEN' }] })
  expect((await cli('secret', 'list', '-R', 'acme/other', '--json')).stdout).not.toContain('NPM')
  expect((await cli('variable', 'list', '--org', 'acme')).stderr).toContain(
    'There are no variables',
  )
})
