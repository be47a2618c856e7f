import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { errand, type ServeProcess, serveProcess } from '../support/errand-process.ts'
import { eventually } from '../support/eventually.ts'
import { createRepository } from '../support/repository.ts'
import {
  createTask,
  eventsOf,
  printedIn,
  scriptPrompt,
  untilEvent,
  untilState,
} from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { settingsFor, type TestSettings } from '../support/test-settings.ts'

/** Takes its time to be packed and to be written, and not to be made. */
const packedBytes = 40_000_000
const steps = `
jobs:
  copilot-setup-steps:
    steps:
      - name: Install
        run: |
          head -c ${packedBytes} /dev/urandom > ~/made
          echo half > ~/half; sleep 0.5; echo whole > ~/whole; rm ~/half
`
const look = 'test ! -e ~/half && cat ~/whole && wc -c < ~/made && echo done > out.md'

type Moment = (server: ServeProcess, id: string, dataDir: string) => Promise<unknown>

const moments: [string, Moment][] = [
  ['in the middle of a step', (server, id) => untilEvent(server.client, id, 'setup.step_start')],
  [
    'in the middle of packing what they left',
    (server, _id, dataDir) => stopAtFile(server, join(dataDir, 'workspaces'), /\.errand-\w+\.tar$/),
  ],
  [
    'in the middle of writing a layer',
    (server, _id, dataDir) =>
      stopAtFile(server, join(dataDir, 'setup-layers'), /\.unfinished-\w+$/),
  ],
]

it.each(moments)(
  'kill -9 %s has the steps run again, and leaves nothing',
  { timeout: 300_000 },
  async (_name, reach) => {
    await using folder = await createTempFolder('crash')
    const dataDir = join(folder.path, 'data')
    const settings = settingsFor(dataDir, { settings: { sessions: { lease_seconds: 6 } } })
    const source = join(folder.path, 'source')
    await createRepository(source, { '.github/workflows/copilot-setup-steps.yml': steps })
    await using first = await serveProcess(dataDir, settings)
    await errand(first.url, ['repo', 'import', source, 'acme/sums'])
    const task = { prompt: scriptPrompt(look), model: 'script' }
    const { id } = await createTask(first.client, 'acme/sums', task)

    await reach(first, id, dataDir)
    await first.kill()
    const layersAfter = listLayers(dataDir)
    // It is not killed: on a busy machine it may beat late.
    const calm = { ...settings, sessions: { ...settings.sessions, lease_seconds: 30 } }
    await using second = await serveProcess(dataDir, calm)
    await untilState(second.client, id, 'completed', { timeoutMs: 120_000 })
    const another = await createTask(second.client, 'acme/sums', task)
    await untilState(second.client, another.id, 'completed', { timeoutMs: 60_000 })
    const events = await eventsOf(second.client, id)
    const ofAnother = await eventsOf(second.client, another.id)
    await second.stop()

    expect(layersAfter.filter((name) => name.endsWith('.layer'))).toEqual([])
    const attempts = events.filter(({ data }) => data.to === 'in_progress')
    expect(attempts.map(({ data }) => data.attempt)).toEqual([1, 2])
    const ends = events.filter(({ type }) => type === 'setup.step_complete')
    expect(ends.at(-1)?.data).toMatchObject({ name: 'Install', outcome: 'success' })
    expect(JSON.stringify(ofAnother)).toContain('The 1 setup steps need not run')
    for (const seen of [events, ofAnother]) {
      expect(printedIn(seen)).toContain(`whole\n${packedBytes}`)
    }
    await expectNothingLeft(dataDir, settings)
  },
)

/** Stops the server while the file is there, for it to be killed. Looked for without a pause. */
async function stopAtFile({ pid }: ServeProcess, folder: string, name: RegExp): Promise<void> {
  const isPart = (size: number): boolean => size > 1_000_000 && size < packedBytes
  const hasBegun = (path: string): boolean =>
    isPart(statSync(path, { throwIfNoEntry: false })?.size ?? 0)
  await eventually(
    () => {
      const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find(
        (path) => name.test(path) && hasBegun(join(folder, path)),
      )
      if (found === undefined) throw new Error('it is not there')
      process.kill(pid, 'SIGSTOP')
    },
    { intervalMs: 5, what: `a file ${name}` },
  )
}

function listLayers(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'setup-layers')).sort()
}

/** A runner sweeps when it starts, what nobody holds any more. */
async function expectNothingLeft(dataDir: string, settings: TestSettings): Promise<void> {
  await using _ = await serveProcess(dataDir, settings)
  await eventually(
    () => {
      expect(readdirSync(join(dataDir, 'workspaces'))).toEqual([])
      expect(listLayers(dataDir)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.layer$/), 'key'])
    },
    { timeoutMs: 20_000, what: 'the end of what the first runner left' },
  )
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(dataDir)
}
