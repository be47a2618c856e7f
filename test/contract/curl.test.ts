import { afterAll, beforeAll, expect, it } from 'vitest'
import { requireContract } from '../support/contract.ts'
import { run } from '../support/run.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts'
import { artifactOf, scriptPrompt, untilState } from '../support/tasks.ts'

let model: ScriptedModel
let errand: Errand

beforeAll(async () => {
  model = await startScriptedModel([
    { call: [['write_file', { path: 'HELLO.md', content: 'Hello\n' }]] },
    { say: 'Said hello.' },
  ])
  errand = await startErrand({ model })
  await errand.addRepository('OWNER/REPO')
})
afterAll(async () => {
  await errand?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

/** The call of GitHub's documentation with its host replaced: no Content-Type, so a form by name. */
async function documentedCurl(
  url: string,
  body: object,
): Promise<{ status: number; body: { id: string } }> {
  const printed = await run('curl', [
    '--silent',
    '-X',
    'POST',
    '-H',
    'Accept: application/vnd.github+json',
    '-H',
    'X-GitHub-Api-Version: 2022-11-28',
    '-H',
    `Authorization: Bearer ${errand.token}`,
    `${url}/agents/repos/OWNER/REPO/tasks`,
    '-d',
    JSON.stringify(body),
    '--write-out',
    '\n%{http_code}',
  ])
  const [status, ...lines] = printed.split('\n').toReversed()
  const answer = { status: Number(status), body: JSON.parse(lines.toReversed().join('\n')) }
  requireContract('POST', '/agents/repos/OWNER/REPO/tasks', answer.status, answer.body)
  return answer
}

it('takes the documented curl, and polling it reaches completed with branch and pull', async () => {
  const { status, body } = await documentedCurl(errand.url, {
    prompt: 'Write a file that says hello',
    base_ref: 'main',
    model: 'auto',
    create_pull_request: true,
  })
  const task = await untilState(errand.client, body.id, 'completed')

  expect(status).toBe(201)
  expect(body).toMatchObject({
    state: 'queued',
    session_count: 1,
    artifacts: [],
    archived_at: null,
  })
  expect(body).not.toHaveProperty('sessions')
  expect(artifactOf(task, 'branch')).toMatchObject({ base_ref: 'main' })
  expect(artifactOf(task, 'pull')).toMatchObject({ id: 1, number: 1 })
})

it('says without a model how to configure one, and that script needs none', async () => {
  await using bare = await startErrand({ settings: { runner: { enabled: false } } })
  await bare.addRepository('OWNER/REPO')

  const auto = await documentedCurl(bare.url, { prompt: 'p', model: 'auto' })
  const none = await documentedCurl(bare.url, { prompt: 'p' })
  const script = await documentedCurl(bare.url, { prompt: scriptPrompt('true'), model: 'script' })

  expect([auto.status, none.status, script.status]).toEqual([422, 422, 201])
  expect(JSON.stringify(auto.body)).toMatch(/ANTHROPIC_API_KEY|errand\.yml/)
  expect(JSON.stringify(auto.body)).toMatch(/script/)
  expect(none.body).toEqual(auto.body)
})
