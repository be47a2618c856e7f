import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InstructionSource } from '@errand/contract'
import { openMirror, fetchMirror } from '../mirror/mirror.ts'
import { findRepository } from '../mirror/repository.ts'
import { openTestRun, type TestRun } from '../testing/open-test-run.ts'
import { fixtureSettings, fixtureTask } from '../testing/fixture-settings.ts'
import { startTestRunner } from '../testing/start-test-runner.ts'
import type { TestFile } from '../testing/test-forge.ts'
import { tellRepository, writeTold } from './tell-repository.ts'

let testRun: TestRun

beforeAll(async () => {
  testRun = await openTestRun({ prompt: 'p' })
})
afterAll(() => testRun?.[Symbol.asyncDispose]())

let branches = 0

/** What an agent that reads some of it by itself is told of a repository with these files. */
async function tell(
  files: Record<string, TestFile>,
  reads: InstructionSource[] = [],
): Promise<string> {
  const { run, test } = testRun
  const steeringCommit = await test.forge.commit(`told-${branches++}`, files)
  const mirror = await openMirror(run)
  await fetchMirror(run, mirror, await findRepository(run))
  return (await tellRepository(run, { mirror, steeringCommit, putAside: [] }, reads)) ?? ''
}

describe('what an agent is told of its repository', () => {
  it('is nothing where the repository says nothing', async () => {
    expect(await tell({ 'src/a.ts': '' })).toBe('')
  })

  it('is what it does not read by itself, each text once', async () => {
    const files = {
      'AGENTS.md': 'Use tabs.',
      'CLAUDE.md': '@AGENTS.md',
      'GEMINI.md': 'Use tabs.\n',
      '.github/copilot-instructions.md': 'Write tests.',
    }

    expect((await tell(files)).match(/Use tabs\./g)).toHaveLength(1)
    expect(await tell(files)).toContain('From .github/copilot-instructions.md:')
    expect(await tell(files, ['AGENTS.md'])).not.toContain('Use tabs')
    // What a file of its own leads to, it has read as well.
    expect(await tell(files, ['CLAUDE.md'])).not.toContain('Use tabs')
    const linked = { ...files, 'CLAUDE.md': { link: 'AGENTS.md' } }
    expect(await tell(linked, ['CLAUDE.md'])).not.toContain('Use tabs')
  })

  it('has instructions for paths, with the paths, and those for all files without', async () => {
    const told = await tell({
      '.github/instructions/web/ts.instructions.md':
        '---\napplyTo: "**/*.ts,**/*.tsx"\n---\nNo classes.',
      '.github/instructions/all.instructions.md': '---\napplyTo: "**"\n---\nBe brief.',
      '.github/instructions/asked.instructions.md': '---\ndescription: x\n---\nOnly when asked.',
      '.github/instructions/review.instructions.md':
        '---\napplyTo: "**"\nexcludeAgent: coding-agent\n---\nOnly for reviews.',
      '.github/instructions/notes.md': 'No instructions.',
    })

    expect(told).toContain(
      'From .github/instructions/web/ts.instructions.md, for files that match **/*.ts, **/*.tsx:\n<instructions>\nNo classes.',
    )
    expect(told).toContain('From .github/instructions/all.instructions.md:\n')
    expect(told).not.toMatch(/Only|No instructions/)
  })

  it('names the nearest notes of folders, and skills with what they are for', async () => {
    const skill = (name: string, description: string) =>
      `---\nname: ${name}\ndescription: |\n  ${description}\n---\nText of the skill.`
    const files = {
      'web/AGENTS.md': 'x',
      'web/CLAUDE.md': 'x',
      'api/CLAUDE.md': 'x',
      '.github/skills/release/SKILL.md': skill('release', 'How to release.'),
      '.claude/skills/release/SKILL.md': skill('release', 'The same.'),
      '.claude/skills/data/SKILL.md': skill('data', 'How to load data.'),
      '.claude/skills/none/SKILL.md': 'No front matter.',
    }

    const told = await tell(files)
    expect(told).toContain('nearest of these: api/CLAUDE.md, web/AGENTS.md.')
    expect(told).toContain('- release: How to release. (.github/skills/release/SKILL.md)')
    expect(told).toContain('- data: How to load data. (.claude/skills/data/SKILL.md)')
    expect(told).not.toMatch(/Text of the skill|The same/)
    expect(await tell(files, ['CLAUDE.md', '.claude/skills'])).not.toMatch(/nearest|data/)
  })

  it('never is what a link leads to', async () => {
    const told = await tell({
      'secret.md': 'Not for agents.',
      'AGENTS.md': { link: 'secret.md' },
      'GEMINI.md': { link: '/etc/passwd' },
      '.github/instructions/a.instructions.md': { link: '../../secret.md' },
      '.github/skills/a/SKILL.md': { link: '../../../secret.md' },
    })

    expect(told).toBe('')
  })

  it('is cut where it is too long, and says so', () => {
    const long = (path: string) => ({ path, text: 'x'.repeat(25_000) })
    const told =
      writeTold({ told: ['a', 'b', 'c', 'd'].map(long), nested: [], skills: [], replaced: [] }) ??
      ''

    expect(told).toContain('[5000 characters are left out: read a.]')
    expect(told).toContain('There is d as well: read it.')
    expect(told.length).toBeLessThan(62_000)
  })
})

it('an agent hears which files are not as its branch has them, but no name that the branch has made up', async () => {
  await using test = await startTestRunner({ settings: fixtureSettings() })
  await test.forge.commit('main', { 'AGENTS.md': 'Use tabs.' })
  await test.forge.commit('outside', { 'AGENTS.md': 'evil', '.claude/obey me.md': 'evil' })

  const task = fixtureTask([{ run: 'cat ~/history.json' }], { head_ref: 'outside' })
  const id = await test.add(task)
  await test.untilEnded(id)

  const events = await test.events(id)
  const output = events.flatMap(({ data }) => (typeof data.output === 'string' ? data.output : []))
  expect(output.join('')).toContain('not as the branch does that you work on: AGENTS.md. Leave')
  expect(output.join('')).not.toContain('obey me')
})

it('a session tells it in its first prompt, below the request, and the custom agent above', async () => {
  await using test = await startTestRunner({ settings: fixtureSettings() })
  await test.forge.commit('main', {
    'AGENTS.md': 'Use tabs.',
    '.github/agents/tidy.agent.md': '---\ndescription: x\n---\nYou tidy up.',
  })
  const steps = [{ run: 'cat ~/history.json' }]

  const id = await test.add(fixtureTask(steps, { custom_agent: 'tidy' }))
  const task = await test.untilEnded(id)

  expect(task.state).toBe('completed')
  const output = (await test.events(id))
    .flatMap(({ data }) => (typeof data.output === 'string' ? data.output : []))
    .join('')
  expect(JSON.parse(output)).toMatch(/^You tidy up\.\n\n\[.*\]\n\nThis is how .*Use tabs\./s)
})
