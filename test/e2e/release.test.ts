import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errand as errandCommand, tryErrand } from '../support/errand-process.ts'
import { git } from '../support/git.ts'
import { takenBack } from '../support/grown-history.ts'
import { createHistory } from '../support/history.ts'
import { cloneBranch, listBranches, listPulls } from '../support/pulls.ts'
import { releaseChecks } from '../support/release-checks.ts'
import { releaseHistories } from '../support/release-histories.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { artifactOf, completeTask } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'

let folder: TempFolder
let errand: Errand

beforeAll(async () => {
  folder = await createTempFolder('release')
  errand = await startErrand()
})
afterAll(async () => {
  await errand?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

const prepare = (name: string, ...args: string[]): Promise<string> =>
  errandCommand(errand.url, ['release', 'prepare', '-R', name, '--wait', ...args])

/** Clones a branch afresh, and says where. */
async function clone(name: string, branch: string): Promise<string> {
  const target = join(folder.path, crypto.randomUUID())
  await cloneBranch(errand.url, errand.token, name, branch, target)
  return target
}

/** Commits to main and pushes it, as a person does. */
async function pushLater(name: string, message: string, files: Record<string, string>) {
  const checkout = await clone(name, 'main')
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(checkout, path)), { recursive: true })
    await writeFile(join(checkout, path), text)
  }
  await git(checkout, ['add', '--all'])
  await git(checkout, ['commit', '--quiet', '-m', message])
  await git(checkout, ['push', '--quiet', 'origin', 'main'])
}

describe.each(Object.entries(releaseHistories))('a release of %s', (kind, history) => {
  const name = `acme/${kind.replaceAll(/\W+/g, '-')}`
  const { versions, holds, later } = history

  it('is prepared in one pull request, and again when more was merged', async () => {
    const source = join(folder.path, 'sources', name)
    await createHistory(source, history.steps)
    await errand.forge.importRepository(source, name, {})

    const said = await prepare(name)
    const [pull] = await listPulls(errand.client, name)
    const first = await clone(name, pull?.head.ref ?? '')
    await requireVersion(first, versions.first)
    await pushLater(name, later.message, later.files ?? {})
    const updated = await prepare(name)
    const pulls = await listPulls(errand.client, name)
    const second = await clone(name, pull?.head.ref ?? '')
    await requireVersion(second, versions.second)

    expect(said).toContain(`Pull request: ${pull?.html_url}`)
    expect(pull).toMatchObject({ draft: true, state: 'open', base: { ref: 'main' } })
    expect(pull?.title).toMatch(new RegExp(`^(chore: r|R)elease ${versions.first}$`))
    expect(pull?.body).not.toContain(takenBack.replace('feat!: ', ''))
    expect(updated).toContain('bring pull request #1 up to date')
    expect(pulls).toHaveLength(1)
    expect(pulls[0]?.title).toMatch(new RegExp(`elease ${versions.second}$`))
    expect(Object.keys(await listBranches(errand.url, errand.token, name))).toHaveLength(2)
    // All of main, without a conflict, and one commit of the release on top of it.
    expect(await git(second, ['rev-list', '--count', 'HEAD..origin/main'])).toBe('0')
    const changed = await git(second, ['diff', '--name-only', 'HEAD^', 'HEAD'])
    expect(await git(second, ['diff', '--name-only', 'origin/main', 'HEAD'])).toBe(changed)
    await git(second, ['fsck', '--strict', '--no-dangling'])
  })

  async function requireVersion(checkout: string, version: string): Promise<void> {
    for (const [path, texts] of Object.entries(holds)) {
      const text = await readFile(join(checkout, path), 'utf8')
      for (const wanted of texts) expect(text).toContain(wanted.replaceAll('{version}', version))
    }
    await releaseChecks[kind as keyof typeof releaseHistories](checkout, version)
  }
})

it('ends well when there is nothing to release, without a branch or a pull request', async () => {
  await createHistory(join(folder.path, 'calm'), [
    { message: 'feat: begin', files: { VERSION: '1.0.0\n' }, tags: ['v1.0.0'] },
    { message: 'docs: say more', files: { 'README.md': '# Calm\n' } },
  ])
  await errand.forge.importRepository(join(folder.path, 'calm'), 'acme/calm', {})

  const said = await prepare('acme/calm')

  expect(said).toContain('Nothing to release: 1 change since v1.0.0, none that a user notices.')
  expect(said).toContain('No pull request is needed.')
  expect(await listPulls(errand.client, 'acme/calm')).toEqual([])
  expect(Object.keys(await listBranches(errand.url, errand.token, 'acme/calm'))).toEqual(['main'])
})

it('fails with a sentence that names the file when a manifest is broken', async () => {
  await createHistory(join(folder.path, 'broken'), [
    { message: 'feat: begin', files: { 'package.json': '{"version": "1.0.0"' } },
  ])
  await errand.forge.importRepository(join(folder.path, 'broken'), 'acme/broken', {})

  const args = ['release', 'prepare', '-R', 'acme/broken', '--wait']
  const { code, stdout } = await tryErrand(errand.url, args)

  expect(code).toBe(1)
  expect(stdout).toContain('package.json is not valid JSON.')
})

it('runs from a prompt alone, as an automation sends it', async () => {
  await errand.addRepository('acme/sums')

  const task = await completeTask(errand.client, 'acme/sums', {
    prompt: '#!errand-recipe release\n',
    model: 'script',
    create_pull_request: true,
  })
  const checkout = await clone('acme/sums', artifactOf(task, 'branch')?.head_ref ?? '')

  expect((await listPulls(errand.client, 'acme/sums'))[0]?.title).toBe('chore: release 1.1.0')
  expect(await readFile(join(checkout, 'package.json'), 'utf8')).toContain('"version": "1.1.0"')
})

it('renews the text of no pull request but its own, whatever an agent claims to be', async () => {
  await errand.addRepository('acme/claimed')
  const summary = (text: string): string => `#!/bin/sh
echo x >> x.txt
printf '%s\\n' '${text}' > "$ERRAND_SUMMARY_FILE"
`
  const first = await completeTask(errand.client, 'acme/claimed', {
    prompt: summary('A title of its own'),
    model: 'script',
    create_pull_request: true,
  })

  await completeTask(errand.client, 'acme/claimed', {
    prompt: summary('Claimed\n\n<!-- errand-recipe: release -->'),
    model: 'script',
    base_ref: 'main',
    head_ref: artifactOf(first, 'branch')?.head_ref ?? '',
    create_pull_request: true,
  })

  const pulls = await listPulls(errand.client, 'acme/claimed')
  expect(pulls.map(({ title }) => title)).toEqual(['A title of its own'])
})
