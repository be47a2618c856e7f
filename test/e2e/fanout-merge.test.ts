import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { baseEnvironment } from '../support/base-environment.ts'
import { eventually } from '../support/eventually.ts'
import { listPulls } from '../support/pulls.ts'
import { startErrand } from '../support/start-errand.ts'
import { scriptPrompt } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'

const program = fileURLToPath(new URL('../../packages/cli/bin/errand.js', import.meta.url))

it("a campaign's pull requests get titles and labels, and are merged as soon as they are green", async () => {
  await using folder = await createTempFolder('fanout-merge')
  await using errand = await startErrand()
  for (const name of ['acme/good', 'acme/bad', 'acme/late']) await errand.addRepository(name)
  const env = {
    ...baseEnvironment,
    HOME: folder.path,
    ERRAND_URL: errand.url,
    ERRAND_TOKEN: errand.token,
  }
  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [program, 'fanout', ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const told = { output: '', code: once(child, 'close').then(([code]) => code as number) }
    child.stdout.on('data', (chunk: Buffer) => void (told.output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => void (told.output += chunk.toString()))
    return told
  }
  const say = async (name: string, state: string) => {
    const [pull] = await listPulls(errand.client, `acme/${name}`)
    const path = `/repos/acme/${name}/statuses/${pull?.head.sha}`
    await errand.client.request('POST', path, { body: { state, context: 'ci' } })
  }
  const prompt = scriptPrompt('echo x > X.txt')
  const wanted = ['--title', 'chore: {{repo.name}}', '--label', 'chore', '--reviewer', 'nobody']

  const sender = start(prompt, '--org', 'acme', '-m', 'script', '--name', 'x', ...wanted)
  expect(await sender.code).toBe(0)
  expect(sender.output).toContain('acme/bad  not set  reviewers nobody: Validation Failed')
  expect(await listPulls(errand.client, 'acme/good')).toMatchObject([
    { title: 'chore: good', labels: [{ name: 'chore' }] },
  ])

  await say('good', 'success')
  await say('bad', 'failure')
  await say('late', 'pending')
  const merging = start('merge', '--when-green', '--ready', '--method', 'squash', '--yes')
  await eventually(() => expect(merging.output).toMatch(/acme\/good {2}merged/))
  expect(merging.output).not.toContain('acme/late')
  await say('late', 'success')
  expect(await merging.code).toBe(1)
  expect(merging.output).toMatch(/acme\/late {2}merged/)
  expect(merging.output).toContain('acme/bad  not merged: 1 of its checks failed')

  for (const [name, state] of [
    ['good', 'closed'],
    ['late', 'closed'],
    ['bad', 'open'],
  ] as const) {
    expect((await listPulls(errand.client, `acme/${name}`))[0]?.state).toBe(state)
  }
  const commits = await errand.client.request('GET', '/repos/acme/good/commits')
  const [last] = (await commits.json()) as { parents: object[] }[]
  expect(last?.parents).toHaveLength(1)
  expect(await start('merge', '--yes', '--ready').code).toBe(0)
  expect((await listPulls(errand.client, 'acme/bad'))[0]?.state).toBe('closed')
})
