import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from '@errand/contract'
import { expect, it } from 'vitest'
import { createSharedClock, serveByClock } from '../support/clocked-server.ts'
import { errand as errandCommand } from '../support/errand-process.ts'
import { eventually } from '../support/eventually.ts'
import { createRandom } from '../support/random.ts'
import { createRepository } from '../support/repository.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { settingsFor } from '../support/test-settings.ts'

const rounds = 5
/** So many that beginning them all takes a while, in which the kill may fall. */
const atOnce = 15
/** Give the seed of a failed run to have the same moments again. */
const seed = Number(process.env.ERRAND_TEST_SEED ?? Date.now() % 1_000_000)
/** About what it takes from when they are due until all are begun. */
const longestWaitMs = 1500

const params = { owner: 'acme', repo: 'sums' }
const title = `${atOnce} automations due at once have one task each, whenever the server is killed (ERRAND_TEST_SEED=${seed})`

it(title, { timeout: 240_000 }, async () => {
  const random = createRandom(seed)
  await using folder = await createTempFolder('automation-crash')
  const dataDir = join(folder.path, 'data')
  const clock = createSharedClock(join(folder.path, 'clock'), '2027-01-01T00:10:00Z')
  // Tasks are only counted here: none is run.
  const settings = settingsFor(dataDir, { settings: { runner: { enabled: false } } })
  await createRepository(join(folder.path, 'source'))
  let server = await serveByClock(dataDir, settings, clock)
  await errandCommand(server.url, ['repo', 'import', join(folder.path, 'source'), 'acme/sums'])

  try {
    for (let round = 1; round <= rounds; round += 1) {
      const ids = await createHourly(server.client)
      clock.set(`2027-01-01T${String(round).padStart(2, '0')}:00:00Z`)
      // Not a wait for something: the moment of the kill.
      await delay(random() * longestWaitMs)
      await server.kill()
      server = await serveByClock(dataDir, settings, clock)
      const tasks = await eventually(() => tasksOf(server.client, ids), { timeoutMs: 30_000 })

      const all = await server.client.call('listTasksForRepo', { params, query: { per_page: 1 } })
      expect(new Set(tasks).size).toBe(atOnce)
      expect(all.total_active_count).toBe(round * atOnce)
      for (const automation_id of ids) {
        await server.client.call('deleteAutomation', { params: { ...params, automation_id } })
      }
    }
  } finally {
    await server.kill()
  }
})

async function createHourly(client: Client): Promise<string[]> {
  const body = {
    name: 'hourly',
    prompt: 'Tidy up',
    model: 'script',
    triggers: { interval: { cadence: ['hourly' as const] } },
  }
  const made = []
  for (let n = 0; n < atOnce; n += 1) made.push(client.call('createAutomation', { params, body }))
  return (await Promise.all(made)).map(({ id }) => id)
}

/** The task of the one run each of them has had. */
async function tasksOf(client: Client, ids: readonly string[]): Promise<string[]> {
  const tasks = []
  for (const automation_id of ids) {
    const path = { params: { ...params, automation_id } }
    const { runs } = await client.call('listAutomationRuns', path)
    const [run] = runs
    if (runs.length !== 1 || run?.status !== 'started' || run.task_id === undefined) {
      throw new Error(`the runs are ${JSON.stringify(runs)}`)
    }
    tasks.push(run.task_id)
  }
  return tasks
}
