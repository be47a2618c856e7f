import { Octokit } from 'octokit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkedFetch } from '../support/contract.ts'
import { gh, ghPath } from '../support/gh.ts'
import { git } from '../support/git.ts'
import { cloneBranch, listBranches } from '../support/pulls.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { tryRun } from '../support/run.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'

// The embedded forge is GitHub to its clients: Octokit's own methods, gh, git. Every answer is held
// against GitHub's description by checkedFetch.

let errand: Errand
let octokit: Octokit
const repo = { owner: 'acme', repo: 'sums' }

beforeAll(async () => {
  errand = await startErrand({ settings: { runner: { enabled: false } } })
  await errand.addRepository('acme/sums')
  octokit = new Octokit({
    baseUrl: `${errand.url}/api/v3`,
    auth: errand.token,
    request: { fetch: checkedFetch },
    // A violation of the contract would be retried as if the network had failed.
    retry: { enabled: false },
  })
})
afterAll(() => errand?.[Symbol.asyncDispose]())

describe("Octokit's own methods", () => {
  it('read who one is, the repository, its branches, commits and files', async () => {
    const { rest } = octokit

    const user = await rest.users.getAuthenticated()
    const repository = await rest.repos.get(repo)
    const byId = await octokit.request('GET /repositories/{id}', { id: repository.data.id })
    const branches = await rest.repos.listBranches(repo)
    const branch = await rest.repos.getBranch({ ...repo, branch: 'main' })
    const commits = await rest.repos.listCommits({ ...repo, per_page: 2 })
    const readme = await rest.repos.getContent({ ...repo, path: 'README.md' })
    const folder = await rest.repos.getContent({ ...repo, path: 'src' })
    const ref = await rest.git.getRef({ ...repo, ref: 'heads/main' })

    expect(user.data.login).toBe('owner')
    expect(repository.data).toMatchObject({ full_name: 'acme/sums', default_branch: 'main' })
    expect(byId.data).toMatchObject({ full_name: 'acme/sums' })
    expect(branches.data.map(({ name }) => name)).toEqual(['main'])
    expect(commits.data.map(({ commit }) => commit.message.split('\n')[0])).toEqual([
      'feat: multiply numbers',
      'fix: say in the README what sum returns',
    ])
    expect(readme.data).toMatchObject({ type: 'file', encoding: 'base64' })
    expect(folder.data).toMatchObject([{ name: 'product.js' }, { name: 'sum.js' }])
    expect(ref.data.object.sha).toBe(branch.data.commit.sha)
  })

  it('carry a change from a new branch to a merge', async () => {
    const { rest } = octokit
    const main = await rest.git.getRef({ ...repo, ref: 'heads/main' })
    await rest.git.createRef({ ...repo, ref: 'refs/heads/change', sha: main.data.object.sha })
    await rest.repos.createOrUpdateFileContents({
      ...repo,
      path: 'CHANGES.md',
      branch: 'change',
      message: 'docs: say what changed',
      content: Buffer.from('All of it\n').toString('base64'),
    })

    const compared = await rest.repos.compareCommitsWithBasehead({
      ...repo,
      basehead: 'main...change',
    })
    const { data: pull } = await rest.pulls.create({
      ...repo,
      title: 'Say what changed',
      head: 'change',
      base: 'main',
      draft: true,
    })
    const one = { ...repo, pull_number: pull.number }
    const drafted = await rest.pulls.merge(one).catch((error: unknown) => error)
    const files = await rest.pulls.listFiles(one)
    const open = await rest.pulls.list({ ...repo, head: 'acme:change', state: 'open' })
    await rest.issues.createComment({ ...repo, issue_number: pull.number, body: 'Fine' })
    const comments = await rest.issues.listComments({ ...repo, issue_number: pull.number })

    expect(compared.data).toMatchObject({ status: 'ahead', ahead_by: 1 })
    expect(pull).toMatchObject({ id: pull.number, draft: true, state: 'open' })
    expect(drafted).toMatchObject({ status: 405 })
    expect(files.data).toMatchObject([{ filename: 'CHANGES.md', status: 'added', additions: 1 }])
    expect(open.data).toHaveLength(1)
    expect(comments.data).toMatchObject([{ body: 'Fine' }])
  })

  it('page with Link, and get 404 for what is not there', async () => {
    const all = await octokit.paginate(octokit.rest.repos.listCommits, { ...repo, per_page: 1 })

    expect(all.length).toBeGreaterThanOrEqual(3)
    await expect(octokit.rest.repos.get({ owner: 'acme', repo: 'nothing' })).rejects.toMatchObject({
      status: 404,
    })
  })
})

it.skipIf(ghPath === undefined && process.env.CI !== 'true')(
  'gh api reads a repository, its pulls and a file',
  async () => {
    const ask = async (path: string, filter: string): Promise<string> => {
      const url = `${errand.url}/api/v3${path}`
      return (await gh(['api', url, '--jq', filter], errand.token)).stdout.trim()
    }

    expect(await ask('/repos/acme/sums', '.full_name')).toBe('acme/sums')
    expect(await ask('/user', '.login')).toBe('owner')
    expect(await ask('/repos/acme/sums/contents/src/sum.js', '.content | @base64d')).toContain(
      'export function sum',
    )
  },
)

describe('plain git', () => {
  it('clones, pushes a branch and fetches it again', async () => {
    await using folder = await createTempFolder()
    const [first, second] = [join(folder.path, 'first'), join(folder.path, 'second')]
    await cloneBranch(errand.url, errand.token, 'acme/sums', 'main', first)
    await writeFile(join(first, 'pushed.txt'), 'by git\n')
    await git(first, ['switch', '--quiet', '--create', 'by-git'])
    await git(first, ['add', '.'])
    await git(first, ['commit', '--quiet', '--message', 'feat: push'])
    await git(first, ['push', '--quiet', 'origin', 'by-git'])
    await cloneBranch(errand.url, errand.token, 'acme/sums', 'by-git', second)

    expect(await git(second, ['show', 'HEAD:pushed.txt'])).toBe('by git')
    expect(Object.keys(await listBranches(errand.url, errand.token, 'acme/sums'))).toContain(
      'by-git',
    )
  })

  it.each([
    ['no token', ''],
    ['an unknown one', 'x-access-token:ghp_unknownUnknownUnknownUnknownUnknown@'],
  ])('pushes nothing with %s', async (_, credentials) => {
    await using folder = await createTempFolder()
    const clone = join(folder.path, 'clone')
    await cloneBranch(errand.url, errand.token, 'acme/sums', 'main', clone)
    const remote = `http://${credentials}${new URL(errand.url).host}/acme/sums.git`

    const { code } = await tryRun('git', ['push', remote, 'HEAD:refs/heads/evil'], {
      cwd: clone,
      env: { GIT_TERMINAL_PROMPT: '0', HOME: '/nonexistent' },
    })

    expect(code).not.toBe(0)
    expect(Object.keys(await listBranches(errand.url, errand.token, 'acme/sums'))).not.toContain(
      'evil',
    )
  })
})
