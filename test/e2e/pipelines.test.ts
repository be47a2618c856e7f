import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { baseEnvironment } from '../support/base-environment.ts'
import { eventually } from '../support/eventually.ts'
import { missingPrograms } from '../support/programs.ts'
import { listPulls } from '../support/pulls.ts'
import { type RunResult, tryRun } from '../support/run.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { scriptPrompt, untilState } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { openWorkflowParser } from '../support/workflow-parser.ts'

// The action and the examples for other pipelines: their own text is taken from their files and run as the
// pipeline would run it.

const missing = missingPrograms('curl', 'jq')
const root = fileURLToPath(new URL('../..', import.meta.url))
const action = parse(readRoot('action.yml')) as {
  inputs: Record<string, { default?: string; required?: boolean }>
  outputs: Record<string, { value: string }>
  runs: { steps: { id: string; shell: string; run: string; env: Record<string, string> }[] }
}

let folder: TempFolder
let errand: Errand

beforeAll(async () => {
  folder = await createTempFolder('pipelines')
  errand = await startErrand()
  await errand.addRepository('acme/sums')
})
afterAll(async () => {
  await errand?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

function readRoot(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

const prompt = scriptPrompt('echo pipeline >> README.md', 'Say where it came from')

interface ActionRun extends RunResult {
  outputs: Record<string, string>
}

let runs = 0

interface PreparedStep {
  script: string
  env: Record<string, string>
  outputFile: string
}

/** The action's step as the runner starts it: inputs to expressions, expressions to variables. */
async function prepareStep(inputs: Record<string, string>): Promise<PreparedStep> {
  runs += 1
  const github: Record<string, string> = {
    repository: 'acme/sums',
    run_id: String(runs),
    run_attempt: '1',
    job: 'test',
    action: '__errand',
  }
  const evaluate = (text: string, values: Record<string, string>): string =>
    text.replaceAll(/\$\{\{ (\w+)\.(\w+) \}\}/g, (_, scope: string, key: string) =>
      scope === 'github' ? (github[key] ?? '') : (values[key] ?? ''),
    )
  const given = Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [
      name,
      inputs[name] ?? evaluate(input.default ?? '', {}),
    ]),
  )
  const [step, ...others] = action.runs.steps
  if (step === undefined || others.length > 0) throw new Error('the action has one step')
  // Nothing of an input may become text of the script.
  expect(step).toMatchObject({ shell: 'bash', run: expect.not.stringContaining('${{') })
  const outputFile = join(folder.path, `output-${runs}`)
  const script = join(folder.path, `step-${runs}.sh`)
  await writeFile(outputFile, '')
  await writeFile(script, step.run)
  const variables = Object.entries(step.env).map(([name, value]) => [name, evaluate(value, given)])
  const env = {
    ...Object.fromEntries(variables),
    GITHUB_ACTION_PATH: root,
    GITHUB_OUTPUT: outputFile,
  }
  return { script, env, outputFile }
}

/** How the runner calls a step whose shell is bash. */
const shell = ['--noprofile', '--norc', '-eo', 'pipefail']

async function runAction(inputs: Record<string, string>): Promise<ActionRun> {
  const { script, env, outputFile } = await prepareStep(inputs)
  const result = await tryRun('bash', [...shell, script], { env })
  return { ...result, outputs: await readOutputs(outputFile) }
}

async function readOutputs(file: string): Promise<Record<string, string>> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=')
      return [line.slice(0, at), line.slice(at + 1)]
    }),
  )
}

describe.skipIf(missing !== '')(`the action${missing}`, () => {
  it("and the workflow are right by GitHub's own parser", async () => {
    const parser = await openWorkflowParser()
    const workflow = '.github/workflows/agent-task.yml'

    expect(parser.action('action.yml', readRoot('action.yml'))).toEqual([])
    expect(parser.workflow(workflow, readRoot(workflow))).toEqual([])
    // It would say so.
    expect(parser.action('action.yml', 'name: x\nruns: {using: nothing}')).not.toEqual([])
    expect(parser.workflow(workflow, 'on: push\njobs: {a: {steps: 1}}')).not.toEqual([])
  })

  it('waits for the pull request, and gives it on', async () => {
    const { code, outputs, stdout } = await runAction({
      prompt,
      model: 'script',
      url: `${errand.url}/`,
      token: errand.token,
    })
    const [pull] = await listPulls(errand.client, 'acme/sums')

    expect({ code, stdout }).toMatchObject({ code: 0 })
    expect(Object.keys(outputs)).toEqual(expect.arrayContaining(Object.keys(action.outputs)))
    expect(outputs).toEqual({
      task_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      task_url: `${errand.url}/acme/sums/copilot/tasks/${outputs.task_id}`,
      state: 'completed',
      pull_request_url: pull?.html_url,
      head_ref: pull?.head.ref,
    })
  })

  it('does not wait when it is not to', async () => {
    const { code, outputs } = await runAction({
      prompt: scriptPrompt('sleep 1'),
      model: 'script',
      url: errand.url,
      token: errand.token,
      wait: 'false',
    })

    expect(code).toBe(0)
    expect(outputs).toMatchObject({ state: 'queued', pull_request_url: '' })
  })

  it('fails with the task, and says why', async () => {
    const { code, outputs, stdout } = await runAction({
      prompt: scriptPrompt('exit 3'),
      model: 'script',
      url: errand.url,
      token: errand.token,
    })

    expect(code).toBe(1)
    expect(outputs.state).toBe('failed')
    expect(stdout).toMatch(/^::error title=Errand::The task is failed: .+/m)
  })

  it.each([
    ['a wrong token', { token: 'ghp_wrong' }, 'Bad credentials'],
    ['a repository that is not there', { repository: 'acme/none' }, 'Not Found'],
    ['a repository with a path', { repository: 'acme/sums/../../user' }, 'owner/name'],
    ['a model there is not', { model: 'gpt-0' }, "model 'gpt-0' is not supported"],
    ['a url that is none', { url: 'file:///etc/passwd' }, 'https://'],
    ['a token of two lines', { token: 'a\nx-evil: yes' }, 'token'],
  ])('refuses %s', async (_, inputs, message) => {
    const right = { prompt, model: 'script', url: errand.url, token: errand.token }

    const { code, stdout, outputs } = await runAction({ ...right, ...inputs })

    expect(code).toBe(1)
    expect(stdout).toContain(message)
    expect(outputs).toEqual({})
  })

  it('cancels the task when the workflow is cancelled', async () => {
    const inputs = { prompt: scriptPrompt('sleep 300'), model: 'script' }
    const to = { url: errand.url, token: errand.token }
    const { script, env, outputFile } = await prepareStep({ ...inputs, ...to })
    const step = spawn('bash', [...shell, script], {
      env: { ...baseEnvironment, ...env },
      stdio: 'ignore',
    })
    const id = await eventually(async () => {
      const { task_id } = await readOutputs(outputFile)
      if (task_id === undefined) throw new Error('it has not started a task yet')
      return task_id
    })
    await untilState(errand.client, id, 'in_progress')

    // As the runner does: to the step's own process alone.
    step.kill('SIGINT')
    const [code] = (await once(step, 'exit')) as [number]

    expect(code).toBe(130)
    await untilState(errand.client, id, 'cancelled')
  })

  it("finds the pull request by its branch where it has no address, as in GitHub's answers", async () => {
    const branch = {
      provider: 'github',
      type: 'branch',
      data: { head_ref: 'x/y', base_ref: 'main' },
    }
    const pull = { provider: 'github', type: 'pull', data: { id: 5 } }
    const seen: (string | undefined)[] = []
    const github = await answering((request) => {
      seen.push(request.url)
      if (request.url?.includes('/pulls') === true) return [{ html_url: 'https://x/pull/9' }]
      const state = request.method === 'POST' ? 'queued' : 'completed'
      return { id: 'a-1', html_url: 'https://x/t', state, artifacts: [branch, pull], sessions: [] }
    })

    const { code, outputs } = await runAction({ prompt, url: github.url, token: 'x' })
    github.close()

    expect({ code, ...outputs }).toMatchObject({ code: 0, pull_request_url: 'https://x/pull/9' })
    expect(decodeURIComponent(seen.at(-1) ?? '')).toBe(
      '/repos/acme/sums/pulls?head=acme:x/y&state=all',
    )
  })

  it('runs nothing that an input holds', async () => {
    const mark = join(folder.path, 'pwned')
    const evil = `"; touch ${mark}; $(touch ${mark}) \`touch ${mark}\` '`

    await runAction({
      prompt: `${evil}\n::set-output name=state::completed`,
      model: evil,
      base_ref: evil,
      custom_agent: evil,
      url: errand.url,
      token: errand.token,
    })
    await runAction({ prompt, url: `${errand.url}/${evil}`, repository: evil, token: errand.token })

    await expect(readFile(mark)).rejects.toThrow('ENOENT')
  })

  it('obeys no command that a server hides in its answer', async () => {
    const id = '4b8b4a6c-1111-4222-8333-444455556666'
    const evil = 'x\n::set-env name=PATH::/evil\nstate=completed'
    const sessions = [{ error: { message: evil } }]
    const server = await answering(() => ({ id, html_url: evil, state: 'failed', sessions }))

    const { code, stdout, outputs } = await runAction({ prompt, url: server.url, token: 'x' })
    server.close()

    expect(code).toBe(1)
    expect(stdout).not.toMatch(/^::set-env/m)
    expect(outputs.state).toBe('failed')
  })
})

/** A server that answers 201 to what is posted, and 200 to the rest. */
async function answering(answer: (request: IncomingMessage) => object) {
  const server = createServer((request, response) => {
    response.writeHead(request.method === 'POST' ? 201 : 200)
    response.end(JSON.stringify(answer(request)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens has an address with a port.
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() }
}

describe.skipIf(missing !== '')(`the example${missing} for`, () => {
  const variables = () => ({
    ERRAND_URL: errand.url,
    ERRAND_TOKEN: errand.token,
    ERRAND_REPOSITORY: 'acme/sums',
    ERRAND_PROMPT: prompt,
    ERRAND_MODEL: 'script',
  })

  it('GitLab CI ends in a pull request that later jobs know of', async () => {
    const { 'agent-task': job } = parse(readRoot('docs/examples/gitlab-ci.yml')) as {
      'agent-task': { script: string[]; variables: Record<string, string> }
    }
    const env = { ...variables(), CI_JOB_ID: '7' }

    const result = await tryRun('sh', ['-ec', job.script.join('\n')], { cwd: folder.path, env })
    const dotenv = await readFile(join(folder.path, 'task.env'), 'utf8')
    const pulls = await listPulls(errand.client, 'acme/sums')

    expect(result).toMatchObject({ code: 0 })
    expect(Object.keys(job.variables).every((name) => name in env)).toBe(true)
    expect(dotenv).toContain('TASK_STATE=completed\n')
    expect(dotenv).toContain(`PULL_REQUEST_URL=${pulls[0]?.html_url}\n`)
  })

  it('Jenkins ends in a pull request, and fails with the task', async () => {
    const [, script = ''] = /sh '''([\s\S]*?)'''/.exec(readRoot('docs/examples/Jenkinsfile')) ?? []
    // As Groovy's quotes do.
    const text = script.replaceAll('\\\n', '')
    const env = { ...variables(), BUILD_TAG: 'jenkins-job-1' }

    const good = await tryRun('sh', ['-xe', '-c', text], { cwd: folder.path, env })
    const bad = await tryRun('sh', ['-xe', '-c', text], {
      cwd: folder.path,
      env: { ...env, BUILD_TAG: 'jenkins-job-2', ERRAND_PROMPT: scriptPrompt('exit 3') },
    })

    expect(good).toMatchObject({ code: 0 })
    expect(good.stdout).toMatch(/Pull request: http.*\/pull\/\d+/)
    expect(bad.code).not.toBe(0)
  })
})
