import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { followEvents } from '../events/follow-events.ts'
import { beatLease } from '../sessions/beat.ts'
import { endSession } from '../sessions/end.ts'
import { recordEvents } from '../sessions/record.ts'
import { sweepSessions } from '../sessions/sweep.ts'
import { getTask } from '../tasks/get-task.ts'
import { isDisconnected } from './connection-lost.ts'
import { openStore } from './open.ts'
import type { Store } from './store.ts'
import { create, eventually, lease, settings } from '../testing/rows.ts'

const run = promisify(execFile)
const bin = process.env['ERRAND_TEST_POSTGRES_BIN']
const title =
  bin === undefined
    ? 'a restart of PostgreSQL (skipped: ERRAND_TEST_POSTGRES_BIN is not set, see script/with-postgres)'
    : 'a restart of PostgreSQL'

describe.skipIf(bin === undefined)(title, () => {
  let postgres: OwnPostgres
  let store: Store
  beforeAll(async () => {
    postgres = await startOwnPostgres(bin!)
    store = await openStore({ databaseUrl: postgres.url })
  })
  afterAll(async () => {
    await store.close()
    await postgres.remove()
  })

  it('under load stops nothing and loses nothing', async () => {
    const stopCreating = new AbortController()
    const stopRunning = new AbortController()
    const created: string[] = []
    const failures: unknown[] = []
    async function createTasks(): Promise<void> {
      while (!stopCreating.signal.aborted) created.push((await create(store)).id)
    }
    const followed = (await create(store)).id
    const work = Promise.allSettled([
      ...Array.from({ length: 3 }, createTasks),
      ...Array.from({ length: 3 }, () => runSessions(store, stopRunning.signal)),
      sweepAlong(store, stopRunning.signal),
    ]).then((results) => {
      for (const result of results) if (result.status === 'rejected') failures.push(result.reason)
    })
    const events = collect(store, followed)

    await eventually(() => created.length > 50)
    const before = created.length
    await postgres.restart()
    await postgres.restart()
    await eventually(() => created.length > before + 50)
    stopCreating.abort()

    await eventually(async () => (await countUnfinished(store)) === 0)
    stopRunning.abort()
    await work
    expect(failures).toEqual([])
    const tasks = await store.db.selectFrom('tasks').select(['id', 'event_count']).execute()
    expect(tasks.map((task) => task.id).sort()).toEqual([...created, followed].sort())
    // created, started, one message, ended: each exactly once.
    expect(new Set(tasks.map((task) => task.event_count))).toEqual(new Set([4]))
    expect(await events).toEqual(['1', '2', '3', '4'])
    expect((await getTask(store, followed))?.state).toBe('completed')
  })
})

/** A runner, as careful as a runner is: a beat that finds the database away is tried again. */
async function runSessions(store: Store, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const leased = await lease(store, { lease_seconds: 60 })
    if (leased === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      continue
    }
    await eventually(async () => {
      try {
        await beatLease(store, leased, 60)
        return true
      } catch (error) {
        if (isDisconnected(error)) return false
        throw error
      }
    })
    await recordEvents(store, leased, [{ type: 'assistant.message', data: { content: 'x' } }])
    await endSession(store, leased, { state: 'completed' })
  }
}

async function sweepAlong(store: Store, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sweepSessions(store, settings)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function collect(store: Store, taskId: string): Promise<string[]> {
  const ids: string[] = []
  for await (const event of followEvents(store, taskId, {
    signal: new AbortController().signal,
  })) {
    ids.push(event.id)
  }
  return ids
}

async function countUnfinished(store: Store): Promise<number> {
  const rows = await store.db
    .selectFrom('sessions')
    .select('id')
    .where('state', '!=', 'completed')
    .execute()
  return rows.length
}

/** A PostgreSQL of the test's own, to be stopped and started as it likes. */
interface OwnPostgres {
  url: string
  restart(): Promise<void>
  remove(): Promise<void>
}

/** `bin` is the folder of PostgreSQL's programs, which `script/with-postgres` tells. */
async function startOwnPostgres(bin: string): Promise<OwnPostgres> {
  // Not under TMPDIR: the path of a unix socket must stay below 108 characters.
  const folder = await mkdtemp('/tmp/errand-own-postgres-')
  const data = join(folder, 'data')
  const user = await serverUser()
  if (user !== undefined) await chown(folder, user.uid, user.gid)

  async function call(program: string, ...args: string[]): Promise<void> {
    await run(join(bin, program), ['-D', data, ...args], { cwd: folder, ...user })
  }
  async function start(): Promise<void> {
    const options = `-k ${folder} -c listen_addresses= -c fsync=off`
    await call('pg_ctl', '-o', options, '-l', join(folder, 'log'), '-w', 'start')
  }
  await call('initdb', '--username', 'errand', '--auth', 'trust', '--no-sync')
  await start()
  return {
    url: `postgresql://errand@localhost/postgres?host=${folder}`,
    async restart() {
      await call('pg_ctl', '-m', 'fast', '-w', 'stop')
      await start()
    },
    async remove() {
      await call('pg_ctl', '-m', 'immediate', '-w', 'stop')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** PostgreSQL refuses to run as root: it runs as Debian's `postgres` then. */
async function serverUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const name = await run('id', ['-u', 'postgres']).then(
    () => 'postgres',
    () => 'nobody',
  )
  const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}
