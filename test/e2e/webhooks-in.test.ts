import { join } from 'node:path'
import { Octokit } from 'octokit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type GitHubEndpoints, startGitHubEndpoints } from '../support/github-endpoints.ts'
import { type GitHubDouble, startBehind, startGitHub } from '../support/github-forge.ts'
import { clientFor, type Errand, startErrand } from '../support/start-errand.ts'
import { artifactOf, completeTask, getTask, scriptPrompt } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'

// A comment on a task's pull request becomes the task's next session.

describe('on the embedded forge, without any configuration', () => {
  let errand: Errand
  let octokit: Octokit
  const repo = { owner: 'acme', repo: 'sums' }

  beforeAll(async () => {
    errand = await startErrand()
    await errand.addRepository('acme/sums')
    octokit = new Octokit({
      baseUrl: errand.url,
      auth: errand.token,
      retry: { enabled: false },
      throttle: { enabled: false },
    })
  })
  afterAll(() => errand?.[Symbol.asyncDispose]())

  it('a comment is a follow-up on the same branch, is seen, and is answered', async () => {
    const task = await completeTask(errand.client, 'acme/sums', {
      prompt: scriptPrompt('echo more >> README.md'),
      model: 'script',
      create_pull_request: true,
    })
    const pull_number = artifactOf(task, 'pull')?.number ?? 0
    const { data: before } = await octokit.rest.pulls.get({ ...repo, pull_number })

    const { data: comment } = await octokit.rest.issues.createComment({
      ...repo,
      issue_number: pull_number,
      body: `@errand ${scriptPrompt('echo and more >> README.md')}`,
    })
    const replies = await eventually(
      async () => {
        const { data } = await octokit.rest.issues.listComments({
          ...repo,
          issue_number: pull_number,
        })
        if (data.length < 2) throw new Error('no reply yet')
        return data.slice(1)
      },
      { timeoutMs: 60_000, what: 'the reply' },
    )

    const { data: after } = await octokit.rest.pulls.get({ ...repo, pull_number })
    expect(after.head.ref).toBe(before.head.ref)
    expect(after.head.sha).not.toBe(before.head.sha)
    const followed = await getTask(errand.client, task.id)
    expect(followed).toMatchObject({ state: 'completed', session_count: 2 })
    expect(followed.sessions[1]?.prompt).toMatch(/^Change what the test asks for/)
    expect(replies).toMatchObject([{ user: { login: 'errand[bot]', type: 'Bot' } }])
    expect(replies[0]?.body).toContain(`/acme/sums/copilot/tasks/${task.id}`)
    const { data: reactions } = await octokit.rest.reactions.listForIssueComment({
      ...repo,
      comment_id: comment.id,
    })
    expect(reactions.map(({ content }) => content)).toEqual(['eyes', 'rocket'])
  })

  it('a label begins an automation on the branch of its pull request, which is told the end', async () => {
    const task = await completeTask(errand.client, 'acme/sums', {
      prompt: scriptPrompt('echo by a task >> README.md'),
      model: 'script',
      create_pull_request: true,
    })
    const issue_number = artifactOf(task, 'pull')?.number ?? 0
    const { data: before } = await octokit.rest.pulls.get({ ...repo, pull_number: issue_number })
    const params = { owner: 'acme', repo: 'sums' }
    const automation = await errand.client.call('createAutomation', {
      params,
      body: {
        name: 'Polish',
        prompt: scriptPrompt('echo polished >> README.md'),
        model: 'script',
        triggers: { pull_request: { types: ['labeled'], labels: ['polish'], paths: ['*.md'] } },
        tools: ['create_pull_request', 'add_comment'],
      },
    })

    await octokit.rest.issues.addLabels({ ...repo, issue_number, labels: ['other'] })
    await octokit.rest.issues.addLabels({ ...repo, issue_number, labels: ['polish'] })
    const comment = await eventually(
      async () => {
        const { data } = await octokit.rest.issues.listComments({ ...repo, issue_number })
        if (data[0] === undefined) throw new Error('no comment yet')
        return data
      },
      { timeoutMs: 60_000, what: 'the comment' },
    )

    const path = { ...params, automation_id: automation.id }
    const { runs } = await errand.client.call('listAutomationRuns', { params: path })
    expect(runs).toMatchObject([{ event: 'pull_request', type: 'labeled', status: 'completed' }])
    const { data: after } = await octokit.rest.pulls.get({ ...repo, pull_number: issue_number })
    expect(after.head.ref).toBe(before.head.ref)
    expect(after.head.sha).not.toBe(before.head.sha)
    const { data: pulls } = await octokit.rest.pulls.list({
      ...repo,
      head: `acme:${after.head.ref}`,
    })
    expect(pulls).toHaveLength(1)
    expect(comment).toMatchObject([{ user: { login: 'errand[bot]' } }])
    expect(comment[0]?.body).toMatch(/The automation `Polish` is done/)
    expect(comment[0]?.body).toContain(`/acme/sums/copilot/tasks/${runs[0]?.task_id}`)
  })
})

describe("on a GitHub, whose webhooks it is sent, by the token of Errand's App", () => {
  const repo = { owner: 'acme', repo: 'sums' }
  const secret = 'of the webhook'
  let folder: TempFolder
  let github: GitHubDouble
  let endpoints: GitHubEndpoints
  let errand: Awaited<ReturnType<typeof startBehind>>

  beforeAll(async () => {
    folder = await createTempFolder('webhooks-in')
    github = await startGitHub({ webhooks: { allow_private_addresses: true } })
    endpoints = await startGitHubEndpoints(github)
    await github.errand.addRepository('acme/sums')
    endpoints.app.installedOn.add('acme/sums')
    await github.addMember('alice', 'acme/sums')
    await github.addMember('bob', 'acme/sums')
    await github.addMember('rita', 'acme/sums', 'read')
    const settings = {
      forge: endpoints.url,
      github_app: { app_id: endpoints.app.id, private_key_env: 'APP_KEY' },
      integrations: { github: { secret_env: 'WEBHOOK_SECRET' } },
    }
    errand = await startBehind(join(folder.path, 'data'), settings, {
      APP_KEY: endpoints.app.privateKey,
      WEBHOOK_SECRET: secret,
    })
    await octokitOf(github.errand.token).rest.repos.createWebhook({
      ...repo,
      config: { url: `${errand.url}/integrations/github/webhooks`, content_type: 'json', secret },
      events: ['issue_comment', 'pull_request', 'push'],
    })
  })
  afterAll(async () => {
    await errand?.close()
    await endpoints?.[Symbol.asyncDispose]()
    await github?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  function octokitOf(auth: string): Octokit {
    const off = { enabled: false }
    return new Octokit({ baseUrl: endpoints.url, auth, retry: off, throttle: off })
  }

  it('a colleague goes on in their own name, and who may only read does not', async () => {
    const alice = clientFor(errand.url, await github.tokenOf('alice', { scopes: ['repo'] }))
    const bobToken = await github.tokenOf('bob', { scopes: ['repo'] })
    const rita = octokitOf(await github.tokenOf('rita', { scopes: ['repo'] }))
    const bob = octokitOf(bobToken)
    const task = await completeTask(alice, 'acme/sums', {
      prompt: scriptPrompt('echo more >> README.md'),
      model: 'script',
      create_pull_request: true,
    })
    const issue_number = artifactOf(task, 'pull')?.number ?? 0
    const say = async (who: Octokit, script: string) => {
      const body = `@errand ${scriptPrompt(script)}`
      await who.rest.issues.createComment({ ...repo, issue_number, body })
    }

    await say(rita, 'echo rita >> README.md')
    await say(bob, 'echo bob >> README.md')
    const comments = await eventually(
      async () => {
        const { data } = await bob.rest.issues.listComments({ ...repo, issue_number })
        if (data.length < 3) throw new Error(errand.log.slice(-8).join('\n'))
        return data
      },
      { timeoutMs: 60_000, what: 'the reply' },
    )

    const ignored = await errand.store.db.selectFrom('pull_comments').selectAll().execute()
    expect(ignored.map(({ user_login: login, outcome }) => [login, outcome])).toContainEqual([
      'rita',
      'its author may not write to the repository',
    ])
    expect(comments.map(({ user }) => user?.login)).toEqual(['rita', 'bob', 'errand[bot]'])
    expect(comments.map(({ reactions }) => reactions?.total_count)).toEqual([0, 2, 0])
    expect(comments[2]?.body).toContain('@bob, it is done')
    const { sessions } = await getTask(alice, task.id)
    const { data: user } = await bob.rest.users.getAuthenticated()
    expect(sessions.map((session) => session.user?.id)).toEqual([task.creator?.id, user.id])
    const ref = artifactOf(task, 'branch')?.head_ref ?? ''
    const { data: file } = await bob.rest.repos.getContent({ ...repo, path: 'README.md', ref })
    const text = Buffer.from('content' in file ? file.content : '', 'base64').toString()
    expect(text).toMatch(/^more\nbob$/m)
    expect(text).not.toContain('rita')
    // Nothing was done with a token of a user's.
    expect(await errand.store.db.selectFrom('credentials').selectAll().execute()).toEqual([])
  })

  it('a campaign notices at once that a pull request was closed', async () => {
    const token = await github.tokenOf('alice', { scopes: ['repo'] })
    const alice = clientFor(errand.url, token)
    const { id } = await alice.call('createCampaign', {
      params: {},
      body: {
        prompt: scriptPrompt('echo campaign >> CAMPAIGN.md'),
        model: 'script',
        create_pull_request: true,
        targets: [{ repository: 'acme/sums' }],
      },
    })
    const untilPulls = async (pulls: object) =>
      await eventually(
        async () => {
          const found = await alice.call('getCampaign', { params: { campaign_id: id } })
          expect(found.pulls).toMatchObject(pulls)
        },
        { timeoutMs: 60_000, what: JSON.stringify(pulls) },
      )
    const target = await eventually(
      async () => {
        // Looked at once: without a webhook the next look is a quarter of an hour later.
        const [row] = await errand.store.db
          .selectFrom('campaign_targets')
          .selectAll()
          .where('campaign_id', '=', id)
          .where('pull_checked_at', 'is not', null)
          .execute()
        if (row === undefined) throw new Error('not looked at yet')
        return row
      },
      { timeoutMs: 60_000, what: 'the first look' },
    )
    await untilPulls({ open: 1, closed: 0 })
    const task = await getTask(alice, target.task_id ?? '')
    const pull_number = artifactOf(task, 'pull')?.number ?? 0

    const octokit = octokitOf(github.errand.token)
    await octokit.rest.pulls.update({ ...repo, pull_number, state: 'closed' })

    await untilPulls({ open: 0, closed: 1 })
  })
})
