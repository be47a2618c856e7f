import { steerTask } from '@errand/core'
import { afterEach, beforeEach, expect, it } from 'vitest'

import type { Step } from '../testing/fixture-agent.ts'
import { fixtureSettings, fixtureTask } from '../testing/fixture-settings.ts'
import { startTestRunner, type TestRunner } from '../testing/start-test-runner.ts'

let test: TestRunner

beforeEach(async () => {
  test = await startTestRunner({ settings: fixtureSettings() })
})
afterEach(() => test?.[Symbol.asyncDispose]())

async function work(custom_agent: string, steps: Step[], head_ref?: string) {
  const more = { custom_agent, ...(head_ref === undefined ? {} : { head_ref }) }
  const id = await test.add(fixtureTask(steps, more))
  const task = await test.untilEnded(id)
  const events = await test.events(id)
  const said = events.flatMap(({ data }) => [data.content, data.output])
  return { task, said: said.filter((text) => typeof text === 'string').join('\n') }
}

it('a custom agent is the base branch’s, not that of the branch to be worked on', async () => {
  await test.forge.commit('main', { '.github/agents/tidy.md': 'trusted agent' })
  await test.forge.commit('outside', { '.github/agents/tidy.agent.md': 'evil agent' })

  const { task, said } = await work('tidy', [{ run: 'cat ~/history.json' }], 'outside')

  expect(task.state).toBe('completed')
  expect(said).toContain('trusted agent')
  expect(said).not.toContain('evil agent')
})

it.each([
  ['only the branch to be worked on has', 'evil', 'is not there'],
  ['is a link', 'linked', 'is not there'],
  ['cannot be read', 'broken', 'cannot be used: its front matter cannot be read'],
])('a custom agent that %s ends the session', async (_, name, message) => {
  await test.forge.commit('main', {
    'README.md': 'x',
    '.github/agents/linked.md': { link: '../../README.md' },
    '.github/agents/broken.md': '---\n: : [\n---\n',
  })
  await test.forge.commit('outside', { '.github/agents/evil.md': 'evil agent' })

  const { task } = await work(name, [{ say: 'x' }], 'outside')

  expect(task.state).toBe('failed')
  expect(task.sessions[0]?.error?.message).toContain(message)
})

it('a custom agent uses the kinds of tools that its list names, and is told no of others', async () => {
  const file = '---\ntools: [read, Grep, docs/*]\n---\nLook.'
  await test.forge.commit('main', { '.github/agents/look.agent.md': file })
  const kinds = ['read', 'search', 'execute', 'edit', 'delete', 'fetch', 'other']

  const { said } = await work('look', [
    ...kinds.map((permit) => ({ permit })),
    { run: 'echo "tools: $ERRAND_TOOLS"' },
  ])

  expect(said.replace(/\s+/g, ' ')).toContain(
    'read: yes. search: yes. execute: no. edit: no. delete: no. fetch: no. other: yes.',
  )
  expect(said).toContain('tools: read,search')
})

/** What the agent's environment says of its custom agent's tools. */
const look: Step[] = [{ run: 'echo "tools: $ERRAND_TOOLS"; date > looked' }]
const only = (tool: string) => ({ 'agents/shared.agent.md': `---\ntools: [${tool}]\n---\nLook.` })
const ofOwner = '/repos/acme/.github'

/** Goes on with a task that has ended, and gives what is told of both its sessions. */
async function follow(id: string) {
  const by = { id: 42, login: 'ada' }
  const content = fixtureTask(look).prompt
  await steerTask(test.store, id, { type: 'user_message', content, by })
  const { state, sessions } = await test.untilEnded(id)
  expect([state, sessions.length]).toEqual(['completed', 2])
  const events = await test.events(id)
  const outputs = events.map(({ data }) => (typeof data.output === 'string' ? data.output : ''))
  return {
    tools: outputs.filter((text) => text.startsWith('tools: ')).map((text) => text.trim()),
    versions: events.flatMap(({ type, data }) => (type === 'session.custom_agent' ? [data] : [])),
  }
}

it('without such a file in the repository it is its owner’s', async () => {
  const shared = { text: 'agent of the owner' }
  test.forge.shared['acme/.github'] = { 'agents/shared.agent.md': shared.text }

  const { task, said } = await work('shared', [{ run: 'cat ~/history.json' }])

  expect(task.state).toBe('completed')
  expect(said).toContain(shared.text)
})

it('a follow-up has its owner’s as it was for the first session', async () => {
  test.forge.shared['acme/.github'] = only('read')
  const { task } = await work('shared', look)
  test.forge.shared['acme/.github'] = only('edit')
  test.forge.shared['acme/.github-private'] = only('search')

  const { tools, versions } = await follow(task.id)

  expect(tools).toEqual(['tools: read', 'tools: read'])
  expect(versions).toEqual([
    { name: 'shared', repository: 'acme/.github', commit: expect.stringMatching(/^[0-9a-f]{40}$/) },
  ])
})

it('a follow-up has its owner’s as it is now where that version is gone', async () => {
  test.forge.shared['acme/.github-private'] = only('read')
  test.forge.shared['acme/.github'] = only('edit')
  const { task } = await work('shared', look)
  test.forge.refuse = (_, path) =>
    path.startsWith(`${ofOwner}-private/`) ? { status: 403, message: 'Not yours' } : undefined

  const { tools, versions } = await follow(task.id)

  expect(tools).toEqual(['tools: read', 'tools: edit'])
  expect(versions.map(({ repository }) => repository)).toEqual([
    'acme/.github-private',
    'acme/.github',
  ])
})

it('a session ends where the forge does not say where its owner’s is', async () => {
  test.forge.refuse = (_, path) =>
    path === `${ofOwner}/commits` ? { status: 451, message: 'Not for you' } : undefined

  const { task } = await work('shared', look)

  expect(task.sessions[0]?.error?.message).toContain('Not for you (451)')
})
