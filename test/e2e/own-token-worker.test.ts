import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatabase, type Database, postgresUrl } from '../support/database.ts'
import { workerProcess } from '../support/errand-process.ts'
import { type GitHubDouble, startBehind, startGitHub } from '../support/github-forge.ts'
import { clientFor } from '../support/start-errand.ts'
import { artifactOf, createTask, scriptPrompt, untilState } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { settingsFor } from '../support/test-settings.ts'

// A worker on a machine of its own shares with the server a database and a key, and no token.

describe.skipIf(postgresUrl === undefined)('a worker elsewhere, on PostgreSQL', () => {
  let database: Database
  let folder: TempFolder
  let github: GitHubDouble
  let server: Awaited<ReturnType<typeof startBehind>>
  let token: string
  const key = randomBytes(32).toString('base64')

  beforeAll(async () => {
    database = await createDatabase()
    folder = await createTempFolder('own-token-worker')
    github = await startGitHub()
    await github.errand.addRepository('acme/sums')
    await github.addMember('alice', 'acme/sums')
    token = await github.tokenOf('alice', { scopes: ['repo'] })
    const settings = {
      forge: github.url,
      database_url: database.url,
      encryption: { key_env: 'KEY' },
      runner: { enabled: false },
    }
    server = await startBehind(join(folder.path, 'server'), settings, { KEY: key })
  })
  afterAll(async () => {
    await server?.close()
    await github?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  function startWorker(name: string, workerKey: string) {
    const dataDir = join(folder.path, name)
    const settings = settingsFor(dataDir, {
      databaseUrl: database.url,
      settings: { forge: github.url, encryption: { key_command: ['/bin/echo', workerKey] } },
    })
    delete settings.admin_token
    return workerProcess(dataDir, settings)
  }

  const add = (client: ReturnType<typeof clientFor>) =>
    createTask(client, 'acme/sums', {
      prompt: scriptPrompt('echo more >> README.md'),
      model: 'script',
      create_pull_request: true,
    })

  it('works with the token of whoever asked, opened by the key it shares', async () => {
    const client = clientFor(server.url, token)
    await using worker = await startWorker('worker', key)

    const { id } = await add(client)
    const task = await untilState(client, id, 'completed', { timeoutMs: 90_000 })

    expect(artifactOf(task, 'pull')?.number).toBeGreaterThan(0)
    expect(await server.store.db.selectFrom('credentials').selectAll().execute()).toEqual([])
    expect(worker.output()).not.toContain(token)
  })

  it('with another key works with none, and says so', async () => {
    const client = clientFor(server.url, token)
    await using _ = await startWorker('stranger', randomBytes(32).toString('base64'))

    const { id } = await add(client)
    const task = await untilState(client, id, 'failed', { timeoutMs: 90_000 })

    expect(task.sessions.at(-1)?.error?.message).toBe(
      "The token of @alice cannot be decrypted by this runner: its encryption key is not the server's.",
    )
  })
})
