import { join } from 'node:path'
import type { Client } from '@errand/contract'
import { describe, expect, it } from 'vitest'
import { createDatabase, postgresUrl } from '../support/database.ts'
import { errand as errandCommand, serveProcess } from '../support/errand-process.ts'
import { startErrand } from '../support/start-errand.ts'
import { createRepository } from '../support/repository.ts'
import {
  finish,
  type Script,
  type ScriptedModel,
  startScriptedModel,
} from '../support/scripted-model.ts'
import {
  artifactOf,
  createTask,
  eventsOf,
  getTask,
  untilState,
  untilPutAway,
} from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { settingsFor, type TestSettings } from '../support/test-settings.ts'

/** Three steps, each a request: what it does after the stop is what it would have done anyway. */
const threeFiles: Script = ({ result, index }) => {
  if (result.includes('three.md')) return finish('Write three files')
  const name = ['one.md', 'two.md', 'three.md'][index] ?? 'three.md'
  return { call: [['write_file', { path: name, content: `${name}\n` }]] }
}

const stores = [
  ['PGlite', async () => undefined],
  ...(postgresUrl === undefined ? [] : [['PostgreSQL', createDatabase] as const]),
] as const

async function warned(client: Client, id: string): Promise<string[]> {
  const events = await eventsOf(client, id)
  return events
    .filter(({ type }) => type === 'session.budget_warning')
    .map(({ data }) => String(data['message']))
}

describe.each(stores)('a budget, with %s', (_, openDatabase) => {
  it.each([
    ['with its box alive', 600],
    ['put away', 0.2],
  ])(
    'that is used up makes the task wait, also over kill -9; raised, it goes on: killed %s',
    async (_, liveWaitSeconds) => {
      await using model = await startScriptedModel(threeFiles, {
        tokens: { input: 50, output: 10 },
      })
      await using folder = await createTempFolder()
      await using database = await openDatabase()
      const dataDir = join(folder.path, 'data')
      const settings = settingsFor(dataDir, {
        settings: {
          ...dearSettings(model),
          sessions: { live_wait_seconds: liveWaitSeconds },
        },
        ...(database !== undefined && { databaseUrl: database.url }),
      })
      await createRepository(join(folder.path, 'source'))
      const first = await serveProcess(dataDir, settings)
      await errandCommand(first.url, ['repo', 'import', join(folder.path, 'source'), 'acme/sums'])
      const name = { owner: 'acme', repo: 'sums' }
      const { id } = await first.client.call('createTask', {
        params: name,
        body: {
          prompt: 'Write three files',
          model: 'scripted',
          max_ai_credits: 5,
          create_pull_request: true,
        },
      })
      await untilState(first.client, id, 'waiting_for_user')
      if (liveWaitSeconds < 1) await untilPutAway(first.client, id)
      await first.kill()

      await using second = await serveProcess(dataDir, settings)
      const waiting = await untilState(second.client, id, 'waiting_for_user')
      const spent = waiting.sessions[0]?.usage?.amount ?? 0
      expect(spent).toBe(6_000_000_000)
      const told = await second.client.call('steerTask', {
        params: { task_id: id },
        body: { type: 'ask_user_response', content: 'Just go on' },
      })
      // Words do not raise a budget.
      expect(told.outcome).toBe('queued')
      expect(await getTask(second.client, id)).toMatchObject({ state: 'waiting_for_user' })

      await errandCommand(second.url, ['edit', id, '--max-ai-credits', '100000'])
      const task = await untilState(second.client, id, 'completed')

      expect(task.session_count).toBe(1)
      expect(artifactOf(task, 'pull')).toMatchObject({ number: 1 })
      const diff = await second.client.call('getTaskDiff', { params: { task_id: id } })
      for (const file of ['one.md', 'two.md', 'three.md']) expect(diff).toContain(`+++ b/${file}`)
      const asked = (await eventsOf(second.client, id)).filter(
        ({ type }) => type === 'elicitation.requested',
      )
      expect(asked[0]?.data['message']).toMatch(/^The budget of this task is used up: /)
      const report = await second.client.call('getUsage', { params: {}, query: { by: 'day' } })
      expect(report.total.usage.amount).toBe(task.sessions[0]?.usage?.amount)
      const requests = model.turns.length
      expect(report.total).toMatchObject({
        requests,
        input_tokens: 50 * requests,
        output_tokens: 10 * requests,
      })
    },
    180_000,
  )
})

it('a budget that is raised while the box is alive is nothing the agent notices', async () => {
  await using model = await startScriptedModel(threeFiles, { tokens: { input: 50, output: 10 } })
  await using errand = await startErrand({ settings: dearSettings(model) })
  await errand.addRepository('acme/sums')
  const { id } = await errand.client.call('createTask', {
    params: { owner: 'acme', repo: 'sums' },
    body: { prompt: 'Write three files', model: 'scripted', max_ai_credits: 5 },
  })
  await untilState(errand.client, id, 'waiting_for_user')

  await errand.client.call('updateTask', {
    params: { task_id: id },
    body: { max_ai_credits: 100_000 },
  })
  await untilState(errand.client, id, 'completed')

  expect(model.turns.map(({ index }) => index)).toEqual([0, 1, 2, 3])
})

it('a budget of which little is left is told to the agent, once', async () => {
  // It works until it has heard: how soon that is depends on the machine.
  const untilTold: Script = ({ prompt, index }) =>
    prompt.includes('[Note from Errand')
      ? finish('Write files')
      : { call: [['write_file', { path: `${index}.md`, content: `${index}\n` }]] }
  await using model = await startScriptedModel(untilTold, { tokens: { input: 50, output: 10 } })
  await using errand = await startErrand({
    settings: { ...dearSettings(model), budget_warning_percent: 2 },
  })
  await errand.addRepository('acme/sums')
  const { id } = await errand.client.call('createTask', {
    params: { owner: 'acme', repo: 'sums' },
    body: { prompt: 'Write files', model: 'scripted', max_ai_credits: 600 },
  })
  await untilState(errand.client, id, 'completed')

  // 12 of 600 are spent as the third is asked for: one after it has the note.
  const notes = model.turns.map(({ prompt }) => prompt.split('[Note from Errand').length - 1)
  expect(notes.slice(0, 2)).toEqual([0, 0])
  expect(notes.at(-1)).toBe(1)
  expect(await warned(errand.client, id)).toEqual([
    'Of the budget of this task 12 of 600 AI credits are spent; 588 are left.',
  ])
})

it('a budget that only warns is told in the log, and stops nothing', async () => {
  await using model = await startScriptedModel(threeFiles, { tokens: { input: 50, output: 10 } })
  const budgets = [
    { scope: 'organization', name: 'acme', ai_credits: 5, prevent_further_usage: false },
  ]
  await using errand = await startErrand({ settings: { ...dearSettings(model), budgets } })
  await errand.addRepository('acme/sums')
  const { id } = await createTask(errand.client, 'acme/sums', {
    prompt: 'Write',
    model: 'scripted',
  })
  await untilState(errand.client, id, 'completed')

  expect(await warned(errand.client, id)).toEqual([
    expect.stringMatching(/^Of the budget of organization acme this month .* 0 are left\.$/),
  ])
})

/** At 1,000 dollars for a million tokens a request of 60 tokens costs 6 credits. */
function dearSettings(model: ScriptedModel): TestSettings {
  const { models, ...settings } = model.settings() as { models: object[] }
  const price = { input: 1000, output: 1000 }
  return { ...settings, models: models.map((one) => ({ ...one, price })) }
}
