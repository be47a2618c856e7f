import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { PublicKey } from '@errand/contract'
import { Octokit } from 'octokit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { errand, serveProcess, type ServeProcess } from '../support/errand-process.ts'
import { filesWith, formsOf } from '../support/find-secrets.ts'
import { createRepository } from '../support/repository.ts'
import { completeTask, eventsOf, scriptPrompt } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { ownerToken, settingsFor } from '../support/test-settings.ts'

// What a setup step is given stays secret, also in what is kept of it.

let folder: TempFolder
let dataDir: string
let server: ServeProcess
const secret = `p@ss/${randomBytes(18).toString('base64url')}+&`

const stepsWith = (last: string): string => `
jobs:
  copilot-setup-steps:
    steps:
      - name: Log in
        run: |
          echo "length: \${#DEPLOY_TOKEN}"
          echo "plain: $DEPLOY_TOKEN."
          for before in '' x xy; do echo "base64: $(printf %s "$before$DEPLOY_TOKEN" | base64 -w0)"; done
          node -e 'console.log("url: " + encodeURIComponent(process.env.DEPLOY_TOKEN) + "!")'
          echo "expression: \${{ secrets.DEPLOY_TOKEN == '' }} \${{ vars.MODE }}"
          printf %s "$DEPLOY_TOKEN" | cut -c1-9 | tr -d '\\n'; printf %s "$DEPLOY_TOKEN" | cut -c10-
          mkdir -p ~/made && echo made > ~/made/file
          ${last}
`
/** What is kept would have the secret in it, in base64 and as a variable. */
const leaky = stepsWith(
  'printf "//x/:_auth=%s" "$(printf "user:%s" "$DEPLOY_TOKEN" | base64 -w0)" > ~/.npmrc',
)
const leakyVariable = stepsWith('echo "HANDED=$DEPLOY_TOKEN" >> "$GITHUB_ENV"')
const path = '.github/workflows/copilot-setup-steps.yml'

beforeAll(async () => {
  folder = await createTempFolder('setup-steps')
  dataDir = join(folder.path, 'data')
  server = await serveProcess(dataDir, settingsFor(dataDir, {}))
  const files = { clean: stepsWith('true'), leaky, variable: leakyVariable }
  for (const [name, text] of Object.entries(files)) {
    const source = join(folder.path, name)
    await createRepository(source, { [path]: text })
    await errand(server.url, ['repo', 'import', source, `acme/${name}`])
    await setSecret(name, 'DEPLOY_TOKEN', secret)
    await errand(server.url, ['variable', 'set', 'MODE', '--body', 'fast', '-R', `acme/${name}`])
  }
}, 240_000)
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

/** As GitHub's documentation has it, with libsodium. */
async function setSecret(repo: string, secret_name: string, value: string): Promise<void> {
  const { default: sodium } = await import('libsodium-wrappers')
  await sodium.ready
  const octokit = new Octokit({ baseUrl: server.url, auth: ownerToken, retry: { enabled: false } })
  const root = '/repos/{owner}/{repo}/agents/secrets'
  const { data } = await octokit.request(`GET ${root}/public-key`, { owner: 'acme', repo })
  const { key, key_id } = data as PublicKey
  const bytes = sodium.from_base64(key, sodium.base64_variants.ORIGINAL)
  const box = sodium.crypto_box_seal(sodium.from_string(value), bytes)
  const encrypted_value = sodium.to_base64(box, sodium.base64_variants.ORIGINAL)
  const sent = { owner: 'acme', repo, secret_name, encrypted_value, key_id }
  await octokit.request(`PUT ${root}/{secret_name}`, sent)
}

async function runTask(name: string, script: string): Promise<string> {
  const task = await completeTask(server.client, `acme/${name}`, {
    prompt: scriptPrompt(script),
    model: 'script',
  })
  return JSON.stringify(await eventsOf(server.client, task.id))
}

it('a secret that Octokit set is seen by a setup step, masked in its log, and in no byte of the data folder', async () => {
  const clean = await runTask('clean', 'cat ~/made/file')
  const again = await runTask('clean', 'cat ~/made/file')
  const kept = await readdir(join(dataDir, 'setup-layers'))
  const written = await runTask('leaky', 'test -s ~/.npmrc && echo npmrc is there')
  const handed = await runTask(
    'variable',
    'test "$HANDED" = "$DEPLOY_TOKEN" && echo it is handed on',
  )

  expect(clean).toContain(`length: ${secret.length}`)
  expect(clean).toContain('plain: ***.')
  expect(clean).toContain('url: ***!')
  expect(clean).toContain('expression: false fast')
  expect(clean.match(/base64: [\w+/=]{0,4}\*\*\*[\w+/=]{0,4}/g)?.length).toBeGreaterThanOrEqual(3)
  expect(again).toContain('setup steps need not run')
  expect(again).toContain('made')
  expect(kept.filter((name) => name.endsWith('.layer'))).toHaveLength(1)
  expect(written).toContain('npmrc is there')
  expect(handed).toContain('it is handed on')
  for (const events of [written, handed]) {
    expect(events).toContain('not kept for the next session: the value of a secret is in them')
  }
  expect(await readdir(join(dataDir, 'setup-layers'))).toEqual(kept)
  const told = [clean, again, written, handed, server.output()]
  for (const form of formsOf(secret)) {
    expect(told.some((text) => Buffer.from(text).includes(form))).toBe(false)
  }

  await server.stop()
  expect(await filesWith(dataDir, [secret])).toEqual([])
}, 240_000)
