import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { baseEnvironment } from '../support/base-environment.ts'
import { errand as errandCommand, serveProcess } from '../support/errand-process.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { listPulls } from '../support/pulls.ts'
import { withRealHistories } from '../support/real-histories.ts'
import { createReleaseHistories } from '../support/release-histories.ts'
import { createRepository } from '../support/repository.ts'
import { scriptPrompt } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { ownerToken, settingsFor } from '../support/test-settings.ts'

const program = fileURLToPath(new URL('../../packages/cli/bin/errand.js', import.meta.url))

/**
 * More of them take longer and show no more: ERRAND_TEST_REPOSITORIES=200 is the whole promise, with a
 * history in each: this project's own, those of six kinds that releases are tested with, and those of the
 * repositories in ERRAND_TEST_HISTORIES, folders of this machine with `:` between them.
 */
const asked = process.env.ERRAND_TEST_REPOSITORIES
const others = (process.env.ERRAND_TEST_HISTORIES ?? '').split(':').filter((path) => path !== '')
const count = Number(asked ?? 8)
const names = Array.from({ length: count }, (_, at) => `acme/service-${at + 1}`)
const timeout = 120_000 + count * 10_000

const title = `a campaign over ${count} repositories outlives two deaths of its client and one of its server`

it(title, { timeout }, async () => {
  await using folder = await createTempFolder('fanout')
  const dataDir = join(folder.path, 'data')
  // One at a time, and not in no time: so there is work left at each death.
  const runner = { concurrency: asked === undefined ? 1 : 2 }
  const settings = settingsFor(dataDir, { settings: { port: await freePort(), runner } })
  let server = await serveProcess(dataDir, settings)
  const { url } = server
  const add = (source: string, name: string) => errandCommand(url, ['repo', 'import', source, name])
  if (asked === undefined) {
    await createRepository(join(folder.path, 'source'))
    for (const name of names) await add(join(folder.path, 'source'), name)
  } else {
    const made = await createReleaseHistories(join(folder.path, 'made'))
    await withRealHistories(folder.path, names, add, [...made, ...others])
  }
  const prompt = scriptPrompt('sleep 1; echo "{{repo.full_name}}" > NAME.txt', 'Name {{repo.name}}')
  const env = {
    ...baseEnvironment,
    HOME: folder.path,
    ERRAND_URL: url,
    ERRAND_TOKEN: ownerToken,
  }
  const start = (...args: string[]) => startClient(['fanout', ...args], env)
  try {
    const first = start(prompt, '--org', 'acme', '--match', 'acme/service-*', '-m', 'script')
    await untilCompleted(first)
    await first.kill()

    const second = start('resume')
    await untilCompleted(second)
    await second.kill()

    const third = start('resume')
    await untilCompleted(third)
    await server.kill()
    expect(third.child.exitCode).toBeNull()
    server = await serveProcess(dataDir, settings)
    const [code] = (await once(third.child, 'close')) as [number]

    expect({ code, output: code === 0 ? '' : third.output() }).toEqual({ code: 0, output: '' })
    expect(third.output()).toContain(`${count} completed`)
    for (const name of names) {
      const pulls = await listPulls(server.client, name)
      const [owner = '', repo = ''] = name.split('/')
      const { tasks } = await server.client.call('listTasksForRepo', { params: { owner, repo } })
      expect([name, pulls.length, tasks.length]).toEqual([name, 1, 1])
    }
    const report = JSON.parse(await reportOf(env)) as { repositories: object[] }
    expect(report.repositories).toHaveLength(count)
  } finally {
    await server.kill()
  }
})

interface RunningClient {
  child: ChildProcess
  output(): string
  kill(): Promise<void>
}

async function untilCompleted(client: RunningClient): Promise<void> {
  await eventually(() => expect(client.output()).toMatch(/completed/), { timeoutMs: 60_000 })
}

function startClient(args: string[], env: NodeJS.ProcessEnv): RunningClient {
  const child = spawn(process.execPath, [program, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const keep = (chunk: Buffer): void => void (output += chunk.toString())
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  return {
    child,
    output: () => output,
    async kill() {
      if (child.exitCode !== null)
        throw new Error(`the client ended before it was killed:\n${output}`)
      child.kill('SIGKILL')
      await once(child, 'close')
    },
  }
}

async function reportOf(env: NodeJS.ProcessEnv): Promise<string> {
  const client = startClient(['fanout', 'report', '--format', 'json'], env)
  await once(client.child, 'close')
  return client.output()
}
