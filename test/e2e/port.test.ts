import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errand, type ServeProcess, serveProcess } from '../support/errand-process.ts'
import { eventually } from '../support/eventually.ts'
import {
  type PortAnswerer,
  type PortRun,
  readAction,
  startPortAnswerer,
} from '../support/port-answerer.ts'
import { listPulls } from '../support/pulls.ts'
import { createRepository } from '../support/repository.ts'
import { finish, type ScriptedModel, startScriptedModel } from '../support/scripted-model.ts'
import { run } from '../support/run.ts'
import { scriptPrompt, untilState } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { ownerToken, settingsFor } from '../support/test-settings.ts'

// From a button in Port to a pull request, with the server as a process of its own. Port is a local
// answerer that does what its documentation says.

let folder: TempFolder
let model: ScriptedModel
let port: PortAnswerer
let server: ServeProcess

const start = readAction('start-agent-task')
const fanOut = readAction('start-agent-tasks')
const answer = readAction('answer-agent-task')

beforeAll(async () => {
  folder = await createTempFolder('port')
  port = await startPortAnswerer()
  model = await startScriptedModel(({ result }) => {
    if (result === '') return { call: [['ask_user', { question: 'Which colour?' }]] }
    if (result.includes('COLOUR.md')) return finish('Paint')
    return { call: [['write_file', { path: 'COLOUR.md', content: `${result}\n` }]] }
  })
  server = await startServer()
  for (const name of ['sums', 'more']) {
    await createRepository(join(folder.path, name))
    await errand(server.url, ['repo', 'import', join(folder.path, name), `acme/${name}`])
  }
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
  await port?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

function startServer(): Promise<ServeProcess> {
  const integrations = {
    port: {
      client_id_env: 'PORT_CLIENT_ID',
      client_secret_env: 'PORT_CLIENT_SECRET',
      token_env: 'PORT_ERRAND_TOKEN',
      base_url: port.url,
    },
  }
  const dataDir = join(folder.path, 'data')
  const settings = settingsFor(dataDir, { model, settings: { integrations, log_level: 'debug' } })
  return serveProcess(dataDir, settings, {
    PORT_CLIENT_ID: port.clientId,
    PORT_CLIENT_SECRET: port.clientSecret,
    PORT_ERRAND_TOKEN: ownerToken,
  })
}

async function untilStatus(run: PortRun, status: PortRun['status']): Promise<PortRun> {
  return await eventually(
    () => {
      if (run.status !== status) {
        throw new Error(`the run is ${run.status}: ${run.statusLabel}\n${run.logs.join('\n')}`)
      }
      return run
    },
    { timeoutMs: 90_000, what: `status ${status}` },
  )
}

it.each([
  ['start-agent-task', start],
  ['start-agent-tasks', fanOut],
  ['answer-agent-task', answer],
])('the action %s is one that Port takes', (_, action) => {
  const schema = new URL('../fixtures/port/action.schema.json', import.meta.url)
  const ajv = formats.default(new Ajv2020({ strict: false }))
  const validate = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')) as object)

  validate(action)

  expect(validate.errors).toBeNull()
})

describe('a button in Port', () => {
  it('starts a task that ends in a pull request, and shows the whole way in the run', async () => {
    const run = await port.execute(server.url, start, {
      repository: 'acme/sums',
      prompt: scriptPrompt('echo from port >> README.md', 'Say where it came from'),
      model: 'script',
      create_pull_request: true,
    })
    await untilStatus(run, 'SUCCESS')
    const pulls = await listPulls(server.client, 'acme/sums')
    const log = run.logs.join('\n')

    expect(run.answer.status).toBe(202)
    expect(pulls).toHaveLength(1)
    expect(run.statusLabel).toBe('Completed')
    expect(run.link).toEqual([
      `${server.url}/acme/sums/copilot/tasks/${run.externalRunId}`,
      pulls[0]?.html_url,
    ])
    expect(run.summary).toContain(`[pull request](${pulls[0]?.html_url})`)
    expect(log).toMatch(/^Task [0-9a-f-]{36}: http/)
    expect(log).toContain('state: in progress')
    expect(log.trimEnd().split('\n').at(-1)).toContain('state: completed')
  })

  it('starts a task in each of many repositories, and tells of the one that cannot', async () => {
    const before = await countPulls()

    const run = await port.execute(server.url, fanOut, {
      repositories: ['acme/sums', 'acme/none', 'acme/more', 'ACME/Sums'],
      prompt: scriptPrompt('echo many > many.txt', 'Add a file'),
      model: 'script',
    })
    await untilStatus(run, 'FAILURE')

    expect(await countPulls()).toBe(before + 2)
    expect(run.statusLabel).toBe('3 of 3 done')
    expect(run.summary?.split('\n')).toEqual([
      expect.stringMatching(/^- acme\/sums: completed, \[task\]\(.*\), \[pull request\]/),
      '- acme/none: not started: Not Found',
      expect.stringMatching(/^- acme\/more: completed/),
    ])
    expect(run.logs.join('\n')).toContain('acme/none: Not started: Not Found')
  })

  it('shows what the agent asks, and another button answers it', async () => {
    const asking = await port.execute(server.url, start, {
      repository: 'acme/sums',
      prompt: 'Paint it',
      model: 'scripted',
      create_pull_request: false,
    })
    await eventually(() => expect(asking.statusLabel).toBe('Waiting for an answer'))
    const task_id = asking.externalRunId ?? ''

    const answering = await port.execute(server.url, answer, { task_id, answer: 'Blue' })
    await untilStatus(answering, 'SUCCESS')
    await untilStatus(asking, 'SUCCESS')
    const again = await port.execute(server.url, answer, { task_id, answer: 'Red' })
    await untilStatus(again, 'FAILURE')

    expect(asking.logs.join('\n')).toContain('The agent asks: Which colour?')
    expect(asking.logs.join('\n')).toContain('answer: Blue')
    expect(again.summary).toContain('does not wait for an answer')
    expect(await server.client.call('getTaskDiff', { params: { task_id } })).toContain('Blue')
  })

  it('reports in the end, whatever Port answers in between', async () => {
    port.failNext(2, 500)
    port.revokeTokens()
    const run = await port.execute(server.url, start, {
      repository: 'acme/more',
      prompt: scriptPrompt('echo again > again.txt', 'Try again'),
      model: 'script',
    })
    await eventually(() => expect(run.logs.length).toBeGreaterThan(0))
    port.failNext(1, 429, { 'retry-after': '1' })

    await untilStatus(run, 'SUCCESS')

    expect(new Set(run.logs).size).toBe(run.logs.length)
  })

  it('does without what Port refuses, and lets go of a run that was ended in Port', async () => {
    const inputs = { repository: 'acme/more', model: 'script' }
    port.failNext(1, 422)
    const refused = await port.execute(server.url, start, {
      ...inputs,
      prompt: scriptPrompt('true'),
    })
    await untilStatus(refused, 'SUCCESS')
    const ended = await port.execute(server.url, start, {
      ...inputs,
      prompt: scriptPrompt('sleep 5; echo on > on.txt', 'Go on'),
    })
    await eventually(() => {
      expect(ended.logs.join('')).toContain('in progress')
      expect(ended.externalRunId).toBeDefined()
    })
    ended.status = 'FAILURE'

    await eventually(() => expect(server.output()).toContain('Port is not told any more of a run'))
    const before = ended.logs.length
    // The task goes on, whatever became of the button.
    await untilState(server.client, ended.externalRunId ?? '', 'completed')
    expect(ended.logs).toHaveLength(before)
  })

  it('survives kill -9 of the server: nothing is lost, nothing begun twice', async () => {
    const before = await countPulls()
    const run = await port.execute(server.url, fanOut, {
      repositories: ['acme/sums', 'acme/more'],
      prompt: scriptPrompt('sleep 2; echo killed > killed.txt', 'Survive'),
      model: 'script',
    })
    // Accepted is stored: where in the way the kill falls is left to the machine.
    await server.kill()
    server = await startServer()
    await eventually(() => expect(run.logs.join('\n')).toContain('state: in progress'))
    await server.kill()
    server = await startServer()

    await untilStatus(run, 'SUCCESS')

    expect(await countPulls()).toBe(before + 2)
  })
})

describe('whoever is not Port', () => {
  const request = (run_id: string, repositories: unknown = ['acme/sums']) => ({
    action: 'start_agent_task',
    run_id,
    repositories,
    prompt: scriptPrompt('true'),
    model: 'script',
  })

  it.each([
    ['with another secret', { secret: 'guessed' }],
    [
      'with the signature of an older request',
      { signature: `v1,${Buffer.alloc(32).toString('base64')}` },
    ],
    ['with half a signature', { signature: 'v1,AAAA' }],
    ['with a signature of another version', { signature: 'v2,AAAA' }],
    ['with a signature ten minutes old', { timestamp: Math.floor(Date.now() / 1000) - 600 }],
    ['with one from the future', { timestamp: Math.floor(Date.now() / 1000) + 600 }],
    ['with no time at all', { timestamp: Number.NaN }],
  ])('%s is refused', async (_, forged) => {
    const { id } = port.createRun()

    const response = await port.send(server.url, request(id), forged)

    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ message: expect.any(String), status: '401' })
    expect(port.run(id).logs).toEqual([])
  })

  it('changes nothing by sending a captured request again', async () => {
    const run = port.createRun()
    const before = await countTasks()
    const first = await port.send(server.url, request(run.id))
    const second = await port.send(server.url, request(run.id))
    const other = await port.send(server.url, request(run.id, ['acme/more']))
    await untilStatus(run, 'SUCCESS')

    expect(await first.json()).toEqual({ run_id: run.id, replayed: false })
    expect(await second.json()).toEqual({ run_id: run.id, replayed: true })
    expect(other.status).toBe(422)
    expect(await countTasks()).toBe(before + 1)
  })

  it.each([
    ['a path for a run', { ...request('../../v1/blueprints') }],
    ['a run with a query', { ...request('r_1?version=v2') }],
    ['a repository that is a path', { ...request('r_1', ['../../etc']) }],
    ['no repository', { ...request('r_1', []) }],
    [
      '501 repositories',
      {
        ...request(
          'r_1',
          Array.from({ length: 501 }, (_, at) => `o/r${at}`),
        ),
      },
    ],
    ['another action', { ...request('r_1'), action: 'delete_everything' }],
    ['no prompt', { ...request('r_1'), prompt: null }],
    ['a list', []],
    ['no JSON', '{'],
  ])('may not ask for %s', async (_, body) => {
    const response = await port.send(server.url, body)

    expect([400, 422]).toContain(response.status)
    expect(await response.json()).toMatchObject({ documentation_url: expect.any(String) })
  })

  it('may not send more than a mebibyte', async () => {
    const response = await port.send(server.url, {
      ...request('r_1'),
      prompt: 'x'.repeat(1024 * 1024),
    })

    expect(response.status).toBe(413)
  })

  it('finds no secret in the log, nor anywhere in the data folder', async () => {
    await server.stop()
    const grep = `grep -rlF -e '${port.clientSecret}' '${join(folder.path, 'data')}' || true`

    expect(server.output()).not.toContain(port.clientSecret)
    expect(server.output()).not.toContain(ownerToken)
    expect(await run('sh', ['-c', grep])).toBe('')
    server = await startServer()
  })
})

async function countPulls(): Promise<number> {
  const lists = ['acme/sums', 'acme/more'].map((name) => listPulls(server.client, name))
  return (await Promise.all(lists)).flat().length
}

async function countTasks(): Promise<number> {
  const { tasks } = await server.client.call('listTasks', { params: {}, query: { per_page: 100 } })
  return tasks.length
}
