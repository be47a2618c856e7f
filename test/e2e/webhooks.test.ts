import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Octokit } from 'octokit'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { errand as errandCommand, serveProcess } from '../support/errand-process.ts'
import { eventually } from '../support/eventually.ts'
import { createRepository } from '../support/repository.ts'
import { createTask, scriptPrompt, untilState } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { ownerToken, settingsFor } from '../support/test-settings.ts'

interface Told {
  guid: string
  event: string
  payload: { action?: string; ref?: string; task?: { id: string }; number?: number }
}

const secret = 'a secret of both sides'
const name = { owner: 'acme', repo: 'sums' }

let told: Told[]
let status: number
let folder: TempFolder
let receiver: ReturnType<typeof createServer>
let url: string

beforeEach(async () => {
  told = []
  status = 200
  folder = await createTempFolder('hooks')
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
      // What is not signed did not come from Errand.
      const isSigned = request.headers['x-hub-signature-256'] === signature
      const payload = JSON.parse(body.toString()) as Told['payload']
      const guid = String(request.headers['x-github-delivery'])
      const event = String(request.headers['x-github-event'])
      if (isSigned) told.push({ guid, event, payload })
      response.writeHead(isSigned ? status : 401).end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
})
afterEach(async () => {
  receiver.closeAllConnections()
  receiver.close()
  await folder[Symbol.asyncDispose]()
})

const shown = ({ event, payload }: Told) => `${event} ${payload.action ?? payload.ref ?? ''}`.trim()

async function start() {
  const dataDir = join(folder.path, 'data')
  const settings = settingsFor(dataDir, {
    settings: { webhooks: { allow_private_addresses: true } },
  })
  return await serveProcess(dataDir, settings)
}

it('a webhook made by Octokit is told of tasks, pushes and pull requests, signed', async () => {
  await createRepository(join(folder.path, 'source'))
  await using server = await start()
  await errandCommand(server.url, ['repo', 'import', join(folder.path, 'source'), 'acme/sums'])
  const octokit = new Octokit({ auth: ownerToken, baseUrl: server.url })
  const { data: hook } = await octokit.rest.repos.createWebhook({
    ...name,
    config: { url, content_type: 'json', secret },
    events: ['agent_task', 'push', 'pull_request'],
  })
  await eventually(() => expect(told.map(shown)).toContain('ping'), { what: 'the ping' })

  const { id } = await createTask(server.client, 'acme/sums', {
    prompt: scriptPrompt('echo 1 >> one.md'),
    model: 'script',
    create_pull_request: true,
  })
  await untilState(server.client, id, 'completed')
  await eventually(() => expect(told.map(shown)).toContain('pull_request opened'), {
    what: 'all that happened',
  })

  const ofTask = told.filter(({ event }) => event === 'agent_task')
  await eventually(() => expect(told.map(shown)).toContain('agent_task completed'), {
    what: 'the end of the task',
  })
  expect(new Set(ofTask.map(({ payload }) => payload.task?.id))).toEqual(new Set([id]))
  expect(told.map(shown).filter((one) => one.startsWith('agent_task'))).toEqual([
    'agent_task queued',
    'agent_task in_progress',
    'agent_task completed',
  ])
  // The import's own branches and tags may be told as well.
  await eventually(() => {
    expect(told.map(shown)).toContainEqual(expect.stringMatching(/^push refs\/heads\/errand\//))
  })
  // Each once.
  expect(new Set(told.map(({ guid }) => guid)).size).toBe(told.length)

  const hookOf = { ...name, hook_id: hook.id }
  // Noted when it was answered, which is a little after it was told.
  const first = await eventually(async () => {
    const { data: list } = await octokit.rest.repos.listWebhookDeliveries(hookOf)
    const found = list.find(({ action }) => action === 'completed')
    if (found === undefined) throw new Error('it is not noted yet')
    return found
  })
  await octokit.rest.repos.redeliverWebhookDelivery({
    ...hookOf,
    delivery_id: first.id,
  })
  await eventually(() => expect(told.filter(({ guid }) => guid === first.guid)).toHaveLength(2), {
    what: 'the redelivery',
  })
})

it('what a webhook did not take is told again after kill -9, under the same GUID, and nothing is lost', async () => {
  await createRepository(join(folder.path, 'source'))
  const first = await start()
  await errandCommand(first.url, ['repo', 'import', join(folder.path, 'source'), 'acme/sums'])
  await errandCommand(first.url, ['webhook', 'create', url, '-R', 'acme/sums', '--secret', secret])
  await eventually(() => expect(told.map(shown)).toEqual(['ping']), { what: 'the ping' })
  status = 503
  told.length = 0
  const { id } = await createTask(first.client, 'acme/sums', {
    prompt: scriptPrompt('true'),
    model: 'script',
  })
  await eventually(() => expect(told.length).toBeGreaterThan(0), { what: 'the first attempt' })
  await first.kill()
  const tried = told.splice(0)
  status = 200

  await using second = await start()
  await untilState(second.client, id, 'completed')
  await eventually(
    () => {
      const actions = told.map(({ payload }) => payload.action)
      expect(actions).toContain('in_progress')
      expect(actions).toContain('completed')
      // As the runner died as well the session is queued twice: what counts is what was tried.
      const guids = told.map(({ guid }) => guid)
      for (const { guid } of tried) expect(guids).toContain(guid)
    },
    { timeoutMs: 120_000, what: 'all that happened' },
  )
  expect(tried[0]?.payload.action).toBe('queued')
}, 180_000)
