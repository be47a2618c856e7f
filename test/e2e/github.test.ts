import { join } from 'node:path'
import { Octokit } from 'octokit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkedFetch } from '../support/contract.ts'
import { tryErrand } from '../support/errand-process.ts'
import { gh, ghPath } from '../support/gh.ts'
import { git } from '../support/git.ts'
import { type GitHubEndpoints, startGitHubEndpoints } from '../support/github-endpoints.ts'
import { type GitHubDouble, startBehind, startGitHub } from '../support/github-forge.ts'
import { eventually } from '../support/eventually.ts'
import { clientFor } from '../support/start-errand.ts'
import { artifactOf, completeTask, createTask, scriptPrompt, untilState } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { ownerToken } from '../support/test-settings.ts'

// Unmodified clients, an App of Errand's and workflows, against a GitHub that a second Errand stands for.

let github: GitHubDouble
let endpoints: GitHubEndpoints
let folder: TempFolder
let alice: string
let repositoryId: number
let aliceId: number
const repo = { owner: 'acme', repo: 'sums' }
const change = scriptPrompt('echo more >> README.md')
const audience = 'https://errand.test'

beforeAll(async () => {
  folder = await createTempFolder('github')
  github = await startGitHub()
  endpoints = await startGitHubEndpoints(github)
  for (const name of ['acme/sums', 'acme/other']) {
    await github.errand.addRepository(name)
    await github.addMember('alice', name)
    await github.addMember('rita', name, 'read')
  }
  alice = await github.tokenOf('alice', { scopes: ['repo'] })
  const found = github.errand.forge.listRepositories().find((one) => one.full_name === 'acme/sums')
  repositoryId = found?.id ?? 0
  aliceId = (await github.errand.forge.authenticate(alice))?.user.id ?? 0
})
afterAll(async () => {
  await endpoints?.[Symbol.asyncDispose]()
  await github?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  endpoints.refusals.clear()
  endpoints.asked.length = 0
})

let servers = 0

function start(settings: object = {}, environment: Record<string, string> = {}) {
  servers += 1
  const all = { forge: endpoints.url, ...settings }
  return startBehind(join(folder.path, `server-${servers}`), all, environment)
}

describe('clients that know only GitHub', () => {
  it('Octokit, gh and git start a task, follow it, and find its branch and pull request', async () => {
    await using server = await start()
    const octokit = new Octokit({
      baseUrl: server.url,
      auth: alice,
      request: { fetch: checkedFetch },
      retry: { enabled: false },
    })
    const { data: created } = await octokit.request('POST /agents/repos/{owner}/{repo}/tasks', {
      ...repo,
      prompt: change,
      model: 'script',
      create_pull_request: true,
    })
    const task = await untilState(clientFor(server.url, alice), created.id, 'completed')
    const head = artifactOf(task, 'branch')?.head_ref ?? ''
    const url = `${endpoints.url.replace('//', `//x-access-token:${alice}@`)}/acme/sums.git`
    const clone = join(folder.path, 'clone')
    await git(folder.path, ['clone', '--quiet', '--branch', head, url, clone])

    expect(await git(clone, ['show', 'HEAD:README.md'])).toMatch(/^more$/m)
    const upstream = new Octokit({ baseUrl: endpoints.url, auth: alice })
    const { data: pulls } = await upstream.rest.pulls.list({ ...repo, head: `acme:${head}` })
    expect(pulls).toMatchObject([{ draft: true, user: { login: 'alice' } }])
  })

  it.skipIf(ghPath === undefined && process.env.CI !== 'true')(
    'gh starts a task, polls it to its end and views its pull request, and is told what its user may not',
    async () => {
      await using server = await start()
      const rita = await github.tokenOf('rita', { scopes: ['repo'] })
      const tasks = `${server.url}/agents/repos/acme/sums/tasks`
      const fields = [
        '-f',
        `prompt=${change}`,
        '-f',
        'model=script',
        '-F',
        'create_pull_request=true',
      ]

      const created = await gh(['api', tasks, ...fields, '--jq', '.id'], alice)
      const id = created.stdout.trim()
      const number = await eventually(
        async () => {
          const pull = '.artifacts[] | select(.type == "pull") | .data.number'
          const polled = await gh(['api', `${tasks}/${id}`, '--jq', `.state, (${pull})`], alice)
          const [state, pull_number] = polled.stdout.trim().split('\n')
          expect(state).toBe('completed')
          return pull_number
        },
        { timeoutMs: 60_000, what: 'the end of the task' },
      )
      const pull = `${server.url}/repos/acme/sums/pulls/${number}`
      const viewed = await gh(['api', pull, '--jq', '[.draft, .user.login, .head.ref]'], alice)
      const diff = await gh(['api', pull, '-H', 'Accept: application/vnd.github.diff'], alice)
      const refused = await gh(['api', tasks, '-f', 'prompt=p'], rita)

      expect(JSON.parse(viewed.stdout)).toEqual([true, 'alice', expect.stringMatching(/^errand\//)])
      expect(diff.stdout).toMatch(/^\+more$/m)
      expect(refused.code).toBe(1)
      expect(refused.stderr).toContain('You need write access to acme/sums for this (HTTP 403)')
    },
  )

  it('cost GitHub one question in a minute, however many they ask themselves', async () => {
    await using server = await start({ runner: { enabled: false } })
    const client = clientFor(server.url, alice)
    await Promise.all(
      Array.from({ length: 10 }, () => client.call('listTasksForRepo', { params: repo })),
    )

    expect(endpoints.asked.map(({ what }) => what)).toEqual(['GET /user', 'GET /repos/acme/sums'])
  })
})

describe('the neighbours of the task endpoints, which GitHub answers', () => {
  let server: Awaited<ReturnType<typeof start>>

  beforeAll(async () => {
    // Links are GitHub's own: nothing stands in front of it here.
    server = await start({ forge: github.url })
  })
  afterAll(() => server?.close())

  it.each(['', '/api/v3'])(
    'Octokit finds at "%s" who it is, and pages through repositories',
    async (prefix) => {
      const baseUrl = `${server.url}${prefix}`
      const octokit = new Octokit({ baseUrl, auth: alice, request: { fetch: checkedFetch } })

      const { data: user } = await octokit.rest.users.getAuthenticated()
      const { data: found } = await octokit.rest.repos.get(repo)
      const { data: branch } = await octokit.rest.git.getRef({ ...repo, ref: 'heads/main' })
      const paged = await octokit.paginate('GET /orgs/{org}/repos', { org: 'acme', per_page: 1 })
      const byId = await octokit.request('GET /repositories/{id}', { id: found.id })
      const missing = octokit.rest.pulls.get({ ...repo, pull_number: 4711 })

      expect([user.login, found.id, byId.data.full_name]).toEqual([
        'alice',
        repositoryId,
        'acme/sums',
      ])
      expect(branch.object.sha).toMatch(/^[0-9a-f]{40}$/)
      expect(paged.map(({ full_name: name }) => name).toSorted()).toEqual([
        'acme/other',
        'acme/sums',
      ])
      await expect(missing).rejects.toMatchObject({ status: 404 })
    },
  )

  it('errand audit reads the configurations of an organization', async () => {
    const args = ['audit', '--org', 'acme', '--format', 'json', '--no-cache']

    const { code, stdout } = await tryErrand(server.url, args, { token: alice })

    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ repositories: 2, unchecked: [] })
  })

  it('errand fanout finds the repositories of an organization, and sends to them', async () => {
    const home = { HOME: join(folder.path, 'home') }
    const fanout = (...more: string[]) =>
      tryErrand(server.url, ['fanout', change, '-m', 'script', '--org', 'acme', ...more], {
        token: alice,
        environment: home,
      })

    const dry = await fanout('--dry-run')
    const sent = await fanout('--name', 'readme', '--has-file', 'README.md')

    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('acme/other') })
    expect(sent).toMatchObject({ code: 0 })
    const pulls = await clientFor(server.url, alice).request('GET', '/repos/acme/other/pulls')
    expect(await pulls.json()).toMatchObject([{ number: 1, draft: true, user: { login: 'alice' } }])
  })
})

describe("what works later in a user's name", () => {
  it('a campaign does all its tasks with the token of who began it, and then keeps it no more', async () => {
    await using server = await start()
    const client = clientFor(server.url, alice)
    const { id } = await client.call('createCampaign', {
      params: {},
      body: {
        prompt: change,
        model: 'script',
        concurrency: 1,
        targets: [{ repository: 'acme/sums' }, { repository: 'acme/other' }],
      },
    })
    await eventually(
      async () => {
        const { counts } = await client.call('getCampaign', { params: { campaign_id: id } })
        expect(counts).toMatchObject({ completed: 2 })
      },
      { timeoutMs: 60_000, what: 'the end of the campaign' },
    )

    await eventually(
      async () => {
        expect(await server.store.db.selectFrom('credentials').selectAll().execute()).toEqual([])
      },
      { what: 'an end of the token' },
    )
  })

  it('a campaign asks again with that token before each task, whether it may still push', async () => {
    await using server = await start({ runner: { enabled: false } })
    const client = clientFor(server.url, alice)
    const targets = [{ repository: 'acme/sums' }, { repository: 'acme/other' }]
    const { id } = await client.call('createCampaign', {
      params: {},
      body: { name: 'asks again', prompt: change, model: 'script', concurrency: 1, targets },
    })
    const read = async () =>
      (await client.call('listCampaignTargets', { params: { campaign_id: id } })).targets
    const first = await eventually(async () => {
      const taskId = (await read())[0]?.task_id
      if (taskId === undefined || taskId === null) throw new Error('it is not sent yet')
      return taskId
    })
    await github.addMember('alice', 'acme/other', 'read')
    await client.call('cancelTask', { params: { task_id: first } })

    await eventually(
      async () => {
        const message = expect.stringContaining('need write access')
        expect((await read())[1]).toMatchObject({ state: 'failed', error: { message } })
      },
      { what: 'the refusal' },
    )
    await github.addMember('alice', 'acme/other')
  })

  it("an automation needs a token of the server's to push with, and says so when it is made", async () => {
    const settings = { automations: { token_env: 'TOKEN' }, runner: { enabled: false } }
    await using server = await start(settings, { TOKEN: ownerToken })

    const refused = clientFor(server.url, alice).call('createAutomation', {
      params: repo,
      body: { name: 'Weekly', prompt: 'p', model: 'script' },
    })

    await expect(refused).rejects.toThrow('neither github_app nor forge_token')
  })
})

describe('what GitHub refuses', () => {
  const tasks = '/agents/repos/acme/sums/tasks'

  it('for want of single sign-on is passed on, with where to sign on', async () => {
    await using server = await start({ runner: { enabled: false } })
    const sso = `required; url=${endpoints.url.replace('http:', 'https:')}/orgs/acme/sso?authorization_request=A1`
    const message =
      'Resource protected by organization SAML enforcement. You must grant your personal token access to this organization.'
    endpoints.refusals.set('/repos/acme/sums', {
      status: 403,
      headers: { 'x-github-sso': sso },
      message,
    })

    const answer = await fetch(`${server.url}${tasks}`, {
      headers: { authorization: `token ${alice}` },
    })

    expect([answer.status, answer.headers.get('x-github-sso')]).toEqual([403, sso])
    expect(await answer.json()).toMatchObject({ message, status: '403' })
  })

  it('for a limit of its own is a limit here, with the time to wait', async () => {
    await using server = await start({ runner: { enabled: false } })
    const headers = { 'retry-after': '37', 'x-ratelimit-remaining': '0' }
    endpoints.refusals.set('/user', { status: 403, headers, message: 'API rate limit exceeded' })

    const answer = await fetch(`${server.url}${tasks}`, {
      headers: { authorization: `token ${alice}` },
    })

    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '37'])
    expect(await answer.json()).toMatchObject({
      message: expect.stringContaining('secondary rate limit'),
      documentation_url: expect.stringMatching(/secondary-rate-limits$/),
    })
  })
})

describe("an App of Errand's", () => {
  const environment = () => ({ APP_KEY: endpoints.app.privateKey })
  const github_app = { app_id: 4711, private_key_env: 'APP_KEY' }

  it('does the work as its bot, for one repository at a time, and no token of a user is kept', async () => {
    endpoints.app.installedOn.add('acme/sums')
    await using server = await start({ github_app }, environment())
    const client = clientFor(server.url, alice)

    const { id } = await createTask(client, 'acme/sums', {
      prompt: change,
      model: 'script',
      create_pull_request: true,
    })
    const kept = await server.store.db.selectFrom('credentials').selectAll().execute()
    const task = await untilState(client, id, 'completed')

    expect(kept).toEqual([])
    const upstream = new Octokit({ baseUrl: endpoints.url, auth: alice })
    const number = artifactOf(task, 'pull')?.number ?? 0
    const { data: pull } = await upstream.rest.pulls.get({ ...repo, pull_number: number })
    expect(pull.user.login).toBe('errand[bot]')
    // One token, kept: not one for each of its requests.
    const made = endpoints.asked.filter(({ what }) => what.endsWith('/access_tokens'))
    expect(made.length).toBeLessThanOrEqual(2)
    expect(server.log.join('')).not.toMatch(/gh[ps]_\w{20}|PRIVATE KEY/)
  })

  it('that is not installed on a repository is said at once', async () => {
    endpoints.app.installedOn.delete('acme/other')
    await using server = await start({ github_app, runner: { enabled: false } }, environment())

    const refused = createTask(clientFor(server.url, alice), 'acme/other', { prompt: 'p' })

    await expect(refused).rejects.toThrow('is not installed on acme/other')
  })

  it('without its key does not let the server start', async () => {
    await expect(start({ github_app })).rejects.toThrow(
      'github_app.private_key_env: the variable APP_KEY is not set',
    )
    await expect(start({ github_app }, { APP_KEY: 'x' })).rejects.toThrow('no private key as PEM')
  })
})

describe('a workflow of GitHub Actions', () => {
  const actions_oidc = () => ({ issuer: endpoints.url, audience })
  const claims = (more: object = {}) => ({
    repository: 'acme/sums',
    repository_id: String(repositoryId),
    ref: 'refs/heads/main',
    event_name: 'workflow_dispatch',
    actor: 'alice',
    actor_id: String(aliceId),
    ...more,
  })
  const login = (more?: object) => endpoints.workflowToken(audience, claims(more))

  it('starts a task of its own repository as its actor, and follows it to the pull request', async () => {
    await using server = await start({ actions_oidc: actions_oidc(), forge_token: ownerToken })
    const client = clientFor(server.url, login())

    const task = await completeTask(client, 'acme/sums', {
      prompt: change,
      model: 'script',
      create_pull_request: true,
    })

    expect(task.creator).toEqual({ id: aliceId })
    expect(artifactOf(task, 'pull')?.number).toBeGreaterThan(0)
    expect(await server.store.db.selectFrom('credentials').selectAll().execute()).toEqual([])
  })

  it('may nothing in another repository, and nothing that outlives it', async () => {
    const settings = { actions_oidc: actions_oidc(), forge_token: ownerToken }
    await using server = await start({ ...settings, runner: { enabled: false } })
    const other = await createTask(clientFor(server.url, alice), 'acme/other', {
      prompt: 'p',
      model: 'script',
    })
    const token = login()
    const ask = async (path: string, body?: object) => {
      const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
      const headers = { authorization: `Bearer ${token}` }
      return (await fetch(`${server.url}${path}`, { ...init, headers })).status
    }
    const automation = { name: 'a', prompt: 'p', model: 'script' }
    const targets = [{ repository: 'acme/sums' }]

    expect([
      await ask('/agents/repos/acme/other/tasks', { prompt: 'p', model: 'script' }),
      await ask('/agents/repos/acme/other/tasks'),
      await ask(`/agents/tasks/${other.id}`),
      await ask(`/agents/tasks/${other.id}/steer`, { content: 'x' }),
      await ask('/agents/repos/acme/sums/automations', automation),
      await ask('/agents/campaigns', { prompt: 'p', model: 'script', targets }),
      await ask('/agents/repos/acme/sums/tasks'),
    ]).toEqual([404, 404, 404, 404, 403, 403, 200])
    // alice sees both; the workflow of one repository sees what is of that one.
    const mine = await clientFor(server.url, token).call('listTasks', { params: {} })
    expect(mine.tasks).toEqual([])
  })

  it('whose actor may not write starts nothing, and one of a ref or event that is not admitted neither', async () => {
    const settings = { actions_oidc: actions_oidc(), forge_token: ownerToken }
    await using server = await start({ ...settings, runner: { enabled: false } })
    const rita = await github.tokenOf('rita', {})
    const ritaId = (await github.errand.forge.authenticate(rita))?.user.id
    const tried = async (more: object) =>
      await createTask(clientFor(server.url, login(more)), 'acme/sums', { prompt: 'p' }).then(
        () => 'started',
        (error: unknown) => (error as Error).message,
      )

    expect(await tried({ actor: 'rita', actor_id: String(ritaId) })).toContain('need write access')
    expect(await tried({ ref: 'refs/pull/7/merge' })).toContain('actions_oidc.refs')
    expect(await tried({ event_name: 'pull_request_target' })).toContain('actions_oidc.events')
    expect(await tried({ aud: 'https://elsewhere.test' })).toContain('Bad credentials')
  })

  it('is told where nobody can work for it, and is nobody where it is not configured', async () => {
    await using without = await start({ actions_oidc: actions_oidc(), runner: { enabled: false } })
    await using off = await start({ runner: { enabled: false } })
    const headers = { authorization: `Bearer ${login()}` }

    const told = await fetch(`${without.url}/agents/tasks`, { headers })
    const unknown = await fetch(`${off.url}/agents/tasks`, { headers })

    expect([told.status, unknown.status]).toEqual([403, 401])
    expect(await told.json()).toMatchObject({ message: expect.stringContaining('forge_token') })
  })

  it('is not for the embedded forge, nor for a server that does not know its own name', async () => {
    await expect(start({ forge: 'embedded', actions_oidc: {} })).rejects.toThrow(
      'actions_oidc is for',
    )
    await expect(start({ actions_oidc: {} })).rejects.toThrow('actions_oidc needs to know')
  })
})
