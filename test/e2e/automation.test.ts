import { join } from 'node:path'
import type { AutomationRun, Client } from '@errand/contract'
import { describe, expect, it } from 'vitest'
import { createSharedClock, serveByClock } from '../support/clocked-server.ts'
import { createDatabase, postgresUrl } from '../support/database.ts'
import { errand } from '../support/errand-process.ts'
import { eventually } from '../support/eventually.ts'
import { createHistory } from '../support/history.ts'
import { cloneBranch, listPulls } from '../support/pulls.ts'
import { git } from '../support/git.ts'
import { untilState } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { ownerToken, settingsFor } from '../support/test-settings.ts'

const params = { owner: 'acme', repo: 'shop' }
const weekly = ['--cron', '0 9 * * 1', '--time-zone', 'Europe/Berlin']

async function runsOf(client: Client, id: string): Promise<AutomationRun[]> {
  const path = { ...params, automation_id: id }
  return (await client.call('listAutomationRuns', { params: path })).runs
}

/** Waits until the automation has ended a run that was due at this time. */
async function untilRan(client: Client, id: string, time: string): Promise<AutomationRun> {
  return await eventually(
    async () => {
      const runs = await runsOf(client, id)
      const run = runs.find((one) => Date.parse(one.scheduled_for ?? '') === Date.parse(time))
      if (run !== undefined && !['due', 'started'].includes(run.status)) return run
      throw new Error(`the runs are ${JSON.stringify(runs)}`)
    },
    { timeoutMs: 120_000, what: `the run of ${time}` },
  )
}

/** What a release is made of: a tag, and what came after it. */
async function createShop(folder: string): Promise<void> {
  await createHistory(folder, [
    { message: 'feat: begin', files: { VERSION: '1.0.0\n' }, tags: ['v1.0.0'] },
    { message: 'feat: sell tea (#1)', files: { 'tea.txt': 'tea\n' } },
  ])
}

async function pushChange(folder: string, url: string, message: string): Promise<void> {
  const checkout = join(folder, crypto.randomUUID())
  await cloneBranch(url, ownerToken, 'acme/shop', 'main', checkout)
  await git(checkout, ['commit', '--quiet', '--allow-empty', '-m', message])
  await git(checkout, ['push', '--quiet', 'origin', 'main'])
}

it(
  'a weekly release runs at nine in Berlin over the change to summer time, once after each kill -9, into one pull request',
  { timeout: 300_000 },
  async () => {
    await using folder = await createTempFolder('automation')
    const dataDir = join(folder.path, 'data')
    // The Friday before the clocks go forward, on 2027-03-28.
    const clock = createSharedClock(join(folder.path, 'clock'), '2027-03-26T12:00:00Z')
    const settings = settingsFor(dataDir, {})
    const source = join(folder.path, 'source')
    await createShop(source)

    const first = await serveByClock(dataDir, settings, clock)
    await errand(first.url, ['repo', 'import', source, 'acme/shop'])
    const args = ['automation', 'create', '--template', 'release', '--repo', 'acme/shop', ...weekly]
    const id = (await errand(first.url, args)).trim()
    // Nine in Berlin was eight in UTC until Sunday: nothing is due an hour too early or too late.
    const path = { params: { ...params, automation_id: id } }
    const created = await first.client.call('getAutomation', path)
    expect(created).toMatchObject({ name: 'release', next_run_at: '2027-03-29T07:00:00.000Z' })
    await first.kill()

    clock.set('2027-03-29T06:30:00Z')
    const second = await serveByClock(dataDir, settings, clock)
    expect(await runsOf(second.client, id)).toEqual([])
    clock.set('2027-03-29T06:59:59Z')
    const run = await untilRan(second.client, id, '2027-03-29T07:00:00Z')
    expect(run).toMatchObject({ status: 'completed', event: 'cron' })
    expect(run.created_at >= '2027-03-29T07:00:00').toBe(true)
    const [pull] = await listPulls(second.client, 'acme/shop')
    expect(pull).toMatchObject({ draft: true, state: 'open', base: { ref: 'main' } })
    expect(pull?.title).toMatch(/elease 1\.1\.0$/)
    await pushChange(folder.path, second.url, 'feat!: sell coffee')

    // Dies while it is at work, and is down for three more weeks: that is one run, not four.
    clock.set('2027-04-05T07:00:00Z')
    await eventually(async () => {
      const { tasks } = await second.client.call('listAutomationTasksForRepo', path)
      if (tasks.length < 2 || tasks[0]?.state === 'queued') throw new Error('it is not at work yet')
    })
    await second.kill()
    clock.set('2027-04-26T09:30:00Z')
    await using third = await serveByClock(dataDir, settings, clock)
    await untilRan(third.client, id, '2027-04-05T07:00:00Z')
    await eventually(
      async () => {
        const open = (await runsOf(third.client, id)).filter(({ status }) =>
          ['due', 'started'].includes(status),
        )
        if (open.length > 0) throw new Error('a run is open')
      },
      { timeoutMs: 120_000 },
    )

    const history = await runsOf(third.client, id)
    const tasks = await third.client.call('listAutomationTasksForRepo', path)
    const made = history.filter(({ task_id }) => task_id !== undefined)
    expect(made).toHaveLength(tasks.tasks.length)
    expect(new Set(made.map(({ task_id }) => task_id))).toEqual(
      new Set(tasks.tasks.map((task) => task.id)),
    )
    expect(new Set(history.map((one) => one.scheduled_for)).size).toBe(history.length)
    expect(history.map(({ skip_reason }) => skip_reason)).toContain('missed')
    const pulls = await listPulls(third.client, 'acme/shop')
    expect(pulls.map(({ number, title }) => [number, title.replace(/.*elease /, '')])).toEqual([
      [1, '2.0.0'],
    ])
    const said = await errand(third.url, ['automation', 'history', 'release', '-R', 'acme/shop'])
    expect(said).toContain('2027-03-29 09:00 Europe/Berlin\tcron\tcompleted')
    expect(said).toMatch(/missed|passed while no server ran/)
  },
)

describe.skipIf(postgresUrl === undefined)('two servers on one PostgreSQL', () => {
  it(
    'run each automation once, in the name of who made it on a forge that is elsewhere',
    { timeout: 300_000 },
    async () => {
      await using folder = await createTempFolder('automation-two')
      await using database = await createDatabase()
      const clock = createSharedClock(join(folder.path, 'clock'), '2026-10-24T12:00:00Z')
      const source = join(folder.path, 'source')
      await createShop(source)
      const common = settingsFor(join(folder.path, 'forge'), { databaseUrl: database.url })
      // One has the forge and the runner; the two that race know the forge as they would know GitHub.
      await using one = await serveByClock(
        common.data as string,
        { ...common, automations: { is_automations_enabled: false } },
        clock,
      )
      await errand(one.url, ['repo', 'import', source, 'acme/shop'])
      const serveOther = (name: string) => {
        const data = join(folder.path, name)
        const automations = { token_env: 'AUTOMATIONS_TOKEN' }
        const settings = {
          ...common,
          data,
          forge: one.url,
          forge_token: ownerToken,
          runner: { enabled: false },
          automations,
        }
        return serveByClock(data, settings, clock, { AUTOMATIONS_TOKEN: ownerToken })
      }
      await using two = await serveOther('two')
      await using three = await serveOther('three')
      const create = (...args: string[]): Promise<string> =>
        errand(two.url, ['automation', 'create', '--repo', 'acme/shop', ...args])
      const sunday = ['--cron', '30 2 * * 0', '--time-zone', 'Europe/Berlin']
      const ids = [(await create('--template', 'release', ...sunday)).trim()]
      for (let n = 0; n < 9; n++) {
        const script = `#!/bin/sh\necho ${n} > note-${n}.txt\n`
        const args = ['--model', 'script', '--name', `note ${n}`, '--no-pr', ...sunday]
        ids.push((await create(script, ...args)).trim())
      }

      // Half past two comes twice that night.
      for (const time of ['2026-10-25T00:29:58Z', '2026-10-25T01:29:58Z']) {
        clock.set(time)
        for (const id of ids) await untilRan(two.client, id, '2026-10-25T00:30:00Z')
      }
      clock.set('2026-10-25T01:31:00Z')
      await eventually(async () => {
        const { automations } = await one.client.call('listAutomationsForRepo', { params })
        for (const { next_run_at } of automations)
          expect(next_run_at).toBe('2026-11-01T01:30:00.000Z')
      })

      for (const id of ids) {
        const runs = await runsOf(one.client, id)
        expect(runs).toMatchObject([{ status: 'completed', event: 'cron' }])
        await untilState(one.client, runs[0]?.task_id ?? '', 'completed')
      }
      const tasks = await one.client.call('listTasksForRepo', { params, query: { per_page: 100 } })
      expect(tasks.tasks).toHaveLength(ids.length)
      const starts = `${two.output()}${three.output()}`.match(/an automation started a task/g)
      expect(starts).toHaveLength(ids.length)
      expect(await listPulls(one.client, 'acme/shop')).toHaveLength(1)
    },
  )
})
