import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Webhooks } from '@octokit/webhooks'
import { expect, it } from 'vitest'
import { errand, type ServeProcess, serveProcess } from '../support/errand-process.ts'
import { eventually } from '../support/eventually.ts'
import { createRandom } from '../support/random.ts'
import { createRepository } from '../support/repository.ts'
import { artifactOf, completeTask, eventsOf, scriptPrompt } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { ownerToken, settingsFor } from '../support/test-settings.ts'

const rounds = 3
const atOnce = 8
/** Give the seed of a failed run to have the same moments again. */
const seed = Number(process.env.ERRAND_TEST_SEED ?? Date.now() % 1_000_000)
/** About what it takes to write, take and answer them. */
const longestWaitMs = 700

const params = { owner: 'acme', repo: 'sums' }
const secret = 'of the webhook'
const title = `every comment is taken once, begins one run and is answered once, whenever the server is killed (ERRAND_TEST_SEED=${seed})`

interface Comment {
  id: number
  body: string
  user: { type: string }
}

it(title, { timeout: 240_000 }, async () => {
  const random = createRandom(seed)
  await using folder = await createTempFolder('comment-crash')
  const dataDir = join(folder.path, 'data')
  const start = (enabled: boolean) => {
    const integrations = { github: { secret_env: 'WEBHOOK_SECRET' } }
    const settings = settingsFor(dataDir, { settings: { integrations, runner: { enabled } } })
    return serveProcess(dataDir, settings, { WEBHOOK_SECRET: secret })
  }
  let server = await start(true)
  try {
    await createRepository(join(folder.path, 'source'))
    await errand(server.url, ['repo', 'import', join(folder.path, 'source'), 'acme/sums'])
    const task = await completeTask(server.client, 'acme/sums', {
      prompt: scriptPrompt('echo first >> log.txt'),
      model: 'script',
      create_pull_request: true,
    })
    const number = artifactOf(task, 'pull')?.number ?? 0
    const automation = await server.client.call('createAutomation', {
      params,
      body: {
        name: 'Each comment',
        prompt: 'Look at it',
        model: 'script',
        triggers: { issue_comment: { body_substring: 'comment' } },
        allow_concurrent_runs: true,
      },
    })
    await server.stop()

    // Without a runner, so that what the task was given can be counted.
    server = await start(false)
    for (let round = 0; round < rounds; round += 1) {
      const texts = Array.from({ length: atOnce }, (_, n) => `round ${round}, comment ${n}.`)
      const written = Promise.allSettled(texts.map((text) => write(server, number, text)))
      // Not a wait for something: the moment of the kill.
      await delay(random() * longestWaitMs)
      await server.kill()
      await written
      server = await start(false)
    }
    let asked = await comments(server, number)
    await write(server, number, 'round 9, comment 0.')
    const isEachGivenOnce = async () => {
      const given = (await eventsOf(server.client, task.id)).filter(
        ({ type }) => type === 'user.message' || type === 'session.created',
      )
      const texts = given.map(({ data }) => JSON.stringify(data)).join('\n')
      const counts = asked.map(({ body }) => texts.split(textOf(body)).length - 1)
      expect(counts).toEqual(asked.map(() => 1))
    }
    const patience = { timeoutMs: 60_000, what: 'each comment once among the messages' }
    await eventually(isEachGivenOnce, patience)
    // Told of again, under other names, none is given again.
    for (const comment of asked) await deliver(server, number, comment)
    await write(server, number, 'round 9, comment 1.')
    asked = await comments(server, number)
    await eventually(isEachGivenOnce, patience)
    await eventually(async () => {
      const begun = await commentsOfRuns(server, automation.id)
      expect(begun).toEqual(asked.map(({ id }) => id).toSorted((a, b) => a - b))
    }, patience)
    // They were only counted.
    await cancelTasks(server, automation.id)
    await server.stop()

    server = await start(true)
    await delay(random() * 3000)
    await server.kill()
    server = await start(true)
    await eventually(
      async () => {
        const said = (await comments(server, number, 'Bot')).map(({ body }) => body).join('\n')
        const counts = asked.map(
          ({ id }) => said.split(`<!-- errand: comment ${id} -->`).length - 1,
        )
        expect(counts).toEqual(asked.map(() => 1))
      },
      { timeoutMs: 90_000, what: 'one reply for each comment' },
    )
  } finally {
    await server.kill()
  }
})

/** The comments that the automation's tasks are of. */
async function commentsOfRuns(server: ServeProcess, automation_id: string): Promise<number[]> {
  const path = { params: { ...params, automation_id }, query: { per_page: 100 } }
  const { runs } = await server.client.call('listAutomationRuns', path)
  const begun = runs.filter((run) => run.task_id !== undefined)
  expect(begun).toHaveLength(runs.length)
  expect(new Set(begun.map((run) => run.task_id)).size).toBe(begun.length)
  return begun
    .map(({ resource_url: url = '' }) => Number(url.split('#issuecomment-')[1]))
    .toSorted((a, b) => a - b)
}

async function cancelTasks(server: ServeProcess, automation_id: string): Promise<void> {
  const path = { params: { ...params, automation_id }, query: { per_page: 100 } }
  const { tasks } = await server.client.call('listAutomationTasksForRepo', path)
  for (const { id } of tasks) await call(server, 'POST', `/agents/tasks/${id}/cancel`, {})
}

const textOf = (body: string): string => /round \d+, comment \d+\./.exec(body)?.[0] ?? 'none'

async function write(server: ServeProcess, number: number, text: string): Promise<void> {
  const body = `@errand ${scriptPrompt('echo more >> log.txt', text)}`
  await call(server, 'POST', `/repos/acme/sums/issues/${number}/comments`, { body })
}

async function comments(server: ServeProcess, number: number, type = 'User'): Promise<Comment[]> {
  const path = `/repos/acme/sums/issues/${number}/comments?per_page=100`
  return ((await call(server, 'GET', path)) as Comment[]).filter(({ user }) => user.type === type)
}

async function call(server: ServeProcess, method: string, path: string, body?: object) {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${ownerToken}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return await answer.json()
}

async function deliver(server: ServeProcess, number: number, comment: Comment): Promise<void> {
  const repository = (await call(server, 'GET', '/repos/acme/sums')) as object
  const issue = { number, pull_request: {} }
  const sender = comment.user
  const body = JSON.stringify({ action: 'created', issue, comment, repository, sender })
  const answer = await fetch(`${server.url}/integrations/github/webhooks`, {
    method: 'POST',
    body,
    headers: {
      'x-github-event': 'issue_comment',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': await new Webhooks({ secret }).sign(body),
    },
  })
  expect(answer.status).toBe(202)
}
