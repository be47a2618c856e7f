import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from '@errand/contract'
import { expect, it } from 'vitest'
import { errand as errandCommand, serveProcess } from '../support/errand-process.ts'
import { listBranches, listPulls } from '../support/pulls.ts'
import { createRandom } from '../support/random.ts'
import { createRepository } from '../support/repository.ts'
import { scriptPrompt, untilState } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { ownerToken, settingsFor } from '../support/test-settings.ts'

/** Each run of the tests has other moments; ERRAND_TEST_KILLS=100 tries many at once. */
const rounds = Number(process.env.ERRAND_TEST_KILLS ?? 10)
/** Give the seed of a failed run to have the same moments again. */
const seed = Number(process.env.ERRAND_TEST_SEED ?? Date.now() % 1_000_000)
/** About what a task takes from its creation to its end, so that a kill may fall anywhere in it. */
const longestWaitMs = 4000

const title = `loses no task in ${rounds} kills at random moments (ERRAND_TEST_SEED=${seed})`

it(title, { timeout: 120_000 + rounds * 15_000 }, async () => {
  const random = createRandom(seed)
  await using folder = await createTempFolder('crash')
  const dataDir = join(folder.path, 'data')
  const settings = settingsFor(dataDir, {
    // A task that is unlucky each time is not what is tried here.
    settings: { sessions: { lease_seconds: 6, max_attempts: rounds + 3 } },
  })
  await createRepository(join(folder.path, 'source'))
  let server = await serveProcess(dataDir, settings)
  await errandCommand(server.url, ['repo', 'import', join(folder.path, 'source'), 'acme/sums'])

  const ids: string[] = []
  try {
    for (let round = 0; round < rounds; round += 1) {
      ids.push(await createOnce(server.client, round))
      // Not a wait for something: the moment of the kill.
      await delay(random() * longestWaitMs)
      await server.kill()
      server = await serveProcess(dataDir, settings)
    }
    for (const id of ids) await untilState(server.client, id, 'completed', { timeoutMs: 120_000 })

    const branches = Object.keys(await listBranches(server.url, ownerToken, 'acme/sums'))
    const pulls = await listPulls(server.client, 'acme/sums')
    expect(new Set(ids).size).toBe(rounds)
    expect(branches).toHaveLength(rounds + 1)
    expect(pulls.map(({ head }) => head.ref).toSorted()).toEqual(
      branches.filter((name) => name !== 'main').toSorted(),
    )
  } finally {
    await server.kill()
  }
})

async function createOnce(client: Client, round: number): Promise<string> {
  const { id } = await client.call('createTask', {
    params: { owner: 'acme', repo: 'sums' },
    headers: { 'idempotency-key': `round-${round}` },
    body: {
      prompt: scriptPrompt(`sleep 0.5; echo ${round} > round-${round}.txt`, `Round ${round}`),
      model: 'script',
      create_pull_request: true,
    },
  })
  return id
}
