import { randomBytes, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client, TokenKind } from '@errand/contract'
import { createEncryption, keyBytes, openStore, placeOfValue, sealBox } from '@errand/core'
import { Client as Postgres } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatabase, type Database, postgresUrl } from '../support/database.ts'
import { serveProcess } from '../support/errand-process.ts'
import { filesWith, holds } from '../support/find-secrets.ts'
import { type GitHubDouble, mayPush, startGitHub } from '../support/github-forge.ts'
import { scriptedModelKey, startScriptedModel } from '../support/scripted-model.ts'
import { clientFor } from '../support/start-errand.ts'
import { createTask, untilPutAway } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { ownerToken, settingsFor } from '../support/test-settings.ts'

// Somebody has taken everything a server stores, but for the folder of its secrets. They read each byte of it, and
// try to use it.

const apart = 'secrets'

let github: GitHubDouble
let folder: TempFolder

beforeAll(async () => {
  folder = await createTempFolder('stolen')
  github = await startGitHub()
  await github.errand.addRepository('acme/sums')
  await github.addMember('alice', 'acme/sums', 'admin')
})
afterAll(async () => {
  await github?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

/** A server that has work to do with tokens of users, and keeps them for it. */
async function fillServer(
  name: string,
  database?: Database,
): Promise<{ dir: string; secrets: string[] }> {
  const dir = join(folder.path, name)
  const settings = settingsFor(dir, {
    settings: { forge: github.url, runner: { enabled: false } },
    ...(database !== undefined && { databaseUrl: database.url }),
  })
  const server = await serveProcess(dir, settings)
  const token = await github.tokenOf('alice', { scopes: ['repo'] })
  const fine = await github.tokenOf('alice', { kind: 'fine_grained', permissions: mayPush })
  for (const secret of [token, fine]) {
    const client = clientFor(server.url, secret)
    const body = { prompt: 'Tidy up', model: 'script' }
    await client.call('createTask', { params: { owner: 'acme', repo: 'sums' }, body })
    const targets = [{ repository: 'acme/sums' }]
    // Of one name, the second would be skipped, and its token not kept.
    const name = randomUUID()
    await client.call('createCampaign', { params: {}, body: { ...body, name, targets } })
  }
  const secret = randomBytes(24).toString('base64url')
  await clientFor(server.url, token).call('createRepositoryWebhook', {
    params: { owner: 'acme', repo: 'sums' },
    body: { config: { url: 'https://receiver.example/', secret }, events: ['agent_task'] },
  })
  const given = randomBytes(24).toString('base64url')
  await setSecret(clientFor(server.url, token), given)
  await server.stop()
  return { dir, secrets: [token, fine, secret, given] }
}

/** What an agent would be given. */
async function setSecret(client: Client, value: string): Promise<void> {
  const params = { owner: 'acme', repo: 'sums' }
  const { key_id, key } = await client.call('getRepositoryPublicKey', { params })
  const body = { key_id, encrypted_value: await sealBox(value, key) }
  await client.call('putRepositorySecret', { params: { ...params, secret_name: 'TOKEN' }, body })
}

it('a secret is found in whatever form it lies there', async () => {
  const secret = `ghp_${'0123456789'.repeat(4)}`
  const lying = [
    secret,
    Buffer.from(`x:${secret}`).toString('base64'),
    Buffer.from(secret).toString('hex'),
    Buffer.from(secret, 'utf16le').toString('latin1'),
  ]
  for (const text of lying) {
    const cut = text.length >> 1
    const chunks = (async function* () {
      yield Buffer.from(`before ${text.slice(0, cut)}`, 'latin1')
      yield Buffer.from(`${text.slice(cut)} after`, 'latin1')
    })()
    expect(await holds(chunks, [secret])).toBe(true)
  }
})

describe('of a server with GitHub as its forge', () => {
  it('no byte of the data folder gives a token, and what is sealed opens with no other key', async () => {
    const { dir, secrets } = await fillServer('pglite')
    const copy = join(folder.path, 'copy')
    await cp(dir, copy, { recursive: true, filter: (path) => path !== join(dir, apart) })

    expect(await filesWith(copy, secrets, apart)).toEqual([])
    await using store = await openStore({ dataDir: copy })
    const rows = await store.db.selectFrom('credentials').selectAll().execute()
    expect(rows.length).toBeGreaterThanOrEqual(4)
    const hooks = await store.db.selectFrom('webhooks').selectAll().execute()
    expect(hooks).toHaveLength(1)
    const { open } = createEncryption([randomBytes(keyBytes)])
    for (const { secret, seal_id: id } of hooks) {
      expect(() => open(secret ?? '', `webhooks/${id}/secret`)).toThrow('does not have')
    }
    const values = await store.db.selectFrom('agent_values').selectAll().execute()
    expect(values).toHaveLength(1)
    for (const row of values) {
      expect(() => open(row.value, placeOfValue(row, row.name))).toThrow('does not have')
    }
    const [box] = await store.db.selectFrom('sealed_box_key').selectAll().execute()
    expect(() => open(box?.sealed ?? '', `sealed-box-keys/${box?.key_id}`)).toThrow('does not have')
    for (const { sealed, task_id, campaign_id, user_id } of rows) {
      const place = task_id === null ? `campaigns/${campaign_id}` : `tasks/${task_id}`
      expect(() => open(sealed, `credentials/${place}/${user_id}`)).toThrow('does not have')
    }
  })

  it('nor does it while a session waits: no mirror, no workspace, no home of an agent has one', async () => {
    await using model = await startScriptedModel([
      { call: [['ask_user', { question: 'In which language?' }]] },
    ])
    const dir = join(folder.path, 'waiting')
    // Put away as soon as it waits: what it needs to go on lies on the disk.
    const settings = { forge: github.url, sessions: { live_wait_seconds: 0.2 } }
    const server = await serveProcess(dir, settingsFor(dir, { settings, model }))
    const token = await github.tokenOf('alice', { scopes: ['repo'] })
    const client = clientFor(server.url, token)
    const { id } = await createTask(client, 'acme/sums', { prompt: 'Greet', model: 'scripted' })
    await untilPutAway(client, id)
    await server.kill()

    const names = await readdir(dir, { recursive: true })
    expect(names.filter((name) => /mirror|workspace|home/.test(name)).length).toBeGreaterThan(10)
    expect(await filesWith(dir, [token, scriptedModelKey, ownerToken], apart)).toEqual([])
  })

  it.skipIf(postgresUrl === undefined)("no byte of PostgreSQL's files gives a token", async () => {
    await using database = await createDatabase()
    const before = await currentSegment(database.url)
    const { secrets } = await fillServer('postgres', database)

    const files = await filesOf(database.url, before)

    const sealed = await Promise.all(files.map((path) => matches(path, /v1\.[0-9a-f]{16}\./)))
    expect(sealed).toContain(true)
    const found = files.map((path) =>
      whileThere(holds(createReadStream(path) as AsyncIterable<Buffer>, secrets)),
    )
    expect(await Promise.all(found)).not.toContain(true)
  })
})

it('of the embedded forge, no byte gives a token of any kind, nor the code of a device', async () => {
  const kinds = ['classic', 'fine_grained', 'oauth', 'user_to_server', 'installation'] as const
  const permissions = { contents: 'read' } as const
  const tokens = await Promise.all(
    kinds.map((kind: TokenKind) =>
      github.tokenOf('alice', { kind, scopes: ['repo'], permissions }),
    ),
  )
  const response = await fetch(`${github.url}/login/device/code`, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({ client_id: 'errand-cli', scope: 'repo' }),
  })
  const { device_code: device } = (await response.json()) as { device_code: string }
  expect(device.length).toBeGreaterThan(20)

  expect(tokens).toHaveLength(5)
  expect(await filesWith(github.errand.dataDir, [...tokens, device, ownerToken], apart)).toEqual([])
})

async function query<T extends object>(url: string, text: string): Promise<T[]> {
  const client = new Postgres({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<T>(text)).rows
  } finally {
    await client.end()
  }
}

/** The file of the write-ahead log that is written now. */
async function currentSegment(url: string): Promise<string> {
  const [row] = await query<{ name: string }>(
    url,
    'select pg_walfile_name(pg_current_wal_lsn()) as name',
  )
  return row?.name ?? ''
}

/** The database's files, with all that was changed in it, and the log since a file of it. */
async function filesOf(url: string, since: string): Promise<string[]> {
  await query(url, 'checkpoint')
  const [row] = await query<{ dir: string; oid: number }>(
    url,
    `select current_setting('data_directory') as dir, oid from pg_database where datname = current_database()`,
  )
  const log = join(row?.dir ?? '', 'pg_wal')
  const tables = join(row?.dir ?? '', 'base', String(row?.oid))
  const segments = (await readdir(log)).filter((name) => /^[0-9A-F]{24}$/.test(name))
  const last = await currentSegment(url)
  return [
    ...(await readdir(tables)).map((name) => join(tables, name)),
    ...segments.filter((name) => name >= since && name <= last).map((name) => join(log, name)),
  ]
}

async function matches(path: string, pattern: RegExp): Promise<boolean> {
  return await whileThere(readFile(path).then((bytes) => pattern.test(bytes.toString('latin1'))))
}

/** Other tests' checkpoints take files of the log away meanwhile: what is gone holds nothing. */
async function whileThere(looking: Promise<boolean>): Promise<boolean> {
  try {
    return await looking
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
