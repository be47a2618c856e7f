import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { listPulls } from '../support/pulls.ts'
import { type RunResult, tryRun } from '../support/run.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { scriptPrompt } from '../support/tasks.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'
import { openWorkflowParser } from '../support/workflow-parser.ts'

// The action and the examples for other pipelines: their own text is taken from their files and run as the
// pipeline would run it.

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

/** Runs the action's steps as the runner does: inputs to expressions, expressions to variables. */
async function runAction(inputs: Record<string, string>): Promise<ActionRun> {
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
  const outputFile = join(folder.path, `output-${runs}`)
  await writeFile(outputFile, '')
  let result: RunResult = { code: 0, stdout: '', stderr: '' }
  for (const step of action.runs.steps) {
    expect(step.shell).toBe('bash')
    // Nothing of an input may become text of the script.
    expect(step.run).not.toContain('${{')
    const script = join(folder.path, `step-${runs}.sh`)
    await writeFile(script, step.run)
    const env = Object.fromEntries(
      Object.entries(step.env).map(([name, value]) => [name, evaluate(value, given)]),
    )
    result = await tryRun('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      env: { ...env, GITHUB_ACTION_PATH: root, GITHUB_OUTPUT: outputFile },
    })
  }
  const lines = (await readFile(outputFile, 'utf8')).split('\n').filter((line) => line !== '')
  const outputs = Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=')
      return [line.slice(0, at), line.slice(at + 1)]
    }),
  )
  return { ...result, outputs }
}

describe('the action', () => {
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
    const server = createServer((request, response) => {
      response.writeHead(request.method === 'POST' ? 201 : 200)
      const sessions = [{ error: { message: evil } }]
      response.end(JSON.stringify({ id, html_url: evil, state: 'failed', sessions, artifacts: [] }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    // A server that listens has an address with a port.
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

    const { code, stdout, outputs } = await runAction({ prompt, url, token: 'x' })
    server.close()

    expect(code).toBe(1)
    expect(stdout).not.toMatch(/^::set-env/m)
    expect(outputs.state).toBe('failed')
  })
})

describe('the example for', () => {
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
    const shell = script.replaceAll('\\\n', '')
    const env = { ...variables(), BUILD_TAG: 'jenkins-job-1' }

    const good = await tryRun('sh', ['-xe', '-c', shell], { cwd: folder.path, env })
    const bad = await tryRun('sh', ['-xe', '-c', shell], {
      cwd: folder.path,
      env: { ...env, BUILD_TAG: 'jenkins-job-2', ERRAND_PROMPT: scriptPrompt('exit 3') },
    })

    expect(good).toMatchObject({ code: 0 })
    expect(good.stdout).toMatch(/Pull request: http.*\/pull\/\d+/)
    expect(bad.code).not.toBe(0)
  })
})
