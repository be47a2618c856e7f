import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { errand as errandCommand, tryErrand } from '../support/errand-process.ts'
import { git } from '../support/git.ts'
import { cloneBranch } from '../support/pulls.ts'
import { createRepository } from '../support/repository.ts'
import { startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { createTask, scriptPrompt, untilState } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'

// The commands as a user types them, each a process of its own, against a real server.

let folder: TempFolder
let model: ScriptedModel
let server: Errand

beforeAll(async () => {
  folder = await createTempFolder('cli')
  model = await startScriptedModel(({ index, result }) => {
    if (index === 0) return { call: [['ask_user', { question: 'Which colour?' }]] }
    if (index === 1)
      return { call: [['write_file', { path: 'COLOUR.md', content: `${result}\n` }]] }
    return { say: 'Painted.' }
  })
  server = await startErrand({ model })
  await createRepository(join(folder.path, 'source'))
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

const command = (...args: string[]): Promise<string> => errandCommand(server.url, args)

it('goes from a folder to a pull request and its diff', async () => {
  await command('repo', 'import', join(folder.path, 'source'), 'acme/sums')
  const created = await command(
    'create',
    scriptPrompt('echo typed >> README.md', 'Type something'),
    '-R',
    'acme/sums',
    '-m',
    'script',
    '--pr',
    '--follow',
  )
  const id = /tasks\/([0-9a-f-]{36})/.exec(created)?.[1] ?? ''
  const listed = await command('list', '-R', 'acme/sums', '--json', 'id,state,pullRequestUrl')
  const picked = await command('list', '--json', 'id,name', '--jq', '.[0].name')
  const viewed = await command('view', id.slice(0, 8))
  const logged = await command('view', `${server.url}/acme/sums/pull/1`, '--log')
  const diff = await command('diff', '1', '-R', 'acme/sums')

  expect(await command('repo', 'list')).toContain('acme/sums')
  expect(created).toContain('completed')
  expect(created).toContain('/acme/sums/pull/1')
  expect(JSON.parse(listed)).toEqual([
    { id, state: 'completed', pullRequestUrl: `${server.url}/acme/sums/pull/1` },
  ])
  expect(picked).toBe('Type something\n')
  expect(viewed).toContain('Type something')
  expect(logged).toContain('bash: Type something')
  expect(diff).toContain('+typed')
})

it("knows the repository by the checkout's remote", async () => {
  const clone = join(folder.path, 'clone')
  await cloneBranch(server.url, server.token, 'acme/sums', 'main', clone)
  await git(clone, ['remote', 'set-url', 'origin', `${server.url}/acme/sums.git`])

  const args = ['create', scriptPrompt('true', 'From here'), '-m', 'script']
  const created = await errandCommand(server.url, args, { cwd: clone })

  expect(created).toContain('/acme/sums/')
})

it('answers a question, and steers what has ended into a new session', async () => {
  const { id } = await createTask(server.client, 'acme/sums', {
    prompt: 'Paint',
    model: 'scripted',
  })
  await untilState(server.client, id, 'waiting_for_user')

  await command('answer', id, 'Blue')
  await untilState(server.client, id, 'completed')
  const diff = await command('diff', id)
  await command('steer', id, 'And once more')
  const { session_count: sessions } = await server.client.call('getTask', {
    params: { task_id: id },
  })

  expect(diff).toContain('Blue')
  expect(sessions).toBe(2)
})

it('has the exit codes of gh', async () => {
  const { id } = await createTask(server.client, 'acme/sums', {
    prompt: scriptPrompt('sleep 60', 'Sleep'),
    model: 'script',
  })
  const following = tryErrand(server.url, ['view', id, '--log', '--follow'])
  await untilState(server.client, id, 'in_progress')

  const cancelled = await tryErrand(server.url, ['cancel', id])
  const followed = await following
  const missing = await tryErrand(server.url, ['view', '00000000-0000-4000-8000-000000000000'])
  const stranger = await tryErrand(server.url, ['list'], { token: 'ghp_nobody' })
  const wrong = await tryErrand(server.url, ['create', 'p', '-R', 'acme/sums', '-m', 'gpt-1'])

  expect([cancelled.code, followed.code, missing.code, stranger.code, wrong.code]).toEqual([
    0, 2, 1, 4, 1,
  ])
  expect(stranger.stderr).toContain('errand login')
  expect(wrong.stderr).toContain("model 'gpt-1' is not supported")
})

it.each([
  [['--search', 'org:shop topic:backend'], ['shop/api']],
  [['--org', 'shop', '--topic', 'web'], ['shop/site']],
  [['--org', 'shop', '--language', 'go'], ['shop/api']],
  [
    ['--search', 'language:javascript org:shop'],
    ['shop/docs', 'shop/site'],
  ],
])('finds the repositories of a campaign by %j', async (targets, names) => {
  await makeShop()

  const plan = await command('fanout', 'Do it', ...targets, '-m', 'script', '--dry-run')

  expect([...new Set(plan.match(/\bshop\/\w+/g))]).toEqual(names)
})

/** Once: two repositories of different topics and languages, and one without a topic. */
async function makeShop(): Promise<void> {
  const { forge, client } = server
  if (forge.listRepositories().some(({ full_name }) => full_name === 'shop/docs')) return
  await server.addRepository('shop/api', { 'main.go': `package main\n${'// Go\n'.repeat(500)}` })
  await server.addRepository('shop/site')
  for (const [name, topic] of [
    ['api', 'backend'],
    ['site', 'web'],
  ] as const) {
    await client.request('PUT', `/repos/shop/${name}/topics`, { body: { names: [topic] } })
  }
  await server.addRepository('shop/docs', { 'README.md': '# Docs\n' })
}

it('looks at the machine with doctor', async () => {
  const { code, stdout } = await tryErrand(server.url, ['doctor'])

  expect(code).toBe(0)
  expect(stdout).toMatch(/bubblewrap[\s\S]*full/i)
})
