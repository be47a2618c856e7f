import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openStore } from '@errand/core'
import { Octokit } from 'octokit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serveProcess } from '../support/errand-process.ts'
import { type GitHubDouble, startGitHub } from '../support/github-forge.ts'
import { clientFor } from '../support/start-errand.ts'
import { artifactOf, createTask, eventsOf, scriptPrompt, untilState } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { settingsFor } from '../support/test-settings.ts'

// A forge elsewhere is worked on with the token of whoever asked, and with no other.

let github: GitHubDouble

beforeAll(async () => {
  github = await startGitHub()
  await github.errand.addRepository('acme/sums')
  await github.addMember('alice', 'acme/sums')
})
afterAll(() => github?.[Symbol.asyncDispose]())

/** Says all it finds out about its box, and waits where the test kills the server. */
const curious = scriptPrompt(
  `env > seen.txt
cat /proc/*/environ /proc/*/cmdline >> seen.txt 2>/dev/null || true
git config --list --show-origin >> seen.txt
grep -raoh 'gh[ps]_[A-Za-z0-9_-]*' /home /tmp /run /etc . >> seen.txt 2>/dev/null || true
echo looked around
sleep 4`,
)

it(
  'clones, pushes and opens the draft with it, though the server is killed in between, and keeps nothing of it',
  { timeout: 180_000 },
  async () => {
    await using folder = await createTempFolder('own-token')
    const dataDir = join(folder.path, 'data')
    const settings = settingsFor(dataDir, {
      settings: {
        forge: github.url,
        log_level: 'debug',
        // What it sees of programs has examples of tokens in it. Those that are real are looked for below.
        validation: { secret_scanning: { allow: ['seen.txt'] } },
      },
    })
    const token = await github.tokenOf('alice', { scopes: ['repo'] })
    let server = await serveProcess(dataDir, settings)
    const first = clientFor(server.url, token)
    const { id } = await createTask(first, 'acme/sums', {
      prompt: curious,
      model: 'script',
      create_pull_request: true,
    })
    await untilState(first, id, 'in_progress')
    await server.kill()
    const printed = [server.output()]
    server = await serveProcess(dataDir, settings)
    const client = clientFor(server.url, token)

    const task = await untilState(client, id, 'completed', { timeoutMs: 120_000 })

    const events = JSON.stringify(await eventsOf(client, id))
    await server.stop()
    printed.push(server.output())
    const octokit = new Octokit({ auth: token, baseUrl: github.url })
    const repo = { owner: 'acme', repo: 'sums' }
    const { data: pull } = await octokit.rest.pulls.get({
      ...repo,
      pull_number: artifactOf(task, 'pull')?.number ?? 0,
    })
    expect(pull).toMatchObject({ draft: true, user: { login: 'alice' } })
    const { data: seen } = await octokit.rest.repos.getContent({
      ...repo,
      path: 'seen.txt',
      ref: pull.head.ref,
    })
    const found = Buffer.from('content' in seen ? seen.content : '', 'base64').toString()
    expect(found).toContain('PATH=')
    for (const text of [found, events, ...printed]) {
      expect(text).not.toContain(token)
      expect(text).not.toContain(Buffer.from(`x-access-token:${token}`).toString('base64'))
    }
    expect(await keptIn(dataDir)).toEqual([])
    expect(await filesWith(folder.path, token)).toEqual([])
  },
)

it('is gone from the store however the session ends, and never in it as it is', async () => {
  await using folder = await createTempFolder('own-token')
  const dataDir = join(folder.path, 'data')
  const settings = settingsFor(dataDir, {
    settings: { forge: github.url, runner: { enabled: false } },
  })
  const token = await github.tokenOf('alice', { scopes: ['repo'] })
  await using server = await serveProcess(dataDir, settings)
  const client = clientFor(server.url, token)
  const body = { prompt: 'wait for a runner', model: 'script' }
  const kept = await createTask(client, 'acme/sums', body)
  const cancelled = await createTask(client, 'acme/sums', body)
  await client.call('cancelTask', { params: { task_id: cancelled.id } })
  await server.stop()

  expect(await keptIn(dataDir)).toEqual([
    { task_id: kept.id, sealed: expect.stringMatching(/^v1\.[0-9a-f]{16}\.[\w-]+$/) },
  ])
  expect(await filesWith(folder.path, token)).toEqual([])
})

it('that is revoked meanwhile ends the session with a sentence that says so', async () => {
  await using folder = await createTempFolder('own-token')
  const dataDir = join(folder.path, 'data')
  const token = await github.tokenOf('alice', { scopes: ['repo'] })
  const looker = await github.tokenOf('alice', { scopes: ['repo'] })
  const settings = (isRunning: boolean) =>
    settingsFor(dataDir, { settings: { forge: github.url, runner: { enabled: isRunning } } })
  const before = await serveProcess(dataDir, settings(false))
  const { id } = await createTask(clientFor(before.url, token), 'acme/sums', {
    prompt: scriptPrompt('true'),
    model: 'script',
  })
  await before.stop()
  await github.errand.forge.revokeToken(token)
  await using server = await serveProcess(dataDir, settings(true))

  const task = await untilState(clientFor(server.url, looker), id, 'failed')

  expect(task.sessions.at(-1)?.error).toMatchObject({
    message: 'The forge does not accept the token of @alice: it has expired or was revoked.',
  })
  await server.stop()
  expect(server.output()).toContain('session failed')
  expect(server.output()).not.toContain(token)
  expect(await keptIn(dataDir)).toEqual([])
})

async function keptIn(dataDir: string) {
  await using store = await openStore({ dataDir })
  return await store.db.selectFrom('credentials').select(['task_id', 'sealed']).execute()
}

/** Every file below whose bytes hold the text, in any encoding it might lie in. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const needles = [text, Buffer.from(text).toString('base64').slice(0, -4)].map((one) =>
    Buffer.from(one),
  )
  const found: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    let before = Buffer.alloc(0)
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      const bytes = Buffer.concat([before, chunk])
      if (needles.some((needle) => bytes.includes(needle))) found.push(path)
      before = bytes.subarray(-200)
    }
  }
  return found
}
