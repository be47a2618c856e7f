import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { errand as errandCommand, serveProcess } from '../support/errand-process.ts'
import { eventually } from '../support/eventually.ts'
import { createRandom } from '../support/random.ts'
import { createRepository } from '../support/repository.ts'
import { finish, type Script, startScriptedModel } from '../support/scripted-model.ts'
import { createTask, untilState } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { settingsFor } from '../support/test-settings.ts'

const kills = Number(process.env.ERRAND_TEST_KILLS ?? 2)
const seed = Number(process.env.ERRAND_TEST_SEED ?? Date.now() % 1_000_000)
const tokens = { input: 50, output: 10 }
const steps = 5

/** A few steps one after the other: each request shows that the agent has had the answer before it. */
const work: Script = ({ index }) =>
  index < steps
    ? { call: [['write_file', { path: `${index}.md`, content: `${index}\n` }]] }
    : finish('Write some files')

it(
  `loses nothing an agent has used in ${kills} kills at random moments (ERRAND_TEST_SEED=${seed})`,
  {
    timeout: 120_000 + kills * 30_000,
  },
  async () => {
    const random = createRandom(seed)
    await using model = await startScriptedModel(work, { tokens })
    await using folder = await createTempFolder('usage')
    const dataDir = join(folder.path, 'data')
    const settings = settingsFor(dataDir, {
      model,
      settings: { sessions: { lease_seconds: 2, max_attempts: kills + 1 } },
    })
    await createRepository(join(folder.path, 'source'))
    let server = await serveProcess(dataDir, settings)
    try {
      await errandCommand(server.url, ['repo', 'import', join(folder.path, 'source'), 'acme/sums'])
      const { id } = await createTask(server.client, 'acme/sums', {
        prompt: 'Write some files',
        model: 'scripted',
      })
      for (let round = 0; round < kills; round += 1) {
        const before = model.turns.length
        await eventually(() => expect(model.turns.length).toBeGreaterThan(before), {
          timeoutMs: 60_000,
          what: 'a request of the model',
        })
        await delay(random() * 400)
        await server.kill()
        server = await serveProcess(dataDir, settings)
      }
      await untilState(server.client, id, 'completed', { timeoutMs: 90_000 })
      const { total } = await server.client.call('getUsage', { params: {}, query: { by: 'model' } })

      // What came after an answer shows that the agent had it; the first of a conversation follows none.
      const had = model.turns.filter(({ index }) => index > 0).length
      expect(total.requests).toBeGreaterThanOrEqual(had + 1)
      expect(total.requests).toBeLessThanOrEqual(model.turns.length)
      // With each kill at most the one on its way is lost, and of that what nobody was told.
      expect(model.turns.length - total.requests).toBeLessThanOrEqual(kills)
      expect(total.output_tokens).toBeGreaterThanOrEqual(tokens.output * (had + 1))
      expect(total.input_tokens).toBeGreaterThanOrEqual(tokens.input * (had + 1))
    } finally {
      await server.kill()
    }
  },
)
