import { join } from 'node:path'
import type { EventType } from '@errand/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatabase, type Database, postgresUrl } from '../support/database.ts'
import { type ErrandProcess, workerProcess } from '../support/errand-process.ts'
import { type PausingProxy, startPausingProxy } from '../support/pausing-proxy.ts'
import { listBranches, listPulls } from '../support/pulls.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { createTask, eventsOf, scriptPrompt, untilEvent, untilState } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { settingsFor } from '../support/test-settings.ts'

// One server, and workers that are killed in the moment between two effects. A proxy between worker
// and forge holds the request that marks the moment.

type Moment = (
  proxy: PausingProxy,
  client: Errand['client'],
  id: Promise<string>,
) => Promise<unknown>

const receivePack = /git-receive-pack$/
const pulls = /\/pulls(\?|$)/

const moments: [string, Moment][] = [
  ['fetching the mirror', (proxy) => proxy.hold('before', 'POST', /git-upload-pack$/)],
  ['having fetched the mirror', (proxy) => proxy.hold('after', 'POST', /git-upload-pack$/)],
  ['running the agent', atEvent('tool.execution_start')],
  ['making the bundle', atEvent('tool.execution_complete')],
  ['pushing', (proxy) => proxy.hold('before', 'POST', receivePack)],
  ['having pushed', (proxy) => proxy.hold('after', 'POST', receivePack)],
  ['about to call for the pull request', (proxy) => proxy.hold('before', 'POST', pulls)],
  ['having opened the pull request', (proxy) => proxy.hold('after', 'POST', pulls)],
]

function atEvent(wanted: EventType): Moment {
  return async (_proxy, client, id) => untilEvent(client, await id, wanted)
}

describe.skipIf(postgresUrl === undefined)('kill -9 of a worker, on PostgreSQL', () => {
  let database: Database
  let server: Errand
  let proxy: PausingProxy
  let folder: TempFolder

  beforeAll(async () => {
    database = await createDatabase()
    server = await startErrand({
      databaseUrl: database.url,
      settings: { runner: { enabled: false } },
    })
    proxy = await startPausingProxy(() => server.url)
    folder = await createTempFolder('crash')
  })
  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  async function startWorker(name: string): Promise<ErrandProcess> {
    const dataDir = join(folder.path, name)
    const settings = settingsFor(dataDir, {
      databaseUrl: database.url,
      settings: {
        forge: `${proxy.url}/api/v3`,
        forge_token: server.token,
        // Not less: on a busy machine a beat that is late would be a second loss.
        sessions: { lease_seconds: 15 },
      },
    })
    delete settings.admin_token
    return workerProcess(dataDir, settings)
  }

  it.each(moments.map(([name, moment], at) => [name, moment, at] as const))(
    '%s loses nothing and doubles nothing',
    { timeout: 180_000 },
    async (_name, moment, at) => {
      const repository = `acme/worker-${at}`
      await server.addRepository(repository)
      const id = Promise.withResolvers<string>()
      const reached = moment(proxy, server.client, id.promise)
      const first = await startWorker(`first-${at}`)
      const task = await createTask(server.client, repository, {
        // Big enough for the bundle to take its time.
        prompt: scriptPrompt('head -c 3000000 /dev/urandom > big.bin; sleep 0.3', 'Add a big file'),
        model: 'script',
        create_pull_request: true,
      })
      id.resolve(task.id)

      await reached
      await first.kill()
      const killedAt = Date.now()
      await using _second = await startWorker(`second-${at}`)
      await untilState(server.client, task.id, 'completed', { timeoutMs: 120_000 })

      await expectOneOfEach(server, repository)
      const again = await secondStart(server, task.id)
      expect(again - killedAt).toBeLessThan(30_000)
    },
  )
})

async function expectOneOfEach(server: Errand, repository: string): Promise<void> {
  const branches = await listBranches(server.url, server.token, repository)
  const opened = await listPulls(server.client, repository)
  const [branch, ...others] = Object.keys(branches).filter((name) => name !== 'main')
  expect(others).toEqual([])
  expect(opened.map(({ head }) => head)).toEqual([{ ...opened[0]?.head, ref: branch }])
  expect(opened[0]?.head.sha).toBe(branches[branch ?? ''])
}

/** When the session went to work for the second time. */
async function secondStart(server: Errand, id: string): Promise<number> {
  const events = await eventsOf(server.client, id)
  const starts = events.filter(
    ({ type, data }) => type === 'session.state_changed' && data.to === 'in_progress',
  )
  expect(starts.map(({ data }) => data.attempt)).toEqual([1, 2])
  return Date.parse(starts[1]?.timestamp ?? '')
}
