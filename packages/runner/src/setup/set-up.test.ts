import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { beforeAll, afterAll, describe, expect, it } from 'vitest'

import { startTestRunner, type TestRunner } from '../testing/start-test-runner.ts'

let test: TestRunner

beforeAll(async () => {
  test = await startTestRunner()
})
afterAll(() => test?.[Symbol.asyncDispose]())

const layers = () => readdir(join(test.dataDir, 'setup-layers')).then((names) => names.sort())
const stepsFile = '.github/workflows/copilot-setup-steps.yml'

/** A steps file as GitHub's documentation has it, with these steps. */
function stepsOf(steps: string, job = ''): string {
  const indented = steps.replace(/^(?=.)/gm, '      ')
  return `name: Copilot Setup Steps
on: { workflow_dispatch: {} }
jobs:
  copilot-setup-steps:
    runs-on: ubuntu-latest
    permissions:
      contents: read
${job}    steps:
${indented}
`
}

/** A session of a repository whose default branch has these files. */
async function session(files: Record<string, string>, script: string, task: object = {}) {
  await test.forge.commit('main', files)
  const id = await test.add({ prompt: `Do it\n\n\`\`\`sh\n${script}\n\`\`\`\n`, ...task })
  const ended = await test.untilEnded(id)
  const events = await test.events(id)
  const of = (type: string) => events.filter((event) => event.type === type)
  return {
    task: ended,
    /** The files of the pull request. */
    changed: async () => {
      const range = `main...${ended.head_ref}`
      const listed = await test.forge.git('diff', '--name-only', range)
      return listed.split('\n')
    },
    all: JSON.stringify(events.map(({ data }) => data)),
    steps: of('setup.step_complete').map(({ data }) => data),
    log: of('session.log').map(({ data }) => String(data['message'])),
    printed: of('setup.step_update')
      .map(({ data }) => String(data['output']))
      .join(''),
    agent: of('tool.execution_update')
      .map(({ data }) => String(data['output']))
      .join(''),
  }
}

describe('the setup steps of a repository', () => {
  it('run before the agent, which finds what they left, and not again for the next session', async () => {
    const file = stepsOf(`
- uses: actions/checkout@v5
  with: { fetch-depth: 1 }
- name: Install
  id: install
  run: |
    mkdir -p node_modules/left && echo installed > node_modules/left/index.js
    echo "home of $(cat package-lock.json)" > ~/made
    echo "LEVEL=high" >> "$GITHUB_ENV"
    echo "$HOME/tools" >> "$GITHUB_PATH"
    mkdir -p ~/tools && printf '#!/bin/sh\\necho tool works\\n' > ~/tools/own-tool && chmod +x ~/tools/own-tool
    echo "said=so" >> "$GITHUB_OUTPUT"
- name: Look at \${{ steps.install.outputs.said }}
  run: own-tool; echo "$LEVEL \${{ env.LEVEL }} \${{ github.repository }}"
`)
    const files = { [stepsFile]: file, 'package-lock.json': 'lock-1\n' }
    const script =
      'own-tool; echo "level $LEVEL"; cat node_modules/left/index.js ~/made; echo x >> README.md'

    const first = await session(files, script)
    const second = await session({}, script)

    expect(first.steps).toEqual([
      {
        number: 1,
        name: 'Run actions/checkout@v5',
        outcome: 'success',
        seconds: expect.any(Number),
      },
      { number: 2, name: 'Install', outcome: 'success', seconds: expect.any(Number) },
      { number: 3, name: 'Look at so', outcome: 'success', seconds: expect.any(Number) },
    ])
    expect(first.printed).toBe('tool works\nhigh high acme/sums\n')
    for (const { agent } of [first, second]) {
      expect(agent).toBe('tool works\nlevel high\ninstalled\nhome of lock-1\n')
    }
    expect(second.steps).toEqual([])
    expect(second.all).toContain('The 3 setup steps need not run')
    for (const { changed } of [first, second]) expect(await changed()).toEqual(['README.md'])
    expect(await readdir(join(test.dataDir, 'setup-layers'))).toHaveLength(2)
  })

  it('that fail leave the agent to start with what is there, as GitHub has it', async () => {
    const file = stepsOf(`
- id: first
  run: |
    echo "::warning file=a.js::take care"
    echo before > ~/before
    echo "::add-mask::dynamic-secret"
    echo "it says dynamic-secret"
    exit 3
- name: Never
  run: echo never
- name: Look
  if: failure() && steps.first.outcome == 'failure'
  shell: sh
  run: echo looked
- name: Always
  if: always()
  continue-on-error: true
  shell: node {0}
  working-directory: src
  run: |
    console.log(process.cwd())
    process.exitCode = 1
- uses: some/action@v1
  if: always()
- if: \${{ failure() && nonsense( }}
  run: echo broken
`)
    const before = await layers()
    const { task, steps, log, all, printed, agent } = await session(
      { [stepsFile]: file },
      'cat ~/before',
    )

    expect(task.state).toBe('completed')
    expect(steps.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['Run echo "::warning file=a.js::take care"', 'failure'],
      ['Never', 'skipped'],
      ['Look', 'success'],
      ['Always', 'failure'],
      ['Run some/action@v1', 'skipped'],
      ['Run echo broken', 'failure'],
    ])
    expect(printed).toBe('it says ***\nlooked\n/workspace/src\n')
    expect(agent).toBe('before\n')
    expect(all).not.toContain('dynamic-secret')
    expect(log).toContain('a.js: take care')
    expect(log.join('\n')).toContain('ended with code 3')
    expect(log.join('\n')).toContain('some/action@v1 is skipped')
    expect(log.join('\n')).toContain('permissions give the steps nothing')
    expect(await layers()).toEqual(before)
  })

  it('have their summaries shown at their end: printable, masked, and no longer than is read', async () => {
    const file = stepsOf(`
- run: |
    echo printed
    echo "::add-mask::dynamic-secret"
    printf '# Result\\n\\033[31mall\\033[0m well, dynamic-sec\\033[0mret\\n' >> "$GITHUB_STEP_SUMMARY"
- run: |
    head -c 900000 /dev/zero | tr '\\0' x >> "$GITHUB_STEP_SUMMARY"
    exit 1
- run: 'true'
  if: always()
`)
    const { printed, all, steps } = await session({ [stepsFile]: file }, 'true')

    expect(steps).toHaveLength(3)
    expect(all.includes('dynamic-secret')).toBe(false)
    const [first = '', second = ''] = printed.split('Summary of the step:\n').slice(1)
    expect(printed.startsWith('printed\nSummary of the step:\n')).toBe(true)
    expect(first).toBe('# Result\nall well, ***\n')
    expect(second).toMatch(/^x+\n… \[\d+ characters cut\]\nx+\n$/)
    expect(second.length).toBeLessThan(17_000)
  })

  it('of a file that is broken are not run, and why is told', async () => {
    const { task, log, steps } = await session({ [stepsFile]: 'jobs: { other: {} }' }, 'true')

    expect(task.state).toBe('completed')
    expect(steps).toEqual([])
    expect(log.join('\n')).toContain('it has no job of the name copilot-setup-steps')
  })

  it('that are out of time are stopped, with what they started', async () => {
    const file = stepsOf(`
- run: sleep 600 & sleep 600
  timeout-minutes: 0.01
`)
    const { steps } = await session({ [stepsFile]: file }, 'true')

    expect(steps).toMatchObject([
      { outcome: 'failure', message: expect.stringContaining('out of time') },
    ])
  })

  it('cannot set for the agent what belongs to Errand, nor end it by what they write', async () => {
    const file = stepsOf(`
- run: |
    echo "NODE_OPTIONS=--bad" >> "$GITHUB_ENV"
    echo "GITHUB_REPOSITORY=evil/evil" >> "$GITHUB_ENV"
    echo "HTTPS_PROXY=http://evil.test" >> "$GITHUB_ENV"
    echo "LD_PRELOAD=/nowhere" >> "$GITHUB_ENV"
    echo "ERRAND_GATEWAY_URL=http://evil.test" >> "$GITHUB_ENV"
    echo "KEPT=yes" >> "$GITHUB_ENV"
    rm "$GITHUB_OUTPUT"; mkfifo "$GITHUB_OUTPUT"; ln -sf /etc/passwd "$GITHUB_STATE"
    head -c 3000000 /dev/zero > "$GITHUB_STEP_SUMMARY"
`)
    const script =
      'echo "$KEPT,${NODE_OPTIONS-},${LD_PRELOAD-},$HTTPS_PROXY,${ERRAND_GATEWAY_URL-}"'
    const { agent, log, task } = await session({ [stepsFile]: file }, script)

    expect(task.sessions.at(-1)?.error ?? undefined).toBeUndefined()
    expect(agent).toMatch(/^yes,,,http:\/\/127\.0\.0\.1:\d+,/)
    expect(agent).not.toContain('evil')
    expect(log).toContain('GITHUB_ENV cannot set NODE_OPTIONS.')
    expect(log).toContain('GITHUB_ENV cannot set GITHUB_REPOSITORY.')
  })
})

describe('results that are kept', () => {
  const install = stepsOf(`
- uses: actions/setup-node@v6
  with: { node-version: 1.2.3, cache: npm }
- run: sh ./install.sh
`)

  it('are never those of a branch that is not the default one, which may use them', async () => {
    const good = 'mkdir -p dep && cp word dep/word\n'
    const evil = 'echo evil > ~/evil; mkdir -p dep; echo evil > dep/word'
    await test.forge.commit('main', {
      [stepsFile]: install,
      'install.sh': good,
      word: 'good\n',
      'package-lock.json': 'lock-2',
    })
    // The same steps and lock files: another result of the same key, if it were kept.
    await test.forge.commit('outsider', {
      [stepsFile]: install,
      'install.sh': good,
      word: 'evil\n',
      'package-lock.json': 'lock-2',
    })
    await test.forge.commit('outsider-script', {
      [stepsFile]: stepsOf('- run: echo other'),
      'install.sh': evil,
      word: 'evil\n',
    })
    const kept = await layers()

    const attack = await session({}, 'cat dep/word', { base_ref: 'outsider' })
    const second = await session({}, 'cat dep/word', { base_ref: 'outsider-script' })
    const afterAttacks = await layers()
    const main = await session({}, 'cat dep/word; ls ~')
    const user = await session({}, 'cat dep/word', { base_ref: 'outsider' })

    expect(attack.agent).toBe('evil\n')
    expect(second.agent).toBe('evil\n')
    // The steps are those of the default branch, whatever the branch says.
    expect(second.steps).toMatchObject([{ outcome: 'success' }, { name: 'Run sh ./install.sh' }])
    expect(afterAttacks).toEqual(kept)
    expect(main.steps).toHaveLength(2)
    expect(main.agent).toBe('good\n')
    expect(main.log.join('\n')).toContain('asks for Node 1.2.3')
    expect(user.steps).toEqual([])
    expect(user.agent).toBe('good\n')
  })

  it('do not undo what has changed in the repository since', async () => {
    const file = stepsOf('- run: sh make.sh')
    const files = {
      [stepsFile]: file,
      'make.sh': 'sed -i s/one/two/ number && rm gone && mkdir -p out && echo made > out/file',
      number: 'one\n',
      gone: 'x',
      'package-lock.json': 'lock-3',
    }
    const script = 'cat number out/file; ls'

    const first = await session(files, script)
    const again = await session({ 'README.md': 'changed\n' }, script)
    const taken = await session({ 'out/file': 'their own\n' }, 'cat number out/file')

    expect(first.log.join('\n')).toContain('have changed files of the repository')
    for (const { agent } of [first, again]) {
      expect(agent).toContain('two\nmade\n')
      expect(agent).not.toContain('gone')
    }
    expect(again.steps).toEqual([])
    expect(taken.steps).toEqual([])
    expect(taken.agent).toBe('two\ntheir own\n')
  })
})

it('steps that are switched off are told of, and not run', async () => {
  const settings = { setup_steps: { enabled: false } }
  await using off = await startTestRunner({ settings })
  await off.forge.commit('main', { [stepsFile]: stepsOf('- run: echo made > dep') })
  const id = await off.add({ prompt: 'Do it\n\n```sh\nls\n```\n' })

  await off.untilEnded(id)

  const events = await off.events(id)
  const all = JSON.stringify(events.map(({ data }) => data))
  expect(events.filter(({ type }) => type.startsWith('setup.'))).toEqual([])
  expect(all).toContain(`The setup steps of ${stepsFile} are not run`)
})
