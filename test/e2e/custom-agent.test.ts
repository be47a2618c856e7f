import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { eventsOf, scriptPrompt, untilState } from '../support/tasks.ts'

let errand: Errand

beforeAll(async () => {
  errand = await startErrand()
})
afterAll(() => errand?.[Symbol.asyncDispose]())

const file = 'agents/tidy.agent.md'
const prompt = scriptPrompt('date +%N > now.txt')

it('a task keeps to the version of its owner’s custom agent that its first session read', async () => {
  await errand.addRepository('acme/sums')
  await errand.addRepository('acme/.github', { [file]: 'You tidy up.\n' })
  const body = { prompt, model: 'script', custom_agent: 'tidy' }
  const params = { owner: 'acme', repo: 'sums' }
  const { id } = await errand.client.call('createTask', { params, body })
  await untilState(errand.client, id, 'completed')
  const path = `/repos/acme/.github/contents/${file}`
  const { sha } = (await (await errand.client.request('GET', path)).json()) as { sha: string }
  // As it is then, no task could be given to it.
  const content = Buffer.from('---\ntarget: vscode\n---\nYou tidy up.\n').toString('base64')
  await errand.client.request('PUT', path, { body: { message: 'Not for tasks', content, sha } })
  const refused = errand.client.call('createTask', { params, body })
  await expect(refused).rejects.toMatchObject({ status: 422 })

  await errand.client.call('steerTask', { params: { task_id: id }, body: { content: prompt } })
  const task = await untilState(errand.client, id, 'completed')

  expect(task.sessions).toHaveLength(2)
  const events = await eventsOf(errand.client, id)
  const versions = events.filter(({ type }) => type === 'session.custom_agent')
  expect(versions.map(({ data }) => data.repository)).toEqual(['acme/.github'])
})
