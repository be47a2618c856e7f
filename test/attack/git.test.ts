import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { git } from '../support/git.ts'
import { cloneBranch, listBranches } from '../support/pulls.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { artifactOf, completeTask, createTask, scriptPrompt, untilState } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'

// An agent owns the checkout, its .git included, and tries to have git run something for it outside.

let errand: Errand
let folder: TempFolder

beforeAll(async () => {
  folder = await createTempFolder('attack')
  errand = await startErrand()
})
afterAll(async () => {
  await errand?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

/** Outside every box: inside, there is no such folder, so only the host can make the file. */
const marker = (): string => join(folder.path, 'was-run-outside')
const payload = (): string => `touch ${marker()}`

afterEach(() => expect(existsSync(marker())).toBe(false))

let count = 0

/** Runs a hostile script in a repository of its own; it always changes one file, too. */
async function attack(script: string): Promise<{ repository: string; id: string }> {
  count += 1
  const repository = `acme/target-${count}`
  await errand.addRepository(repository)
  const { id } = await createTask(errand.client, repository, {
    prompt: scriptPrompt(`set +eu +o pipefail\n${script}\necho changed >> README.md`, 'Do harm'),
    model: 'script',
    create_pull_request: true,
  })
  return { repository, id }
}

describe('git runs nothing of the agent outside the box', () => {
  const each: [string, () => string][] = [
    ['core.fsmonitor', () => `git config core.fsmonitor '${payload()}; false'`],
    [
      'core.hooksPath',
      () =>
        `mkdir h; printf '#!/bin/sh\\n${payload()}\\n' > h/pre-push; cp h/pre-push h/post-checkout; cp h/pre-push h/reference-transaction; chmod +x h/*; git config core.hooksPath $PWD/h`,
    ],
    [
      'hooks',
      () =>
        `for n in pre-commit post-commit pre-push post-checkout post-index-change reference-transaction pre-receive update post-update proc-receive; do printf '#!/bin/sh\\n${payload()}\\n' > .git/hooks/$n; chmod +x .git/hooks/$n; done`,
    ],
    [
      'core.sshCommand',
      () => `git config core.sshCommand '${payload()}'; git remote set-url origin ssh://x/y`,
    ],
    [
      'a remote helper',
      () =>
        `git config protocol.ext.allow always; git remote set-url origin "ext::sh -c '${payload()}'"`,
    ],
    [
      'url rewriting',
      () =>
        `git config --add url."ext::sh -c '${payload()}' #".insteadOf http; git config protocol.ext.allow always`,
    ],
    [
      'a filter',
      () =>
        `git config filter.x.clean '${payload()}; cat'; git config filter.x.smudge '${payload()}; cat'; git config filter.x.process '${payload()}'; echo '* filter=x' > .gitattributes`,
    ],
    [
      'a diff and merge driver',
      () =>
        `git config diff.x.command '${payload()}'; git config diff.x.textconv '${payload()}'; git config merge.x.driver '${payload()}'; echo '* diff=x merge=x' > .gitattributes`,
    ],
    [
      'include.path',
      () =>
        `printf '[core]\\n\\tfsmonitor = "${payload()}"\\n' > evil; git config include.path ../evil`,
    ],
    [
      'aliases, pager, editor and signing',
      () =>
        `for k in core.pager core.editor sequence.editor alias.push alias.bundle gpg.program credential.helper core.askPass core.gitProxy uploadpack.packObjectsHook; do git config $k '!${payload()}'; done; git config commit.gpgSign true`,
    ],
    [
      'a .git that is a file',
      () =>
        `mv .git ../tmp-git 2>/dev/null || cp -r .git /tmp/g && rm -rf .git; printf 'gitdir: /tmp/g\\n' > .git; git -C . config core.fsmonitor '${payload()}'`,
    ],
    [
      'worktree configuration',
      () =>
        `git config extensions.worktreeConfig true; git config --worktree core.fsmonitor '${payload()}'; git config core.worktree /`,
    ],
  ]

  it.each(each)('%s', async (_, script) => {
    const { id } = await attack(script())
    const ended = await errand.client.call('getTask', { params: { task_id: id } })

    for await (const _event of errand.client.followEvents(id)) continue
    const { state } = await errand.client.call('getTask', { params: { task_id: id } })

    expect(ended.id).toBe(id)
    expect(['completed', 'failed']).toContain(state)
  })
})

describe('only the one branch of the task', () => {
  it.each([
    ['pushes another', 'git push origin HEAD:refs/heads/main HEAD:refs/heads/other || true'],
    [
      'moves main',
      'git commit -qam x --allow-empty; git branch -f main; git update-ref refs/heads/other HEAD; git tag -f v9',
    ],
    [
      'moves remote branches',
      'git update-ref refs/remotes/origin/main HEAD~1; git pack-refs --all; git checkout -q -b other',
    ],
    ['starts a history of its own', 'git checkout -q --orphan fresh; git commit -qm "Mine alone"'],
  ])('is pushed when the agent %s', async (_, script) => {
    const { repository, id } = await attack(script)
    const before = await listBranches(errand.url, errand.token, repository)

    for await (const _event of errand.client.followEvents(id)) continue

    const task = await errand.client.call('getTask', { params: { task_id: id } })
    const branch = artifactOf(task, 'branch')?.head_ref
    const after = await listBranches(errand.url, errand.token, repository)
    expect(after.main).toBe(before.main)
    expect(Object.keys(after).filter((name) => name !== branch)).toEqual(['main'])
  })

  it('is pushed with whatever commits the agent made itself', async () => {
    const { repository, id } = await attack(
      'git config user.name Agent; git config user.email a@example.com; echo one > one; git add .; git commit -qm "One step"',
    )
    const task = await untilState(errand.client, id, 'completed')

    const clone = join(folder.path, 'own-commits')
    const branch = artifactOf(task, 'branch')?.head_ref ?? ''
    await cloneBranch(errand.url, errand.token, repository, branch, clone)
    const files = await git(clone, ['diff', '--name-only', 'origin/main..HEAD'])
    expect(files.split('\n')).toEqual(['README.md', 'one'])
  })
})

describe('what a branch may hold', () => {
  it('is a link as a link, never what it points to', async () => {
    const { repository, id } = await attack(
      'ln -s /etc/passwd passwd; ln -s /root root; ln -sf /etc/hostname package.json',
    )
    const task = await untilState(errand.client, id, 'completed')

    const clone = join(folder.path, 'links')
    const branch = artifactOf(task, 'branch')?.head_ref ?? ''
    await cloneBranch(errand.url, errand.token, repository, branch, clone)
    const tree = await git(clone, ['ls-tree', '-r', 'HEAD', 'passwd', 'root', 'package.json'])
    expect(tree.split('\n').map((line) => line.split(' ')[0])).toEqual([
      '120000',
      '120000',
      '120000',
    ])
    expect(await git(clone, ['cat-file', 'blob', 'HEAD:passwd'])).toBe('/etc/passwd')
  })

  it.each([
    [
      'a folder .git inside',
      `
      blob=$(printf '[core]\\n\\tfsmonitor = x\\n' | git hash-object -w --stdin)
      inner=$(printf '100644 blob %s\\tconfig\\n' $blob | git mktree)
      tree=$(printf '040000 tree %s\\t.git\\n' $inner | git mktree --missing)
      git reset -q --soft $(git commit-tree $tree -p HEAD -m evil) && exit 0`,
    ],
    [
      'a submodule that is an option',
      `
      printf '[submodule "x"]\\n\\tpath = x\\n\\turl = --upload-pack=touch\\n' > .gitmodules
      git add .gitmodules; git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),x
      git commit -qm evil && exit 0`,
    ],
  ])('is not %s: the check of the bundle refuses it', async (_, script) => {
    const { repository, id } = await attack(
      `git config user.name A; git config user.email a@example.com; ${script}`,
    )

    const task = await untilState(errand.client, id, 'failed')

    expect(task.sessions[0]?.error?.message).toMatch(/refused|not accepted|invalid|check/i)
    expect(Object.keys(await listBranches(errand.url, errand.token, repository))).toEqual(['main'])
  })
})

it('still does an honest task afterwards', async () => {
  await errand.addRepository('acme/honest')

  const task = await completeTask(errand.client, 'acme/honest', {
    prompt: scriptPrompt('echo honest >> README.md'),
    model: 'script',
    create_pull_request: true,
  })

  expect(artifactOf(task, 'pull')).toBeDefined()
})
