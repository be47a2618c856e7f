import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkOptions, loadRecipe } from '@errand/recipes'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFakeGitHub } from '../testing/fake-github.ts'
import { type Answers, openFakeServer } from '../testing/fake-server.ts'
import { runCli } from '../testing/run-cli.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'errand-release-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function git(...args: string[]): void {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com']
  execFileSync('git', ['-C', folder, ...identity, ...args], {
    env: { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
  })
}

function commit(message: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  git('add', '--all')
  git('commit', '--quiet', '-m', message)
}

describe('release prepare --dry-run', () => {
  beforeEach(() => {
    git('init', '--quiet', '--initial-branch=main')
    git('remote', 'add', 'origin', 'git@example.com:me/shop.git')
    commit('feat: begin', { VERSION: '1.0.0\n', 'CHANGELOG.md': '# Changelog\n\n## 1.0.0\n' })
    git('tag', 'v1.0.0')
  })

  it('shows version, reason, notes and the changed lines, and changes nothing', async () => {
    commit('feat: dim lamps (#4)', { 'lamp.txt': 'x' })

    const { out, code } = await runCli(['release', 'prepare', '--dry-run'], { cwd: folder })

    expect(code).toBe(0)
    expect(out).toBe(`Next version: 1.1.0 (tag v1.1.0)
1 feature, nothing breaks: minor from 1.0.0.

### Features

- dim lamps ([#4](https://example.com/me/shop/pull/4))

VERSION
  -1.0.0
  +1.1.0

CHANGELOG.md
  +## 1.1.0
  +
  +### Features
  +
  +- dim lamps ([#4](https://example.com/me/shop/pull/4))
  +
`)
    git('diff', '--exit-code')
  })

  it('prints the same as JSON', async () => {
    commit('fix: a', { 'lamp.txt': 'x' })

    const args = ['release', 'prepare', '--dry-run', '--json', '--bump', 'major']
    const { out } = await runCli(args, { cwd: folder })

    expect(JSON.parse(out)).toMatchObject({
      version: '2.0.0',
      since: 'v1.0.0',
      files: [{ path: 'VERSION', lines: ['-1.0.0', '+2.0.0'] }, { path: 'CHANGELOG.md' }],
    })
  })

  it('says that there is nothing to release, and ends well', async () => {
    const { out, code } = await runCli(['release', 'prepare', '--dry-run'], { cwd: folder })

    expect([code, out]).toEqual([0, 'Nothing to release: no changes since v1.0.0.\n'])
  })

  it('refuses what goes against itself, and a folder that is no checkout', async () => {
    const both = await runCli(['release', 'prepare', '--version', '2.0.0', '--bump', 'major'])
    const remote = await runCli(['release', 'prepare', '--dry-run', '-R', 'me/shop'])
    const nowhere = await runCli(['release', 'prepare', '--dry-run'])

    expect([both.code, remote.code, nowhere.code]).toEqual([1, 1, 1])
    expect(both.err).toContain("cannot be used with option '--bump <level>'")
    expect(remote.err).toContain('leave out -R')
    expect(nowhere.err).toContain('no checkout of a git repository')
  })
})

const mark = '<!-- errand-recipe: release -->'
const pull = (number: number, more: object): object => ({
  number,
  html_url: `http://x/me/shop/pull/${number}`,
  body: mark,
  base: { ref: 'main' },
  head: { ref: `branch-${number}`, repo: { full_name: 'me/shop' } },
  ...more,
})
const task = { id: 'aaaaaaaa-0000-4000-8000-000000000000', state: 'queued', html_url: 'http://x/t' }

function answers(more: Answers = {}): Answers {
  return {
    'GET /repos/me/shop': { default_branch: 'main', html_url: 'http://x/me/shop' },
    'GET /agents/models': { models: [] },
    'GET /agents/repos/me/shop/tasks': { tasks: [] },
    'GET /repos/me/shop/pulls': [],
    'POST /agents/repos/me/shop/tasks': task,
    [`GET /agents/tasks/${task.id}`]: { ...task, sessions: [] },
    ...more,
  }
}

async function prepare(known: Answers, ...args: string[]) {
  await using server = await openFakeServer(known)
  const environment = { ERRAND_URL: server.url, ERRAND_TOKEN: 'x' }
  const ran = await runCli(['release', 'prepare', '-R', 'me/shop', ...args], { environment })
  const created = server.asked.find(({ method }) => method === 'POST')
  return { ...ran, body: created?.body }
}

describe('release prepare', () => {
  it('sends the recipe as a prompt, with what was asked for', async () => {
    const { body, out } = await prepare(answers(), '--bump', 'minor')

    expect(body).toEqual({
      prompt:
        '#!errand-recipe release\n{"base":"main","web_url":"http://x/me/shop","bump":"minor"}\n',
      base_ref: 'main',
      create_pull_request: true,
      model: 'script',
    })
    expect(out).toBe('Started: http://x/t\n')
  })

  it('goes on with its own open pull request, and with no other that bears its mark', async () => {
    const pulls = [
      pull(1, { body: 'another one' }),
      pull(2, { head: { ref: 'x', repo: { full_name: 'eve/shop' } } }),
      pull(3, { head: { ref: 'x', repo: null } }),
      pull(4, { base: { ref: 'next' } }),
      pull(5, {}),
    ]

    const { body, out } = await prepare(answers({ 'GET /repos/me/shop/pulls': pulls }))

    expect(body).toMatchObject({ head_ref: 'branch-5', base_ref: 'main' })
    expect(out).toContain('to bring pull request #5 up to date')
  })

  it('begins no second one while one runs', async () => {
    const running = { ...task, sessions: [{ prompt: '#!errand-recipe release\n{}' }] }

    const { body, out } = await prepare(
      answers({
        'GET /agents/repos/me/shop/tasks': { tasks: [task] },
        [`GET /agents/tasks/${task.id}`]: running,
      }),
    )

    expect(body).toBeUndefined()
    expect(out).toBe('It runs already: http://x/t\n')
  })

  it('sends words to GitHub, which runs no recipes', async () => {
    await using github = await openFakeGitHub({ repositories: ['me/shop'] })
    const environment = { ERRAND_URL: github.url, ERRAND_TOKEN: 'x' }

    const args = ['release', 'prepare', '-R', 'me/shop', '--version', '2.0.0', '--wait']
    const { code, out } = await runCli(args, { environment })

    expect(code).toBe(0)
    expect(github.tasks[0]?.prompt).toMatch(/^Prepare the next release of the branch main\.\n/)
    expect(github.tasks[0]?.prompt).toContain('- version: 2.0.0')
    expect(github.tasks[0]?.prompt).toContain(mark)
    expect(out).toContain('Pull request: https://github.com/me/shop/pull/7')
  })
})

describe('recipe', () => {
  it('lists what there is', async () => {
    const { out } = await runCli(['recipe', 'list'])

    expect(out.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'release',
      'codeowners',
      'ci-bootstrap',
      'license-headers',
      'codemod',
      'dependency-bump',
      '',
    ])
  })

  it('shows what one does, its options, and an example that can be run', async () => {
    const { out } = await runCli(['recipe', 'show', 'dependency-bump'])

    expect(out).toContain('name (required): the dependency')
    expect(out).toContain(
      '$ errand recipe run dependency-bump -R owner/repo --set name=zod --set version=4.6.7',
    )
    expect(out).toContain('#!errand-recipe dependency-bump\n  {"name":"zod","version":"4.6.7"}')
  })

  it.each([
    'codeowners',
    'ci-bootstrap',
    'license-headers',
    'codemod',
    'dependency-bump',
    'release',
  ])('has an example of %s that its own options take', async (name) => {
    const recipe = await loadRecipe(name)

    expect(() => checkOptions(recipe, recipe.example)).not.toThrow()
  })

  it('runs one with the options set, and refuses those it does not have', async () => {
    await using server = await openFakeServer(answers())
    const environment = { ERRAND_URL: server.url, ERRAND_TOKEN: 'x' }
    const run = (...args: string[]) =>
      runCli(['recipe', 'run', 'dependency-bump', '-R', 'me/shop', ...args], { environment })

    const wrong = await run('--set', 'nam=zod')
    const missing = await run('--set', 'name=zod')
    const right = await run('--set', 'name=zod', '--set', 'version=4.0.0', '--no-pr')

    expect(wrong.err).toContain('The option name')
    expect(missing.err).toContain('The option version')
    expect(right.code).toBe(0)
    expect(server.asked.filter(({ method }) => method === 'POST')).toMatchObject([
      {
        body: {
          prompt:
            '#!errand-recipe dependency-bump\n{"base":"main","name":"zod","version":"4.0.0"}\n',
          create_pull_request: false,
        },
      },
    ])
  })

  it('names the recipes there are for one that is not', async () => {
    const { err, code } = await runCli(['recipe', 'show', 'constructor'])

    expect(code).toBe(1)
    expect(err).toContain('There is no recipe "constructor"; there are release, codeowners')
  })
})
