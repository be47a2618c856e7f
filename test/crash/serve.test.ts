import { join } from 'node:path'
import type { Client, EventType } from '@errand/contract'
import { expect, it } from 'vitest'
import { errand as errandCommand, serveProcess } from '../support/errand-process.ts'
import { listBranches, listPulls } from '../support/pulls.ts'
import { createRepository } from '../support/repository.ts'
import { createTask, eventsOf, scriptPrompt, untilEvent, untilState } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { ownerToken, settingsFor } from '../support/test-settings.ts'

// Everything in one process, on PGlite, as it runs on a laptop: the forge dies with the runner.

it.each([
  'session.workspace',
  'tool.execution_start',
  'tool.execution_complete',
  'artifact.pull',
] satisfies EventType[])(
  'kill -9 of errand serve at %s loses nothing and doubles nothing',
  { timeout: 180_000 },
  async (moment) => {
    await using folder = await createTempFolder('crash')
    const dataDir = join(folder.path, 'data')
    const settings = settingsFor(dataDir, { settings: { sessions: { lease_seconds: 6 } } })
    await createRepository(join(folder.path, 'source'))
    const first = await serveProcess(dataDir, settings)
    await errandCommand(first.url, ['repo', 'import', join(folder.path, 'source'), 'acme/sums'])
    const { id } = await createTask(first.client, 'acme/sums', {
      prompt: scriptPrompt('head -c 3000000 /dev/urandom > big.bin; sleep 0.3', 'Add a big file'),
      model: 'script',
      create_pull_request: true,
    })

    await untilEvent(first.client, id, moment)
    await first.kill()
    const killedAt = Date.now()
    await using second = await serveProcess(dataDir, settings)
    await untilState(second.client, id, 'completed', { timeoutMs: 120_000 })

    const branches = Object.keys(await listBranches(second.url, ownerToken, 'acme/sums'))
    const pulls = await listPulls(second.client, 'acme/sums')
    expect(branches).toHaveLength(2)
    expect(pulls.map(({ head }) => head.ref)).toEqual(branches.filter((name) => name !== 'main'))
    expect((await lastStart(second.client, id)) - killedAt).toBeLessThan(30_000)
  },
)

async function lastStart(client: Client, id: string): Promise<number> {
  const starts = (await eventsOf(client, id)).filter(({ data }) => data.to === 'in_progress')
  return Date.parse(starts.at(-1)?.timestamp ?? '')
}
