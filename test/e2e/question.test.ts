import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { join } from 'node:path'
import { createDatabase, postgresUrl } from '../support/database.ts'
import { errand as errandCommand, serveProcess } from '../support/errand-process.ts'
import { listPulls } from '../support/pulls.ts'
import { createRepository } from '../support/repository.ts'
import {
  finish,
  type Script,
  type ScriptedModel,
  startScriptedModel,
} from '../support/scripted-model.ts'
import { artifactOf, createTask, eventsOf, untilState, untilPutAway } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { settingsFor } from '../support/test-settings.ts'

/** Asks which language to greet in, and writes what it was told into a file. */
const askAndWrite: Script = ({ result, prompt }) => {
  if (result.includes('GREETING.md')) return finish('Greet')
  // The answer is the question's result; where the conversation was lost it stands in the prompt.
  const language = /\b(French|Danish)\b/.exec(`${result} ${prompt}`)?.[1]
  if (language === undefined) return { call: [['ask_user', { question: 'In which language?' }]] }
  return { call: [['write_file', { path: 'GREETING.md', content: `A greeting in ${language}\n` }]] }
}

let model: ScriptedModel

beforeAll(async () => {
  model = await startScriptedModel(askAndWrite)
})
afterAll(() => model?.[Symbol.asyncDispose]())

const stores = [
  ['PGlite', async () => undefined],
  ...(postgresUrl === undefined ? [] : [['PostgreSQL', createDatabase] as const]),
] as const

describe.each(stores)('a question, with %s', (_, openDatabase) => {
  it.each([
    ['its box alive when the server is killed', 600, () => Promise.resolve()],
    ['put away before the server is killed', 0.2, untilPutAway],
  ])(
    'outlives kill -9 and a restart, %s, and its answer is used',
    async (_, liveWaitSeconds, beforeKill) => {
      await using folder = await createTempFolder()
      await using database = await openDatabase()
      const dataDir = join(folder.path, 'data')
      const settings = settingsFor(dataDir, {
        model,
        settings: { sessions: { live_wait_seconds: liveWaitSeconds } },
        ...(database !== undefined && { databaseUrl: database.url }),
      })
      await createRepository(join(folder.path, 'source'))
      const first = await serveProcess(dataDir, settings)
      await errandCommand(first.url, ['repo', 'import', join(folder.path, 'source'), 'acme/sums'])
      const { id } = await createTask(first.client, 'acme/sums', {
        prompt: 'Greet',
        model: 'scripted',
        create_pull_request: true,
      })
      await untilState(first.client, id, 'waiting_for_user')
      await beforeKill(first.client, id)

      await first.kill()
      await using second = await serveProcess(dataDir, settings)
      const waiting = await untilState(second.client, id, 'waiting_for_user')
      const answered = await second.client.call('steerTask', {
        params: { task_id: id },
        body: { type: 'ask_user_response', content: 'In Danish' },
      })
      const task = await untilState(second.client, id, 'completed')

      expect(waiting.sessions).toHaveLength(1)
      expect(answered).toMatchObject({ task_id: id, outcome: 'answered' })
      expect(task.session_count).toBe(1)
      expect(artifactOf(task, 'pull')).toMatchObject({ number: 1 })
      expect(await listPulls(second.client, 'acme/sums')).toHaveLength(1)
      const diff = await second.client.call('getTaskDiff', { params: { task_id: id } })
      expect(diff).toContain('+A greeting in Danish')
      const types = (await eventsOf(second.client, id)).map(({ type }) => type)
      expect(types.filter((type) => type === 'elicitation.requested')).toHaveLength(1)
      expect(types.filter((type) => type === 'elicitation.completed')).toHaveLength(1)
    },
  )
})
