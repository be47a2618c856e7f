import { randomBytes } from 'node:crypto'
import { builtinPrograms } from '@errand/agents'
import { leaseSession, createEncryption, keyBytes } from '@errand/core'

import { openRun, type Run } from '../run/run.ts'
import { startTestRunner, type TestRunner, type TestTask } from './start-test-runner.ts'

/** A run of a leased session without a runner around it, to try single steps on. */
export interface TestRun extends AsyncDisposable {
  test: TestRunner
  run: Run
}

export async function openTestRun(
  task: TestTask,
  options: { settings?: object; secrets?: Record<string, string> } = {},
): Promise<TestRun> {
  // Nobody else would take it up: a beat that comes late, or a clock that a test moves, is to end nothing.
  const test = await startTestRunner({ ...options, start: false, leaseSeconds: 600 })
  await test.add(task)
  const { store, settings, dataDir, forge } = test
  const lease = await leaseSession(store, {
    runner_id: 'test',
    lease_seconds: settings.sessions.lease_seconds,
    limits: settings.limits,
  })
  if (lease === undefined) throw new Error('nothing was leased')
  const context = {
    store,
    log: store.log,
    settings,
    encryption: createEncryption([randomBytes(keyBytes)]),
    dataDir,
    forge: { apiUrl: forge.url, webUrl: forge.url, token: forge.token },
    programs: builtinPrograms,
    secrets: (name: string) => options.secrets?.[name],
  }
  const run = openRun(context, lease, new AbortController().signal)
  return {
    test,
    run,
    async [Symbol.asyncDispose]() {
      run.letGo()
      await test[Symbol.asyncDispose]()
    },
  }
}
