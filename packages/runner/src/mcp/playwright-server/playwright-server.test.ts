import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { changeRepositoryConfiguration } from '@errand/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { openLocalhost } from '../../localhost/open-localhost.ts'
import { fixtureSettings, fixtureTask } from '../../testing/fixture-settings.ts'
import { startTestRunner, type TestRunner } from '../../testing/start-test-runner.ts'
import type { Step } from '../../testing/fixture-agent.ts'
import { openTestRun } from '../../testing/open-test-run.ts'
import { ownerId, repositoryId } from '../../testing/test-forge.ts'
import { openWorkspace } from '../../workspace/workspace.ts'
import { fixtureFolder, fixtureServer, modulesFolder } from '../testing/open-test-mcp.ts'
import { findChromium } from './find-chromium.ts'
import { listTools } from './list-tools.ts'
import { listedTools } from './listed-tools.ts'
import { openPlaywrightServer } from './open-playwright-server.ts'
import { playwrightTools } from './present-tools.ts'

let test: TestRunner
beforeAll(async () => {
  test = await startTestRunner({ settings: settingsWith({}) })
})
afterAll(() => test?.[Symbol.asyncDispose]())

function settingsWith(mcp: object): object {
  return fixtureSettings({ mcp, sandbox: { memory_mb: 3072 } })
}

/** What the agent does and hears, and what is told of its servers. */
async function work(runner: TestRunner, ...steps: Step[]) {
  const id = await runner.add(fixtureTask([...steps, { run: 'echo x > a.txt' }]))
  const { state } = await runner.untilEnded(id)
  expect(state).toBe('completed')
  const events = await runner.events(id)
  const dataOf = (type: string) => events.filter((event) => event.type === type)
  return {
    said: dataOf('assistant.message').map(({ data }) => String(data.content)),
    servers: dataOf('mcp.server').map(({ data }) => data),
    calls: dataOf('mcp.call').map(({ data }) => data),
    all: JSON.stringify(events),
  }
}

const call = (tool: string, args: object = {}): Step => ({
  mcp: 'playwright',
  tool: `browser_${tool}`,
  arguments: { ...args },
})
const visit = (url: string): Step => call('navigate', { url })
/** A server of the agent's, which is up when the step is done. */
const serve = (html: string): Step[] => [
  {
    background: `node -e "require('http').createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(process.argv[1])).listen(3000)" '${html}'`,
  },
  {
    run: 'for at in $(seq 100); do curl -sS --noproxy "*" http://localhost:3000/ && break; sleep 0.1; done',
  },
]
/** Code that gets out of where Playwright runs it, as any can: what it finds is the server's own box. */
const escape = (code: string): Step =>
  call('run_code_unsafe', {
    code: `async (page) => { const process = page.constructor.constructor('return process')(); const require = process.getBuiltinModule('module').createRequire('/'); ${code} }`,
  })
const shell = (command: string): Step =>
  escape(
    `return require('child_process').spawnSync('sh', ['-c', ${JSON.stringify(command)}]).output.join('')`,
  )

it('shows the tools that the installed version lists, without what writes files nobody sees', async () => {
  expect(await listTools(AbortSignal.timeout(60_000))).toEqual(listedTools)
  expect(playwrightTools).toHaveLength(listedTools.length)
  expect(JSON.stringify(playwrightTools)).not.toContain('"filename"')
})

it('is not there where the machine has no Chromium, and nothing is told of it', () => {
  expect(findChromium(undefined, ['/nonexistent/chromium'])).toBeUndefined()
})

it('is started once more by the call after one for which it did not start, and no third time', async () => {
  await using testRun = await openTestRun({ prompt: 'x' })
  const { run } = testRun
  await using workspace = await openWorkspace(run)
  await using localhost = await openLocalhost({ runDir: workspace.runDir, attempt: 1 })
  const missing = join(testRun.test.dataDir, 'not-there-yet')
  const playwright = {
    chromium: { program: '/usr/bin/true', readOnlyPaths: [missing] },
    localhost,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const open = () => openPlaywrightServer(run, { workspace, playwright })
  const close = (server: ReturnType<typeof open>) =>
    server.call('browser_close', {}, AbortSignal.timeout(60_000))
  await using lucky = open()
  await using unlucky = open()

  await expect(close(unlucky)).rejects.toThrow('not-there-yet')
  await expect(close(unlucky)).rejects.toThrow('not-there-yet')
  await expect(close(lucky)).rejects.toThrow('not-there-yet')
  await mkdir(missing)

  // The server is there, and tells of a browser that is none.
  expect(JSON.stringify(await close(lucky))).toContain('<launching> /usr/bin/true')
  await expect(close(unlucky)).rejects.toThrow('not-there-yet')
})

it('gives way to the repository’s own server of that name', async () => {
  const repository = {
    id: repositoryId,
    full_name: test.forge.fullName,
    owner: { id: ownerId, login: 'acme' },
  }
  const by = { id: 42, login: 'ada' }
  await using own = await startTestRunner({
    settings: settingsWith({ read_only_paths: [fixtureFolder, modulesFolder] }),
  })
  await changeRepositoryConfiguration(own.store, repository, by, () => ({
    mcp_configuration: { mcpServers: { playwright: fixtureServer() } },
  }))

  const { said, servers } = await work(
    own,
    { mcp: 'playwright', tool: 'sh', arguments: { command: 'echo of the repository' } },
    visit('http://localhost:3000/'),
  )

  expect(said[0]).toContain('of the repository')
  expect(said[1]).toContain('no tool of that name')
  expect(servers).toMatchObject([{ server: 'playwright', state: 'started' }])
})

describe.skipIf(findChromium() === undefined)('with a Chromium', () => {
  it('reads a page that the agent serves, and sends pictures of it', async () => {
    const { said, servers, calls } = await work(
      test,
      ...serve('<h1>Sums</h1><button onclick="this.textContent = 2 + 2">Add</button>'),
      visit('http://localhost:3000/'),
      call('click', { element: 'Add', target: 'button' }),
      call('snapshot'),
      call('take_screenshot'),
    )

    expect(said.at(-2)).toContain('heading \\"Sums\\"')
    expect(said.at(-2)).toContain('button \\"4\\"')
    expect(said.at(-1)).toContain('"type":"image"')
    expect(servers).toMatchObject([{ server: 'playwright', state: 'started' }])
    expect(calls).toHaveLength(4)
    expect(calls.at(-1)).toMatchObject({ tool: 'browser_take_screenshot', status: 'completed' })
    expect(calls.at(-1)?.output).toContain('[image]')
  })

  it('reaches nothing but the agent’s localhost, and says so', async () => {
    const { said } = await work(
      test,
      visit('http://example.com/'),
      visit('http://169.254.169.254/latest/meta-data/'),
      visit('http://localhost:4010/'),
      visit('http://localhost:3999/'),
      visit('file:///etc/passwd'),
    )

    expect(said).toHaveLength(5)
    for (const text of said.slice(0, 4)) {
      expect(text).toContain('"isError":true')
      expect(text).toContain('reaches what listens on localhost in your sandbox, and nothing else')
    }
    expect(said.at(-1)).toContain('\\"file:\\" protocol is blocked')
  })

  it('has nothing that code which gets out of the browser could take or change', async () => {
    const { said } = await work(
      test,
      shell('env; cat /proc/*/environ | tr "\\0" "\\n"; echo; echo env'),
      shell('ls /run/errand; echo x > /workspace/planted || echo read-only; ls -A /mirror'),
      shell(
        'curl -sS -m 5 https://example.com 2>&1; bash -c "exec 3<>/dev/tcp/127.0.0.1/4010" 2>&1',
      ),
      { run: 'ls; ls -A ~' },
    )

    expect(said[0]).toContain('HOME=/home/agent')
    expect(said[0]).not.toMatch(/ERRAND_|COPILOT_|GIT_/)
    expect(said[1]).toMatch(/"4012\.sock[\\n]+read-only/)
    expect(said[1]).toContain("cannot access '/mirror'")
    expect(said[2]).toMatch(/could not resolve host/i)
    expect(said[2]).toMatch(/connection refused/i)
  })

  it('is not the agent’s to end; a server that has ended is started again once', async () => {
    const die = escape('process.kill(process.pid, "SIGKILL")')

    const { said, servers, all } = await work(
      test,
      ...serve('<h1>Still here</h1>'),
      visit('http://localhost:3000/'),
      { run: 'echo "seen: $(pgrep -fc [p]laywright/mcp)"' },
      die,
      visit('http://localhost:3000/'),
      call('snapshot'),
      die,
      call('snapshot'),
    )

    expect(all).toContain('seen: 0')
    expect(said[1]).toContain('The server playwright ended with SIGKILL')
    expect(said[3]).toContain('Still here')
    expect(said.at(-1)).toContain('The server playwright ended with SIGKILL')
    expect(servers.map(({ state, message }) => [state, message])).toMatchObject([
      ['started', undefined],
      ['ended', expect.stringContaining('started again')],
      ['ended', expect.stringContaining('SIGKILL')],
    ])
  })

  it('is left out where the settings say so, and where they name a Chromium that is not there', async () => {
    await using without = await startTestRunner({
      settings: settingsWith({ playwright_server: false }),
    })
    await using wrong = await startTestRunner({
      settings: settingsWith({ chromium_path: '/opt/no-such-browser' }),
    })

    const absent = await work(without, visit('http://localhost:3000/'))
    const failed = await work(wrong, visit('http://localhost:3000/'))

    expect([absent.said, failed.said]).toEqual([['no MCP server\n'], ['no MCP server\n']])
    expect(absent.servers).toEqual([])
    expect(failed.servers).toMatchObject([{ server: 'playwright', state: 'failed' }])
  })
})
