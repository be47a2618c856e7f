import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Webhooks } from '@octokit/webhooks'
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
  }, 60_000)
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
    github = await startGitHub()
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
  }, 120_000)
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

  /** As GitHub tells of a comment that was written. */
  async function deliver(comment: object, issueNumber: number): Promise<unknown> {
    const id = github.errand.forge.listRepositories()[0]?.id
    const body = JSON.stringify({
      action: 'created',
      issue: { number: issueNumber, pull_request: {} },
      comment,
      repository: { id, full_name: 'acme/sums' },
    })
    const answer = await fetch(`${errand.url}/integrations/github/webhooks`, {
      method: 'POST',
      body,
      headers: {
        'x-github-event': 'issue_comment',
        'x-github-delivery': randomUUID(),
        'x-hub-signature-256': await new Webhooks({ secret }).sign(body),
      },
    })
    return await answer.json()
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
      const { data } = await who.rest.issues.createComment({ ...repo, issue_number, body })
      return await deliver(data, issue_number)
    }

    const told = [
      await say(rita, 'echo rita >> README.md'),
      await say(bob, 'echo bob >> README.md'),
    ]
    const comments = await eventually(
      async () => {
        const { data } = await bob.rest.issues.listComments({ ...repo, issue_number })
        if (data.length < 3) throw new Error(errand.log.slice(-8).join('\n'))
        return data
      },
      { timeoutMs: 60_000, what: 'the reply' },
    )

    expect(told).toEqual([
      { accepted: true, replayed: false },
      { accepted: true, replayed: false },
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
})
