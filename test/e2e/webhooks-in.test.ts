import { Octokit } from 'octokit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { artifactOf, completeTask, getTask, scriptPrompt } from '../support/tasks.ts'

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
