import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Caller, RepositoryAccess } from '@errand/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { subjectAnswers } from './subjects.ts'
import { createUpstream } from './upstream.ts'

// GitHub's answers, shortened to what is read and what must not be mistaken for it.

const ada = { id: 1, login: 'ada', type: 'User' }
const issue = {
  number: 7,
  html_url: 'https://github.com/acme/shop/issues/7',
  title: 'It breaks',
  body: null,
  state: 'open',
  user: ada,
  labels: [{ name: 'bug' }, 'docs'],
  assignees: [ada],
}
const side = (ref: string, name: string | null) => ({
  ref,
  sha: 'abc',
  repo: name === null ? null : { full_name: name },
})
const pull = {
  ...issue,
  number: 8,
  merged_at: '2027-01-01T00:00:00Z',
  draft: true,
  state: 'closed',
}

const answers: Record<string, unknown> = {
  '/repos/acme/shop/issues/7': issue,
  '/repos/acme/shop/issues/8': { ...pull, pull_request: {} },
  '/repos/acme/shop/pulls/8': { ...pull, head: side('topic', 'Acme/shop'), base: side('main', '') },
  '/repos/acme/shop/pulls/9': { ...pull, head: side('topic', 'bob/shop'), base: side('main', '') },
  // The fork is deleted, and the account.
  '/repos/acme/shop/pulls/10': { ...pull, user: null, head: side('x', null), base: side('y', '') },
  '/repos/acme/shop/pulls/8/reviews/5': { state: 'APPROVED', body: null, user: ada, html_url: 'r' },
  '/repos/acme/shop/actions/runs/6': {
    name: 'CI',
    status: 'completed',
    conclusion: 'failure',
    html_url: 'w',
    display_title: 'Fix it',
  },
  '/repos/acme/shop/pulls/8/files?per_page=100&page=1': Array.from({ length: 100 }, (_, n) => ({
    filename: `f${n}`,
  })),
  '/repos/acme/shop/pulls/8/files?per_page=100&page=2': [{ filename: 'b', previous_filename: 'a' }],
}

let server: Server
let forge: ReturnType<typeof subjectAnswers>
const caller: Caller = {
  user: { id: 9, login: 'errand', type: 'User' },
  token: { kind: 'installation', hash: 'h', scopes: [], permissions: {} },
  secret: 'ghs_x',
  isSiteAdmin: false,
}
const repository: RepositoryAccess = {
  id: 10,
  owner: { id: 2, login: 'acme', type: 'Organization' },
  name: 'shop',
  full_name: 'acme/shop',
  private: false,
  default_branch: 'main',
  archived: false,
  permission: 'write',
  renamed: false,
}

beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    const found = answers[url]
    response.writeHead(found === undefined ? 404 : 200).end(JSON.stringify(found ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  forge = subjectAnswers(createUpstream(`http://127.0.0.1:${port}`))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const subject = (type: 'issue' | 'pull', number: number) =>
  forge.subject(caller, repository, { type, number })

it('an issue is one, and a pull request is none', async () => {
  expect(await subject('issue', 7)).toEqual({
    type: 'issue',
    number: 7,
    html_url: issue.html_url,
    title: 'It breaks',
    body: '',
    state: 'open',
    merged: false,
    draft: false,
    author: ada,
    labels: ['bug', 'docs'],
    assignees: ['ada'],
  })
  expect(await subject('issue', 8)).toBeUndefined()
  expect(await subject('issue', 99)).toBeUndefined()
})

it('a pull request says whether its branch lies in another repository', async () => {
  const branch = { head: 'topic', head_sha: 'abc', base: 'main' }

  expect(await subject('pull', 8)).toMatchObject({
    merged: true,
    draft: true,
    branch: { ...branch, is_from_fork: false },
  })
  expect(await subject('pull', 9)).toMatchObject({ branch: { ...branch, is_from_fork: true } })
  expect(await subject('pull', 10)).toMatchObject({
    author: { login: 'ghost' },
    branch: { is_from_fork: true },
  })
})

it('files are read page by page, with the names they had', async () => {
  const paths = await forge.changedPaths(caller, repository, 8)

  expect(paths).toHaveLength(102)
  expect(paths.slice(-2)).toEqual(['b', 'a'])
})

it('reviews and runs of workflows are as webhooks name their states', async () => {
  expect(await forge.review(caller, repository, { number: 8, id: 5 })).toEqual({
    state: 'approved',
    body: '',
    user: ada,
    html_url: 'r',
  })
  expect(await forge.workflowRun(caller, repository, 6)).toEqual({
    name: 'CI',
    status: 'completed',
    conclusion: 'failure',
    html_url: 'w',
    title: 'Fix it',
  })
  expect(await forge.workflowRun(caller, repository, 7)).toBeUndefined()
})
