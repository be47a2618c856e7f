import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { bash, finish, useCoder } from '../testing/coder-stage.ts'

const coder = useCoder()

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com']
  return execFileSync('git', ['-C', coder.workspace, ...identity, ...args], { encoding: 'utf8' })
}

async function begin(): Promise<void> {
  git('init', '--quiet', '--initial-branch=main')
  git('config', 'user.name', 'Ada')
  git('config', 'user.email', 'ada@example.com')
  await writeFile(coder.path('VERSION'), '1.0.0\n')
  git('add', '--all')
  git('commit', '--quiet', '-m', 'feat: begin')
  git('tag', 'v1.0.0')
}

const prompt = '#!errand-recipe release\n{"base":"main"}\n'

it('runs a recipe before the model is asked, which makes better prose of it', async () => {
  await begin()
  git('commit', '--quiet', '--allow-empty', '-m', 'feat: dim lamps')
  const sessionId = await coder.start([
    bash("sed -i 's/dim lamps/Lamps can be dimmed/' CHANGELOG.md"),
    finish('Anything', 'Lamps can be dimmed.'),
  ])

  const response = await coder.agent.prompt(sessionId, prompt)

  expect(coder.model.turns[0]?.user).toContain('next version 1.1.0')
  expect(await readFile(coder.path('VERSION'), 'utf8')).toBe('1.1.0\n')
  expect(await readFile(coder.path('CHANGELOG.md'), 'utf8')).toContain('- Lamps can be dimmed (')
  expect(response._meta?.['errand']).toEqual({
    title: 'chore: release 1.1.0',
    body: '<!-- errand-recipe: release -->\nLamps can be dimmed.',
  })
})

it('tells the model that there is nothing to do', async () => {
  await begin()
  const sessionId = await coder.start([finish('Nothing', 'Nothing.')])

  await coder.agent.prompt(sessionId, prompt)

  expect(coder.model.turns[0]?.user).toContain('Nothing to release: no changes since v1.0.0.')
  expect(git('status', '--short')).toBe('')
})
