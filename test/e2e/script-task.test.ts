import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { git } from '../support/git.ts'
import { cloneBranch, listBranches, listPulls } from '../support/pulls.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { artifactOf, completeTask, eventsOf, scriptPrompt } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'

let errand: Errand

beforeAll(async () => {
  errand = await startErrand()
  await errand.addRepository('acme/sums')
})
afterAll(() => errand?.[Symbol.asyncDispose]())

it('turns a prompt into a draft pull request whose branch plain git can clone', async () => {
  await using folder = await createTempFolder()
  const prompt = scriptPrompt('echo "Subtracts, too." >> README.md', 'Mention subtraction')

  const task = await completeTask(errand.client, 'acme/sums', {
    prompt,
    model: 'script',
    base_ref: 'main',
    create_pull_request: true,
  })
  const branch = artifactOf(task, 'branch')
  const pull = (await listPulls(errand.client, 'acme/sums')).find(
    ({ number }) => number === artifactOf(task, 'pull')?.number,
  )
  const clone = join(folder.path, 'clone')
  await cloneBranch(errand.url, errand.token, 'acme/sums', branch?.head_ref ?? '', clone)
  const commit = await git(clone, ['log', '-1', '--format=%an%n%B'])

  expect(branch).toMatchObject({ base_ref: 'main' })
  expect(branch?.head_ref).toMatch(/^errand\/mention-subtraction-[0-9a-f]{8}$/)
  expect(pull).toMatchObject({
    state: 'open',
    draft: true,
    title: 'Mention subtraction',
    base: { ref: 'main' },
    head: { ref: branch?.head_ref },
    user: { login: 'errand[bot]' },
  })
  expect(pull?.body).toContain(task.html_url)
  expect(pull?.body).toContain('README.md')
  expect(await readFile(join(clone, 'README.md'), 'utf8')).toMatch(/Subtracts, too\.\n$/)
  expect(commit.split('\n')[0]).toBe('errand[bot]')
  expect(commit).toMatch(/^Co-authored-by: .+ <.+>$/m)
  expect(commit).toContain(task.html_url)
  expect(await git(clone, ['rev-list', '--count', 'origin/main..HEAD'])).toBe('1')
})

it('tells the whole way in events, the findings about the box first', async () => {
  const prompt = scriptPrompt('echo "from the script"; echo more >> README.md', 'Say more')

  const task = await completeTask(errand.client, 'acme/sums', { prompt, model: 'script' })
  const events = await eventsOf(errand.client, task.id)

  const types = events.map(({ type }) => type)
  const firstOfAttempt = types.indexOf('session.sandbox')
  expect(types[0]).toBe('session.created')
  expect(firstOfAttempt).toBeLessThan(types.indexOf('tool.execution_start'))
  expect(events[firstOfAttempt]?.data).toMatchObject({ level: 'full' })
  expect(types).toContain('artifact.branch')
  expect(events.at(-1)).toMatchObject({ type: 'session.state_changed', data: { to: 'completed' } })
  expect(JSON.stringify(events)).toContain('from the script')
  expect(events.map(({ id }) => Number(id))).toEqual(events.map((_, at) => at + 1))
})

it('works on a branch alone when no pull request is asked for', async () => {
  const before = await listPulls(errand.client, 'acme/sums')

  const task = await completeTask(errand.client, 'acme/sums', {
    prompt: scriptPrompt('echo x > new.txt', 'Add a file'),
    model: 'script',
  })

  expect(task.artifacts?.map(({ type }) => type)).toEqual(['branch'])
  expect(await listPulls(errand.client, 'acme/sums')).toHaveLength(before.length)
})

it('completes without a branch when nothing was changed, and says so', async () => {
  const before = await listBranches(errand.url, errand.token, 'acme/sums')

  const task = await completeTask(errand.client, 'acme/sums', {
    prompt: scriptPrompt('cat README.md', 'Only look'),
    model: 'script',
    create_pull_request: true,
  })
  const logged = (await eventsOf(errand.client, task.id)).filter(
    ({ type }) => type === 'session.log',
  )

  expect(task.artifacts).toEqual([])
  expect(await listBranches(errand.url, errand.token, 'acme/sums')).toEqual(before)
  expect(logged.map(({ data }) => data.message).join('\n')).toMatch(/no change|nothing.*changed/i)
})

it('runs a prompt that is a script by itself', async () => {
  const task = await completeTask(errand.client, 'acme/sums', {
    prompt: '#!/bin/sh\nset -e\nmv README.md READ.md\n',
    model: 'script',
    create_pull_request: true,
  })

  expect(artifactOf(task, 'pull')).toBeDefined()
})

it('starts from the base branch asked for, in its long form too', async () => {
  const first = await completeTask(errand.client, 'acme/sums', {
    prompt: scriptPrompt('echo one > one.txt', 'First step'),
    model: 'script',
  })
  const base = artifactOf(first, 'branch')?.head_ref ?? ''

  const second = await completeTask(errand.client, 'acme/sums', {
    prompt: scriptPrompt('cat one.txt > two.txt', 'Second step'),
    model: 'script',
    base_ref: `refs/heads/${base}`,
    create_pull_request: true,
  })

  expect(artifactOf(second, 'branch')).toMatchObject({ base_ref: base })
  const pulls = await listPulls(errand.client, 'acme/sums')
  expect(pulls[0]).toMatchObject({ base: { ref: base } })
})
