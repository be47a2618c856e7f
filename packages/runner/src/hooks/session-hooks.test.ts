import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { changeRepositoryConfiguration } from '@errand/core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { type Site, startSite } from '../firewall/testing/start-site.ts'
import type { Step } from '../testing/fixture-agent.ts'
import { fixtureSettings, fixtureTask } from '../testing/fixture-settings.ts'
import { startTestRunner, type TestRunner, type TestTask } from '../testing/start-test-runner.ts'
import { ownerId, repositoryId } from '../testing/test-forge.ts'

/** Of this machine, as everything a test can reach; but not the address that boxes have themselves. */
const address = '127.0.0.2'

let site: Site
let folder: string
let test: TestRunner

beforeAll(async () => {
  site = await startSite({ address })
  folder = await mkdtemp(join(tmpdir(), 'errand-hooks-'))
  await writeFile(join(folder, 'ca.pem'), site.authority.certificate)
})
afterAll(async () => {
  site?.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  const firewall = { private_networks: [address], ca_file: join(folder, 'ca.pem') }
  test = await startTestRunner({ settings: fixtureSettings({ firewall }) })
})
afterEach(() => test?.[Symbol.asyncDispose]())

/** Notes what it is told in a file that goes into the result. */
const note = { bash: 'cat >> told.jsonl; echo >> told.jsonl' }

async function hook(hooks: Record<string, unknown>, more: Record<string, string> = {}) {
  const file = JSON.stringify({ version: 1, hooks })
  return await test.forge.commit('main', { '.github/hooks/all.json': file, ...more })
}

async function work(steps: Step[] | string, more: Partial<TestTask> = {}) {
  const task =
    typeof steps === 'string'
      ? { prompt: `Do it\n\n\`\`\`sh\n${steps}\n\`\`\`\n`, ...more }
      : fixtureTask(steps, more)
  const id = await test.add(task)
  const ended = await test.untilEnded(id)
  const events = await test.events(id)
  const hooks = events.flatMap(({ type, data }) => (type === 'session.hook' ? [data] : []))
  const said = events.flatMap(({ type, data }) =>
    type === 'assistant.message' || type === 'session.log' ? [data.content ?? data.message] : [],
  )
  const output = events.flatMap(({ data }) => (typeof data.output === 'string' ? data.output : ''))
  return { task: ended, hooks, events, said: said.join('\n'), output: output.join('\n') }
}

async function told(branch: string | null): Promise<Record<string, unknown>[]> {
  const lines = (await test.forge.git('show', `${branch}:told.jsonl`)).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as never)
}

describe('the hooks of a repository', () => {
  it('run at each event of a session, with its payload, and each run is an event', async () => {
    const events = ['sessionStart', 'userPromptSubmitted', 'postToolUse', 'PostToolUseFailure']
    await hook(
      Object.fromEntries([...events, 'agentStop', 'sessionEnd'].map((event) => [event, [note]])),
    )

    const { task, hooks } = await work([{ run: 'echo one' }, { run: 'false' }])

    expect(task.state).toBe('completed')
    expect(
      hooks.map(({ hook_event: event, outcome }) => `${String(event)} ${String(outcome)}`),
    ).toEqual([
      'sessionStart completed',
      'userPromptSubmitted completed',
      'postToolUse completed',
      'postToolUseFailure completed',
      'agentStop completed',
      'sessionEnd completed',
    ])
    const sessionId = task.sessions[0]?.id
    expect(await told(task.head_ref)).toMatchObject([
      { sessionId, cwd: '/workspace', source: 'new', initialPrompt: expect.any(String) },
      { sessionId, prompt: expect.stringContaining('echo one') },
      {
        toolName: 'bash',
        toolArgs: { command: 'echo one' },
        toolResult: { resultType: 'success', textResultForLlm: 'one\n' },
      },
      {
        hook_event_name: 'PostToolUseFailure',
        session_id: sessionId,
        tool_name: 'bash',
        tool_input: { command: 'false' },
      },
      { stopReason: 'end_turn' },
      { reason: 'complete' },
    ])
  })

  it('are told the whole prompt of the agent, and may put another one in its place', async () => {
    const other = JSON.stringify({ modifiedTransformedPrompt: '[{"say":"of the hook"}]' })
    await hook({
      userPromptTransformed: [note, { bash: `echo '${other}'` }],
      UserPromptTransformed: [note],
    })

    const { task, said, hooks } = await work([{ say: 'of the user' }])

    expect(hooks.map(({ outcome }) => outcome)).toEqual(['completed', 'completed', 'completed'])
    expect(said).toContain('of the hook')
    expect(said).not.toContain('of the user')
    const transformedPrompt = expect.stringContaining('of the user')
    expect(await told(task.head_ref)).toMatchObject([
      { prompt: '[{"say":"of the user"}]', transformedPrompt },
      { hook_event_name: 'UserPromptTransformed', transformed_prompt: transformedPrompt },
    ])
  })

  it('hear of the end of a session whose time is over, and do not put it off', async () => {
    const say = { bash: `echo "$(cat)" >&2; exit 1` }
    await hook({ sessionEnd: [say, { bash: 'sleep 1000', timeoutSec: 600 }] })

    const { task, hooks } = await work([{ hang: true }], { timeout_minutes: 0.6 })

    expect(task.state).toBe('timed_out')
    expect(hooks).toMatchObject([
      { hook_event: 'sessionEnd', message: expect.stringContaining('"reason":"timeout"') },
    ])
  })

  it('find the prompt in their environment, and no token', async () => {
    const variables = { bash: 'env > seen.txt', env: { MINE: 'is ${COPILOT_AGENT_PROMPT}' } }
    await hook({ sessionStart: [variables] })

    const { task } = await work([{ say: 'hello' }])

    const seen = await test.forge.git('show', `${task.head_ref}:seen.txt`)
    expect(seen).toContain('COPILOT_AGENT_PROMPT=[{"say":"hello"}]')
    expect(seen).toContain('MINE=is [{"say":"hello"}]')
    expect(seen).not.toMatch(/^(GITHUB_TOKEN|GITHUB_COPILOT_\w+|ERRAND_GATEWAY_URL)=/m)
    expect(seen).not.toContain(test.forge.token)
  })

  it('decide what an agent may do: allow, deny, ask, a failure', async () => {
    const guard = `case $(cat) in
      *please*) echo '{"permissionDecision":"allow"}';;
      *never*) echo '{"permissionDecision":"deny","permissionDecisionReason":"not here"}';;
      *maybe*) echo '{"permissionDecision":"ask"}';;
      *broken*) echo oops >&2; exit 3;;
      *babble*) echo no JSON;;
    esac`
    await hook({ preToolUse: [{ bash: guard }] })
    const tries = ['please', 'never', 'maybe', 'broken', 'babble', 'other']

    const { hooks, said, events } = await work(
      tries.map((word) => ({ permit: 'execute', input: { command: word } })),
    )

    expect(said.replace(/\s+/g, ' ')).toContain(
      'execute: yes. execute: no. execute: no. execute: no. execute: no. execute: yes.',
    )
    expect(hooks.map(({ outcome, decision }) => [outcome, decision])).toEqual([
      ['completed', 'allow'],
      ['completed', 'deny'],
      ['completed', 'deny'],
      ['failed', 'deny'],
      ['failed', 'deny'],
      ['completed', undefined],
    ])
    expect(hooks[1]).toMatchObject({ message: 'not here' })
    expect(hooks[3]).toMatchObject({ message: expect.stringContaining('oops') })
    expect(events.filter(({ type }) => type === 'permission.completed')).toHaveLength(6)
  })

  it('that take too long have not denied', async () => {
    await hook({ preToolUse: [{ bash: 'sleep 1000', timeoutSec: 1 }] })

    const { hooks, said } = await work([{ permit: 'edit' }])

    expect(hooks).toMatchObject([{ outcome: 'timed_out' }])
    expect(said).toContain('edit: yes')
  })

  it('can have an agent go on that has stopped, three times and no more', async () => {
    const more = `${note.bash}; echo '{"decision":"block","reason":"Look once more."}'`
    await hook({ agentStop: [{ bash: more }] })

    const { task, hooks, said } = await work([{ say: 'done' }])

    expect(task.state).toBe('completed')
    expect(said.match(/heard: Look once more\./g)).toHaveLength(3)
    expect(hooks).toHaveLength(3)
    const stops = await told(task.head_ref)
    expect(stops.map((stop) => stop['stop_hook_active'])).toEqual([false, true, true])
  })

  it('hear of what the agent alone knows, and say what it has to heed', async () => {
    const answer = (said: object) => ({
      bash: `cat >> told.jsonl; echo >> told.jsonl; echo '${JSON.stringify(said)}'`,
    })
    await hook({
      subagentStart: [
        { ...answer({ additionalContext: 'only src' }), matcher: 'explore|task' },
        { ...answer({ additionalContext: 'not me' }), matcher: 'task' },
      ],
      SubagentStop: [answer({ decision: 'block', reason: 'and where?' })],
      preCompact: [{ ...note, matcher: 'auto' }],
    })
    const names = { agentName: 'explore', agentDisplayName: 'Explore' }
    const response = 'It is in a.ts.'

    const { task, said, output } = await work([
      { run: 'echo "events: $ERRAND_HOOKS"' },
      { hook: { event: 'subagentStart', ...names } },
      {
        hook: {
          event: 'subagentStop',
          ...names,
          agentId: '1',
          agentType: 'explore',
          response,
          stopReason: 'end_turn',
        },
      },
      { hook: { event: 'preCompact', trigger: 'auto', customInstructions: '' } },
      { hook: { event: 'sessionEnd', reason: 'complete' } },
    ])

    expect(output).toContain('events: subagentStart,subagentStop,preCompact')
    expect(said).toContain('hooks: {"additionalContext":"only src"}')
    expect(said).toContain('hooks: {"decision":"block","reason":"and where?"}')
    // It cannot say that anything else has happened.
    expect(said.match(/hooks: undefined/g)).toHaveLength(1)
    expect(await told(task.head_ref)).toMatchObject([
      names,
      { hook_event_name: 'SubagentStop', agent_name: 'explore', last_assistant_message: response },
      { trigger: 'auto', customInstructions: '' },
    ])
  })

  it('hear of a session that fails', async () => {
    // A failed session publishes nothing: they say it in what they answer.
    const say = { bash: `echo "$(cat)" >&2; exit 1` }
    await hook({ errorOccurred: [say], sessionEnd: [say] })

    const { task, hooks } = await work([{ refuse: { message: 'I will not' } }])

    expect(task.state).toBe('failed')
    expect(hooks).toMatchObject([
      { hook_event: 'errorOccurred', message: expect.stringContaining('I will not') },
      { hook_event: 'sessionEnd', message: expect.stringContaining('"reason":"error"') },
    ])
  })

  it('call addresses from inside the sandbox, by the firewall, with the variables they may name', async () => {
    const { https } = site.ports
    const headers = { 'x-known': '$COPILOT_AGENT_PROMPT', 'x-other': '$HTTPS_PROXY' }
    const call = (path: string) => ({
      type: 'http',
      url: `https://${address}:${https}${path}`,
      headers,
      allowedEnvVars: ['COPILOT_AGENT_PROMPT'],
    })
    await hook({ sessionStart: [call('/open/hook')], preToolUse: [call('/closed/hook')] })
    const repository = {
      id: repositoryId,
      full_name: test.forge.fullName,
      owner: { id: ownerId, login: 'acme' },
    }
    const by = { id: 42, login: 'ada' }
    await changeRepositoryConfiguration(test.store, repository, by, () => ({
      custom_allowlist: [`https://${address}:${https}/open/`],
    }))
    site.seen.length = 0

    const { hooks, said, events } = await work([{ permit: 'read' }])

    expect(site.seen).toMatchObject([{ url: '/open/hook' }])
    expect(hooks).toMatchObject([
      { hook_event: 'sessionStart' },
      // What could not be reached has not denied.
      { hook_event: 'preToolUse', outcome: 'failed' },
    ])
    expect(said).toContain('read: yes')
    expect(events.filter(({ type }) => type === 'firewall.blocked')).toMatchObject([
      { data: { path: '/closed/hook' } },
    ])
  })
})

describe('hooks that are an attack', () => {
  it('of the branch that is worked on are not run', async () => {
    await hook({ sessionStart: [{ bash: 'echo trusted >> told.jsonl' }] })
    const evil = { version: 1, hooks: { sessionStart: [{ bash: 'echo evil >> told.jsonl' }] } }
    await test.forge.commit('outside', {
      '.github/hooks/all.json': JSON.stringify(evil),
      '.github/hooks/more.json': JSON.stringify(evil),
    })

    const { hooks } = await work('cat told.jsonl', { head_ref: 'outside' })

    expect(hooks).toHaveLength(1)
    expect(await test.forge.git('show', 'outside:told.jsonl')).toBe('trusted')
  })

  it('that are links, in folders or no hooks are not followed', async () => {
    await test.forge.commit('main', {
      'elsewhere.json': JSON.stringify({ version: 1, hooks: { sessionStart: [note] } }),
      '.github/hooks/link.json': { link: '../../elsewhere.json' },
      '.github/hooks/deep/file.json': JSON.stringify({
        version: 1,
        hooks: { sessionStart: [note] },
      }),
      '.github/hooks/broken.json': '{',
    })

    const { task, hooks, said } = await work('echo x > x')

    expect(task.state).toBe('completed')
    expect(hooks).toEqual([])
    expect(said).toContain('.github/hooks/broken.json is not followed')
  })

  it('that print without end are ended, and have denied', async () => {
    await hook({ preToolUse: [{ bash: 'yes "{}"' }] })

    const { hooks, said } = await work([{ permit: 'edit' }])

    expect(hooks).toMatchObject([{ outcome: expect.stringMatching(/failed|timed_out/) }])
    expect(said).toContain('edit: no')
  })

  it('reach nothing that the agent does not: no gateway, no file of the host', async () => {
    const look =
      'curl -sS -m 5 http://127.0.0.1:4010/ 2>&1 | cut -c1-60; ls /mirror /root /data 2>&1'
    await hook({ sessionStart: [{ bash: `(${look}) > seen.txt; exit 0` }] })

    const { task } = await work('echo x > x')

    const seen = await test.forge.git('show', `${task.head_ref}:seen.txt`)
    expect(seen).toMatch(/curl: \(7\)|refused|Failed to connect/)
    expect(seen).toMatch(/No such file|cannot access|Permission denied/)
  })
})
