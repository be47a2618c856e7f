import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { baseEnvironment } from '../support/base-environment.ts'
import { eventually } from '../support/eventually.ts'
import { listBranches, listPulls } from '../support/pulls.ts'
import { startErrand } from '../support/start-errand.ts'
import { scriptPrompt } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'

const program = fileURLToPath(new URL('../../packages/cli/bin/errand.js', import.meta.url))

it('a campaign is taken back: tasks cancelled, pull requests closed once, what was merged kept', async () => {
  await using folder = await createTempFolder('fanout-close')
  await using errand = await startErrand()
  for (const name of ['acme/open', 'acme/merged', 'acme/slow']) await errand.addRepository(name)
  const env = {
    ...baseEnvironment,
    HOME: folder.path,
    ERRAND_URL: errand.url,
    ERRAND_TOKEN: errand.token,
  }
  const start = (...args: string[]) => {
    const stdio = ['ignore', 'pipe', 'pipe'] as const
    const child = spawn(process.execPath, [program, 'fanout', ...args], { env, stdio: [...stdio] })
    const told = { child, output: '' }
    child.stdout?.on('data', (chunk: Buffer) => void (told.output += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => void (told.output += chunk.toString()))
    return told
  }
  const close = async (...args: string[]) => {
    const told = start('close', ...args)
    const [code] = (await once(told.child, 'close')) as [number]
    return { code, lines: told.output.split('\n').filter((line) => line !== '') }
  }
  const change = (method: string, path: string, body: object) =>
    errand.client.request(method, `/repos/acme/${path}`, { body })
  const script = `{% if repo.name == 'slow' %}sleep 300{% endif %}\necho x > X.txt`
  const sender = start(scriptPrompt(script), '--org', 'acme', '-m', 'script', '--name', 'x')
  await eventually(() => expect(sender.output.match(/ {2}completed/g)).toHaveLength(2), {
    timeoutMs: 60_000,
  })
  sender.child.kill('SIGKILL')
  await once(sender.child, 'close')
  await change('PATCH', 'merged/pulls/1', { draft: false })
  await change('PUT', 'merged/pulls/1/merge', {})

  expect(await close('x')).toMatchObject({ code: 1 })
  expect((await listPulls(errand.client, 'acme/open'))[0]?.state).toBe('open')

  const first = await close('x', '--yes', '--comment', 'Not now')
  expect(first.code).toBe(0)
  expect(first.lines).toContain('acme/open  #1 closed')
  expect(first.lines.find((line) => line.startsWith('acme/slow'))).toContain('task cancelled')
  expect(first.lines).toHaveLength(2)

  await change('PATCH', 'open/pulls/1', { state: 'open' })
  const second = await close('x', '--yes', '--comment', 'Not now', '--delete-branches')
  expect(second.lines).toContain('acme/open  #1 closed, branch deleted')
  expect(await close('x', '--yes', '--delete-branches')).toEqual({ code: 0, lines: [] })

  const comments = await errand.client.request('GET', '/repos/acme/open/issues/1/comments')
  expect(((await comments.json()) as { body: string }[]).map(({ body }) => body)).toEqual([
    'Not now',
  ])
  expect(Object.keys(await listBranches(errand.url, errand.token, 'acme/open'))).toEqual(['main'])
  expect(await listBranches(errand.url, errand.token, 'acme/merged')).toHaveProperty('main')
  expect(await listPulls(errand.client, 'acme/merged')).toMatchObject([{ state: 'closed' }])
  const { tasks } = await errand.client.call('listTasksForRepo', {
    params: { owner: 'acme', repo: 'slow' },
  })
  expect(tasks.map(({ state }) => state)).toEqual(['cancelled'])
})
