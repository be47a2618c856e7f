import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { git } from '../support/git.ts'
import { cloneBranch, listPulls } from '../support/pulls.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { artifactOf, completeTask } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'

let errand: Errand

beforeAll(async () => {
  errand = await startErrand()
})
afterAll(() => errand?.[Symbol.asyncDispose]())

it('prepares a release inside the box, from a prompt that is a recipe', async () => {
  await using folder = await createTempFolder()
  await errand.addRepository('acme/sums')

  const task = await completeTask(errand.client, 'acme/sums', {
    prompt: '#!errand-recipe release\n{"web_url":"https://example.com/acme/sums"}\n',
    model: 'script',
    create_pull_request: true,
  })
  const [pull] = await listPulls(errand.client, 'acme/sums')
  const clone = join(folder.path, 'clone')
  const branch = artifactOf(task, 'branch')?.head_ref ?? ''
  await cloneBranch(errand.url, errand.token, 'acme/sums', branch, clone)

  expect(pull).toMatchObject({ title: 'chore: release 1.1.0', draft: true })
  expect(pull?.body).toContain('1 feature, nothing breaks: minor from 1.0.0.')
  expect(pull?.body).toContain('- multiply numbers ([')
  expect(await readFile(join(clone, 'package.json'), 'utf8')).toContain('"version": "1.1.0"')
  expect(await readFile(join(clone, 'CHANGELOG.md'), 'utf8')).toContain('## 1.1.0 (')
  expect(await git(clone, ['log', '-1', '--format=%s'])).toBe('chore: release 1.1.0')
})
