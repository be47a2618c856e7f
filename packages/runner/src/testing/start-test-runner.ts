import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { builtinPrograms } from '@errand/agents'
import { type Event, isEndState, type Settings, Settings as SettingsSchema } from '@errand/contract'
import {
  createTask,
  getTask,
  listEvents,
  type Log,
  openStore,
  type Store,
  type TaskDetail,
  createEncryption,
  keyBytes,
} from '@errand/core'

import { createTestDatabase } from '@errand/core/testing'

import { eventually } from './eventually.ts'
import { type Runner, startRunner } from '../start-runner.ts'
import { ownerId, repositoryId, startTestForge, type TestForge } from './test-forge.ts'

/** A store, a forge and a runner of their own. Whatever the runner logs as an error fails the test. */
export interface TestRunner extends AsyncDisposable {
  store: Store
  forge: TestForge
  dataDir: string
  settings: Settings
  log: string[]
  /** Starts (another) runner on the same data folder. */
  start(settings?: object): Runner
  /** Adds a task and gives its id. */
  add(task: TestTask): Promise<string>
  /** Waits until a task has ended. */
  untilEnded(id: string): Promise<TaskDetail>
  untilState(id: string, state: string): Promise<TaskDetail>
  events(id: string): Promise<Event[]>
}

export interface TestTask {
  prompt: string
  name?: string
  model?: string
  agent?: string
  base_ref?: string
  head_ref?: string
  create_pull_request?: boolean
  custom_agent?: string
  timeout_minutes?: number
}

export interface TestRunnerOptions {
  settings?: object
  secrets?: Record<string, string>
  /** Whether a runner is running from the beginning. Default true. */
  start?: boolean
  /** Where the settings say nothing. Default 15, as in production: a busy machine may beat late. */
  leaseSeconds?: number
}

export async function startTestRunner(options: TestRunnerOptions = {}): Promise<TestRunner> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-runner-'))
  const dataDir = join(folder, 'data')
  const forge = await startTestForge(join(folder, 'forge'))
  const log: string[] = []
  const database = await createTestDatabase()
  const store = await openStore({ ...database.options, log: logTo(log) })
  const runners: Runner[] = []
  const settings = parseSettings(options)
  const encryption = createEncryption([randomBytes(keyBytes)])
  const test: TestRunner = {
    store,
    forge,
    dataDir,
    settings,
    log,
    start(changed) {
      const runner = startRunner({
        store,
        log: logTo(log),
        settings:
          changed === undefined ? settings : parseSettings({ ...options, settings: changed }),
        encryption,
        dataDir,
        forge: { apiUrl: forge.url, webUrl: forge.url, token: forge.token },
        programs: builtinPrograms,
        secrets: (name) => options.secrets?.[name],
      })
      runners.push(runner)
      return runner
    },
    async add(task) {
      const { task: created } = await createTask(store, {
        model: 'script',
        agent: 'script',
        base_ref: 'main',
        create_pull_request: true,
        timeout_minutes: 10,
        priority: 0,
        creator: { id: 42, login: 'ada' },
        repository: {
          id: repositoryId,
          full_name: forge.fullName,
          owner: { id: ownerId, login: 'acme', type: 'Organization' },
        },
        ...task,
      })
      return created.id
    },
    untilEnded: (id) => untilTask(store, id, ({ state }) => isEndState(state)),
    untilState: (id, state) => untilTask(store, id, (task) => task.state === state),
    async events(id) {
      return (await listEvents(store, id, { page: 1, per_page: 10_000 })).events
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(runners.map((runner) => runner.close()))
      await store.close()
      await database.drop()
      await forge[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
      const errors = log.filter((line) => line.startsWith('error '))
      if (errors.length > 0) throw new Error(`the runner logged errors:\n${errors.join('\n')}`)
    },
  }
  if (options.start !== false) test.start()
  return test
}

function parseSettings({ settings = {}, leaseSeconds = 15 }: TestRunnerOptions): Settings {
  const given = settings as { sessions?: object; sandbox?: object; firewall?: object }
  return SettingsSchema.parse({
    ...settings,
    sessions: { lease_seconds: leaseSeconds, ...given.sessions },
    sandbox: { memory_mb: 1024, ...given.sandbox },
    // Asking every package manager of the machine takes seconds.
    firewall: { package_registries: false, ...given.firewall },
  })
}

/** Under a test's limit, so that the state is told instead of it. */
const patienceMs = 90_000

async function untilTask(
  store: Store,
  id: string,
  isThere: (task: TaskDetail) => boolean,
): Promise<TaskDetail> {
  return await eventually(async () => {
    const task = await getTask(store, id)
    if (task === undefined) throw new Error(`there is no task ${id}`)
    if (isThere(task)) return task
    const error = task.sessions.at(-1)?.error?.message ?? ''
    throw new Error(`the task is ${task.state} ${error}`)
  }, patienceMs)
}

function logTo(lines: string[]): Log {
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields, replaceErrors)}`)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function replaceErrors(_key: string, value: unknown): unknown {
  return value instanceof Error ? value.stack : value
}
