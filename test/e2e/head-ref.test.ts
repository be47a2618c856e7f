import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { git } from '../support/git.ts'
import { cloneBranch, listBranches, listPulls } from '../support/pulls.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { artifactOf, completeTask, scriptPrompt } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'

let errand: Errand

beforeAll(async () => {
  errand = await startErrand()
})
afterAll(() => errand?.[Symbol.asyncDispose]())

it('commits to the branch of a pull request, on top of it, and opens no second one', async () => {
  await using folder = await createTempFolder()
  await errand.addRepository('acme/sums')
  const first = await completeTask(errand.client, 'acme/sums', {
    prompt: scriptPrompt('echo first > first.txt', 'First'),
    model: 'script',
    create_pull_request: true,
  })
  const branch = artifactOf(first, 'branch')?.head_ref ?? ''

  const second = await completeTask(errand.client, 'acme/sums', {
    prompt: scriptPrompt('cat first.txt > second.txt', 'Second'),
    model: 'script',
    base_ref: 'main',
    head_ref: branch,
    create_pull_request: true,
  })

  const clone = join(folder.path, 'clone')
  await cloneBranch(errand.url, errand.token, 'acme/sums', branch, clone)
  expect(await readFile(join(clone, 'second.txt'), 'utf8')).toBe('first\n')
  expect(await git(clone, ['rev-list', '--count', 'origin/main..HEAD'])).toBe('2')
  expect(Object.keys(await listBranches(errand.url, errand.token, 'acme/sums'))).toHaveLength(2)
  expect(await listPulls(errand.client, 'acme/sums')).toHaveLength(1)
  expect(artifactOf(second, 'branch')).toMatchObject({ head_ref: branch, base_ref: 'main' })
  expect(second.sessions[0]).toMatchObject({ head_ref: branch, base_ref: 'main' })
})

it('never opens a pull request for a branch without one, asked for or not', async () => {
  await errand.addRepository('acme/plain')
  const { main } = await listBranches(errand.url, errand.token, 'acme/plain')
  await errand.client.request('POST', '/repos/acme/plain/git/refs', {
    body: { ref: 'refs/heads/feature', sha: main },
  })

  const task = await completeTask(errand.client, 'acme/plain', {
    prompt: scriptPrompt('echo x > x.txt'),
    model: 'script',
    head_ref: 'feature',
    create_pull_request: true,
  })

  const branches = await listBranches(errand.url, errand.token, 'acme/plain')
  expect(Object.keys(branches)).toEqual(['feature', 'main'])
  expect(branches.feature).not.toBe(main)
  expect(await listPulls(errand.client, 'acme/plain')).toEqual([])
  expect(task.artifacts?.map(({ type }) => type)).toEqual(['branch'])
})

it('builds a follow-up on the branch of its task, in the same pull request', async () => {
  await using folder = await createTempFolder()
  await errand.addRepository('acme/followed')
  const task = await completeTask(errand.client, 'acme/followed', {
    prompt: scriptPrompt('echo first > first.txt', 'First'),
    model: 'script',
    create_pull_request: true,
  })

  const steered = await errand.client.call('steerTask', {
    params: { task_id: task.id },
    body: { content: scriptPrompt('cat first.txt > second.txt', 'Second') },
  })
  const events = []
  for await (const event of errand.client.followEvents(task.id)) events.push(event.type)
  const after = await errand.client.call('getTask', { params: { task_id: task.id } })

  expect(steered.outcome).toBe('new_session')
  expect(after).toMatchObject({ state: 'completed', session_count: 2 })
  expect(await listPulls(errand.client, 'acme/followed')).toHaveLength(1)
  const clone = join(folder.path, 'clone')
  const branch = artifactOf(after, 'branch')?.head_ref ?? ''
  await cloneBranch(errand.url, errand.token, 'acme/followed', branch, clone)
  expect(await readFile(join(clone, 'second.txt'), 'utf8')).toBe('first\n')
})
