import { join } from 'node:path'
import type { Campaign, CampaignTargetState } from '@errand/contract'
import { expect, it } from 'vitest'
import { errand, type ServeProcess, serveProcess, tryErrand } from '../support/errand-process.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { listPulls } from '../support/pulls.ts'
import { createRepository } from '../support/repository.ts'
import { scriptPrompt } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { settingsFor } from '../support/test-settings.ts'

const count = 6
const names = Array.from({ length: count }, (_, at) => `acme/service-${at + 1}`)
/** Whose task fails the first time. */
const broken = 'acme/service-5'

it('a campaign that the server keeps survives its client and two deaths of the server, and retries only what failed', async () => {
  await using folder = await createTempFolder('campaign')
  const dataDir = join(folder.path, 'data')
  const source = join(folder.path, 'source')
  const settings = settingsFor(dataDir, {
    settings: { port: await freePort(), sessions: { lease_seconds: 10 } },
  })
  let server = await serveProcess(dataDir, settings)
  try {
    await createRepository(source)
    for (const name of names) await errand(server.url, ['repo', 'import', source, name])

    // The client says what is wanted, and is gone.
    const targets = ['--org', 'acme', '--match', 'acme/service-*']
    const rules = ['--canary', '2', '--concurrency', '2', '--name', 'names', '--detach']
    const pull = ['--title', 'A name for {{repo.name}}', '--label', 'names']
    const begin = ['fanout', prompt(), ...targets, ...rules, ...pull, '-m', 'script']
    await errand(server.url, begin)
    const paused = await statusIs(server, 'paused')
    expect(paused).toMatchObject({
      paused: { reason: 'wave_ended' },
      counts: { completed: 2, pending: 4 },
      pulls: { open: 2 },
    })

    await errand(server.url, ['campaign', 'resume'])
    for (const completed of [3, 4]) {
      await eventually(
        async () => {
          expect((await view(server)).counts.completed).toBeGreaterThanOrEqual(completed)
        },
        { timeoutMs: 60_000 },
      )
      await server.kill()
      server = await serveProcess(dataDir, settings)
    }
    const ended = await statusIs(server, 'partial_failed')
    const failed = ended.targets.filter(({ state }) => state !== 'completed')
    expect(failed.map(({ repository, error }) => [repository.full_name, error?.message])).toEqual([
      [broken, expect.stringContaining('exit code 3')],
    ])

    // What was missing is there now: only that one is sent again.
    const [owner = '', repo = ''] = broken.split('/')
    await server.client.request('PUT', `/repos/${broken}/contents/NAME.txt`, {
      body: { message: 'Name it', content: Buffer.from('old\n').toString('base64') },
    })
    const retried = await errand(server.url, ['campaign', 'retry', 'names'])
    expect(retried).toContain('5 completed')
    const whole = await statusIs(server, 'completed')
    expect(whole.targets.map(({ attempt }) => attempt)).toEqual(
      names.map((name) => (name === broken ? 2 : 1)),
    )
    for (const name of names) {
      const params = { owner, repo: name === broken ? repo : (name.split('/')[1] ?? '') }
      const { tasks } = await server.client.call('listTasksForRepo', { params })
      const pulls = await listPulls(server.client, name)
      expect([name, tasks.length, pulls.length]).toEqual([name, name === broken ? 2 : 1, 1])
    }

    await eventually(
      async () => {
        for (const name of names) {
          const [found] = await listPulls(server.client, name)
          expect(found).toMatchObject({
            title: `A name for ${name.split('/')[1]}`,
            labels: [{ name: 'names' }],
          })
        }
      },
      { timeoutMs: 60_000, intervalMs: 500 },
    )

    // The same command finds the campaign there is.
    const twice = await tryErrand(server.url, begin)
    expect(twice.stderr).toContain('The server has this very campaign since')
    expect((await server.client.call('listCampaigns', { params: {} })).campaigns).toHaveLength(1)

    const report = JSON.parse(
      await errand(server.url, ['campaign', 'report', 'names', '--format', 'json']),
    ) as { counts: object; repositories: object[] }
    expect(report.counts).toMatchObject({ completed: count })
    expect(report.repositories[0]).toMatchObject({
      repository: names[0],
      pull_request_state: 'draft',
      seconds: expect.any(Number),
    })
    const merged = await errand(server.url, ['campaign', 'merge', 'names', '--ready', '--yes'])
    expect(merged.split('\n').filter((line) => line.includes('  merged  '))).toHaveLength(count)
    expect(await errand(server.url, ['campaign', 'close', 'names', '--yes'])).toBe('')

    const again = await tryErrand(server.url, ['campaign', 'resume', 'names'])
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringContaining('The campaign is over: completed.'),
    ])
  } finally {
    await server.kill()
  }
}, 600_000)

/** Fails in the one repository that has no file of this name yet. */
function prompt(): string {
  const script = [
    'sleep 0.3',
    'case "{{repo.name}}" in service-5) test -e NAME.txt || exit 3;; esac',
    'echo "{{repo.full_name}}" > NAME.txt',
  ]
  return scriptPrompt(script.join('\n'), 'Name {{repo.name}}')
}

interface CampaignView extends Campaign {
  targets: CampaignTargetState[]
}

async function view({ url }: ServeProcess): Promise<CampaignView> {
  return JSON.parse(await errand(url, ['campaign', 'view', 'names', '--json'])) as CampaignView
}

async function statusIs(server: ServeProcess, status: Campaign['status']): Promise<CampaignView> {
  return await eventually(
    async () => {
      const campaign = await view(server)
      expect(campaign.status).toBe(status)
      return campaign
    },
    { timeoutMs: 90_000, intervalMs: 300 },
  )
}
