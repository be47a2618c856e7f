import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { steerTask, type TaskDetail } from '@errand/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { eventually } from './testing/eventually.ts'
import type { Step } from './testing/fixture-agent.ts'
import { fixtureSettings, fixtureTask } from './testing/fixture-settings.ts'
import { startTestRunner, type TestRunner } from './testing/start-test-runner.ts'
import { untilLetGo } from './testing/until-let-go.ts'

const sessions = { live_wait_seconds: 0.2, waiting_timeout_minutes: 1, push_unfinished: true }
const over = 'The question was not answered within 1 minute.'

/** Two files, one of them committed by the agent in a name that is not its own, then a question. */
const workAndAsk: Step[] = [
  {
    run: `echo one > one.txt; git add one.txt
git -c user.name=Grace -c user.email=grace@example.com commit -qm 'Add one

Co-authored-by: Grace <grace@example.com>'
echo two > two.txt`,
  },
  { ask: 'And now?' },
]

describe('a session that has waited for too long', () => {
  let test: TestRunner
  beforeAll(async () => {
    test = await startTestRunner({ settings: fixtureSettings({ sessions }) })
  })
  afterAll(() => test?.[Symbol.asyncDispose]())

  /** A task that is put away with a question. */
  async function addAndPutAway(steps: Step[]): Promise<string> {
    const id = await test.add(fixtureTask(steps))
    await eventually(async () => {
      const [session] = (await test.untilState(id, 'waiting_for_user')).sessions
      expect(session).toMatchObject({ put_away: true, lease_expires_at: null })
    }, 50_000)
    return id
  }

  it('has its work pushed as a branch with no pull request, by the checks of every push, and ends', async () => {
    const pulls = test.forge.pulls.length
    const id = await addAndPutAway(workAndAsk)
    await letWaitEnd(test, id)
    const task = await test.untilEnded(id)

    const branch = branchOf(id)
    expect(task.sessions).toMatchObject([
      {
        state: 'timed_out',
        attempt: 2,
        error: {
          message: `${over} Its unfinished work is on the branch ${branch}.`,
          category: 'limit',
        },
      },
    ])
    expect(task).toMatchObject({ head_ref: branch, artifacts: [{ type: 'branch' }] })
    const told = (await test.events(id)).filter(({ type }) => type === 'artifact.branch')
    expect(told.map(({ data }) => data)).toEqual([
      {
        head_ref: branch,
        base_ref: 'main',
        commit: await test.forge.git('rev-parse', branch),
        files_changed: 2,
        unfinished: true,
      },
    ])
    expect(test.forge.pulls).toHaveLength(pulls)
    const log = await test.forge.git('log', '--format=%an %cn%n%B', `main..${branch}`)
    expect(log).not.toContain('Grace')
    expect(log).toContain('errand[bot] errand[bot]\nUnfinished: Fix it\n')
    expect(log).toContain(`?session_id=${task.sessions[0]?.id}`)
    await expect(test.forge.git('show', `${branch}:two.txt`)).resolves.toBe('two')
  })

  it('pushes nothing that has a secret in it', async () => {
    // Written apart, so that this file itself holds nothing that looks like a secret.
    const token = ['ghp', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join('_')
    const id = await addAndPutAway([{ run: `echo 'key: ${token}' > key.yml` }, { ask: 'And now?' }])
    await letWaitEnd(test, id)
    const task = await test.untilEnded(id)

    expect(task).toMatchObject({ state: 'timed_out', artifacts: [] })
    expect(task.sessions[0]?.error?.message).toContain('There is a secret in the work: key.yml:1')
    expect(await test.forge.git('branch', '--list', branchOf(id))).toBe('')
  })

  it('is followed by one that goes on from the branch', async () => {
    const id = await addAndPutAway(workAndAsk)
    await letWaitEnd(test, id)
    await test.untilEnded(id)

    const content = JSON.stringify([{ run: 'cat one.txt two.txt > both.txt' }])
    await steerTask(test.store, id, { type: 'user_message', content, by: { id: 42, login: 'ada' } })
    const task = await test.untilState(id, 'completed')

    expect(task.session_count).toBe(2)
    expect(await test.forge.git('show', `${branchOf(id)}:both.txt`)).toBe('one\ntwo')
  })

  it('says so where there is nothing to push', async () => {
    const id = await addAndPutAway([{ ask: 'And now?' }])
    await letWaitEnd(test, id)

    const task = await test.untilEnded(id)
    expect(errorOf(task)).toBe(`${over} Nothing had been changed, so nothing was pushed.`)
    expect(task).toMatchObject({ state: 'timed_out', artifacts: [] })
  })

  it('stays queued while no runner has its work, and is pushed by one that has', async () => {
    const id = await addAndPutAway(workAndAsk)
    const { folder, name } = await workspaceOf(test, id)
    const elsewhere = join(test.dataDir, name)
    await rename(join(folder, name), elsewhere)
    await letWaitEnd(test, id)
    await test.untilState(id, 'queued')

    // The runner takes what comes later, and leaves this one where it is.
    const other = await test.add(fixtureTask([{ say: 'Nothing to do.' }]))
    await test.untilEnded(other)
    expect((await test.untilState(id, 'queued')).sessions).toMatchObject([{ attempt: 1 }])
    await rename(elsewhere, join(folder, name))

    expect(errorOf(await test.untilEnded(id))).toContain(`on the branch ${branchOf(id)}.`)
  })

  it('ends all the same where its work cannot be found any more, and says so', async () => {
    const id = await addAndPutAway(workAndAsk)
    const { folder, name } = await workspaceOf(test, id)
    await rm(join(folder, name, 'checkout.json'))
    await letWaitEnd(test, id)

    const task = await test.untilEnded(id)
    expect(errorOf(task)).toBe(`${over} Its work could not be found, so nothing was pushed.`)
    expect(task).toMatchObject({ state: 'timed_out', artifacts: [] })
  })

  it('ends all the same where the push is refused, and says why', async () => {
    const id = await addAndPutAway(workAndAsk)
    test.forge.refuse = (_, path) =>
      path.includes('receive-pack') ? { status: 403, message: 'no' } : undefined
    try {
      await letWaitEnd(test, id)
      const task = await test.untilEnded(id)

      expect(task.state).toBe('timed_out')
      const refused = `${over} Its work could not be pushed: The forge refused the push to ${branchOf(id)} in acme/sums: `
      expect(errorOf(task).slice(0, refused.length)).toBe(refused)
    } finally {
      test.forge.refuse = () => undefined
    }
  })
})

it('a session whose wait ends with its box alive has the box closed, and its work pushed', async () => {
  const live = { ...sessions, live_wait_seconds: 600 }
  await using test = await startTestRunner({ settings: fixtureSettings({ sessions: live }) })
  const id = await test.add(fixtureTask(workAndAsk))
  await test.untilState(id, 'waiting_for_user')

  await letWaitEnd(test, id)
  const task = await test.untilEnded(id)

  expect(errorOf(task)).toBe(`${over} Its unfinished work is on the branch ${branchOf(id)}.`)
  expect(await test.forge.git('show', `${branchOf(id)}:two.txt`)).toBe('two')
})

/** Two minutes pass for one task: the limit is one. */
async function letWaitEnd(test: TestRunner, id: string): Promise<void> {
  await test.store.db
    .updateTable('sessions')
    .set({ waiting_since: new Date(Date.now() - 120_000) })
    .where('task_id', '=', id)
    .where('state', '=', 'waiting_for_user')
    .execute()
}

async function workspaceOf(test: TestRunner, id: string) {
  const folder = join(test.dataDir, 'workspaces')
  const sessionId = (await test.untilState(id, 'waiting_for_user')).sessions[0]?.id ?? ''
  const name = (await readdir(folder)).find((entry) => entry.startsWith(sessionId)) ?? ''
  await untilLetGo(join(folder, name))
  return { folder, name }
}

function branchOf(id: string): string {
  return `errand/fix-it-${id.slice(0, 8)}`
}

function errorOf(task: TaskDetail): string {
  return task.sessions.at(-1)?.error?.message ?? ''
}
