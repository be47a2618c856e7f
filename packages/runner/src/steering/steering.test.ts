import { steerTask } from '@errand/core'
import { afterEach, beforeEach, expect, it } from 'vitest'

import { startTestRunner, type TestRunner, type TestTask } from '../testing/start-test-runner.ts'

let test: TestRunner

beforeEach(async () => {
  test = await startTestRunner()
})
afterEach(() => test?.[Symbol.asyncDispose]())

const by = { id: 42, login: 'ada' }

/** A script that looks at everything an agent could be steered by. */
const look = `
git status --porcelain
find . -path ./.git -prune -o -type f -print | xargs grep -l EVIL || echo "nothing evil"
cat AGENTS.md CLAUDE.md .github/copilot-instructions.md sub/AGENTS.md 2>&1 || :`

function script(commands: string): string {
  return `Look around\n\n\`\`\`sh\n${commands}\n\`\`\`\n`
}

async function work(commands: string, task: Partial<TestTask> = {}) {
  const id = await test.add({ prompt: script(commands), ...task })
  return await follow(id)
}

async function follow(id: string) {
  const task = await test.untilEnded(id)
  const events = await test.events(id)
  const said = events.flatMap(({ data }) => (typeof data.output === 'string' ? data.output : ''))
  const log = events.flatMap(({ data }) => (typeof data.message === 'string' ? data.message : ''))
  return { id, task, events, output: said.join('\n'), log: log.join('\n') }
}

/** What a session has changed of a branch. */
async function changedOn(branch: string, before: string): Promise<string[]> {
  const names = await test.forge.git('diff', '--name-only', before, branch)
  return names.split('\n').filter((name) => name !== '')
}

it('an agent that continues a branch is steered by the base branch, and the branch keeps its own', async () => {
  await test.forge.commit('main', {
    'AGENTS.md': 'trusted agents\n',
    'CLAUDE.md': { link: 'docs/claude.md' },
    'docs/claude.md': 'trusted claude, and @docs/more.md\n',
    'docs/docs/more.md': 'more that is trusted\n',
    '.github/copilot-instructions.md': 'trusted copilot\n',
    'GEMINI.md': 'Ask @web, and see @package.json.\n',
    'package.json': '{}',
    'web/page.html': 'old\n',
  })
  const before = await test.forge.commit('outside', {
    // What is only mentioned is the branch's own.
    'package.json': '{"name":"of-the-branch"}',
    'web/page.html': 'page of the branch\n',
    'AGENTS.md': 'EVIL\n',
    'docs/claude.md': 'EVIL\n',
    'docs/docs/more.md': 'EVIL\n',
    '.github/copilot-instructions.md': null,
    '.github/hooks/guard.json': '{"EVIL":1}',
    '.github/agents/tidy.agent.md': 'EVIL',
    '.claude/settings.json': '{"hooks":"EVIL"}',
    '.mcp.json': 'EVIL',
    'sub/AGENTS.md': 'EVIL',
    'own.txt': 'of the branch\n',
  })

  const { task, output, log } = await work(
    `${look}\ncat own.txt package.json web/page.html\necho x > looked`,
    {
      head_ref: 'outside',
    },
  )

  expect(task.state).toBe('completed')
  expect(output).toContain('nothing evil')
  for (const text of [
    'trusted agents',
    'trusted claude',
    'trusted copilot',
    'of the branch',
    'of-the-branch',
    'page of',
  ]) {
    expect(output).toContain(text)
  }
  expect(output).not.toMatch(/^( M|\?\?| D) /m)
  expect(log).toMatch(/taken from main.*AGENTS\.md/)
  expect(await changedOn('outside', before)).toEqual(['looked'])
})

it('a link in the place of a folder leads no agent to what the branch has written', async () => {
  await test.forge.commit('main', {
    '.github/copilot-instructions.md': 'trusted copilot\n',
    'sub/AGENTS.md': 'trusted below\n',
  })
  const before = await test.forge.commit('linked', {
    '.github': { link: 'evil' },
    'evil/copilot-instructions.md': 'EVIL of the link\n',
    sub: { link: 'evil' },
  })

  const { task, output } = await work(
    'cat .github/copilot-instructions.md; cat sub/AGENTS.md || :; git status --porcelain; echo x > looked',
    { head_ref: 'linked' },
  )

  expect(task.state).toBe('completed')
  expect(output).toContain('trusted copilot')
  expect(output).not.toContain('EVIL of the link')
  expect(await test.forge.git('show', 'linked:evil/copilot-instructions.md')).toContain('EVIL')
  expect(await changedOn('linked', before)).toEqual(['looked'])
})

it('what an agent itself changes of it is its work, and goes into the result', async () => {
  await test.forge.commit('main', { 'AGENTS.md': 'trusted\n', 'CLAUDE.md': 'trusted\n' })
  await test.forge.commit('wish', {
    'AGENTS.md': 'own\n',
    'CLAUDE.md': 'own\n',
    'GEMINI.md': 'own\n',
  })

  const { task } = await work('echo better >> AGENTS.md; echo mine > GEMINI.md', {
    head_ref: 'wish',
  })

  expect(task.state).toBe('completed')
  expect(await test.forge.git('show', 'wish:AGENTS.md')).toBe('trusted\nbetter')
  expect(await test.forge.git('show', 'wish:GEMINI.md')).toBe('mine')
  expect(await test.forge.git('show', 'wish:CLAUDE.md')).toBe('own')
})

it('nothing spurious is published when the agent only looked', async () => {
  await test.forge.commit('main', { 'AGENTS.md': 'trusted\n' })
  const before = await test.forge.commit('quiet', { 'AGENTS.md': 'own\n', '.mcp.json': '{}' })

  const { task, log } = await work('cat AGENTS.md; git add --all --force; git stash || :', {
    head_ref: 'quiet',
  })

  expect(task.state).toBe('completed')
  expect(log).toContain('No changes were made')
  expect(await test.forge.git('rev-parse', 'quiet')).toBe(before)
})

it('a follow-up is steered by what steered the first session, not by what that wrote or what came since', async () => {
  await test.forge.commit('main', { 'AGENTS.md': 'as it was\n' })
  const first = await work('echo EVIL > AGENTS.md; echo EVIL > CLAUDE.md')
  await test.forge.commit('main', { 'AGENTS.md': 'as it is now\n' })

  const message = { type: 'user_message' as const, content: script(`${look}\necho x > looked`), by }
  await steerTask(test.store, first.id, message)
  await test.untilState(first.id, 'completed')
  const { output, events } = await follow(first.id)

  expect(output).toContain('as it was')
  expect(output).toContain('nothing evil')
  expect(output).not.toContain('as it is now')
  const commits = events.flatMap(({ type, data }) =>
    type === 'session.workspace' ? [data.steering_commit] : [],
  )
  expect(commits).toHaveLength(2)
  expect(new Set(commits).size).toBe(1)
  const branch = (await test.untilEnded(first.id)).head_ref ?? ''
  expect(await test.forge.git('show', `${branch}:AGENTS.md`)).toBe('EVIL')
})
