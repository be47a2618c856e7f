import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Step } from '../testing/fixture-agent.ts'
import { fixtureSettings, fixtureTask } from '../testing/fixture-settings.ts'
import { startTestRunner, type TestRunner } from '../testing/start-test-runner.ts'

// Written apart, so that this file itself holds nothing that looks like a secret.
const token = ['ghp', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join('_')

let test: TestRunner
beforeAll(async () => {
  test = await startTestRunner({ settings: fixtureSettings() })
})
afterAll(() => test?.[Symbol.asyncDispose]())

/** What the fixture agent does when it is told what was found. */
function thenDo(steps: Step[]): Step {
  return { run: `cat > ~/next.json <<'EOF'\n${JSON.stringify(steps)}\nEOF` }
}

async function validationsOf(id: string): Promise<object[]> {
  const events = await test.events(id)
  return events.filter(({ type }) => type === 'session.validation').map(({ data }) => data)
}

async function hasBranch(id: string): Promise<boolean> {
  return (await test.forge.git('branch', '--list', `*${id.slice(0, 8)}`)) !== ''
}

describe('a secret in the work', () => {
  it('stops the push, and the session says which file and rule, and never the secret', async () => {
    const pulls = test.forge.pulls.length
    const id = await test.add({ prompt: `\`\`\`sh\necho 'key: ${token}' > key.yml\n\`\`\`` })
    const task = await test.untilEnded(id)

    expect(task).toMatchObject({ state: 'failed', artifacts: [] })
    const message =
      'There is a secret in the work: key.yml:1: found GitHub Token (github, critical).'
    expect(task.sessions[0]?.error).toMatchObject({ category: 'publish', message })
    expect(await hasBranch(id)).toBe(false)
    expect(test.forge.pulls).toHaveLength(pulls)
    const [found] = await validationsOf(id)
    expect(found).toMatchObject({ tool: 'secret_scanning', outcome: 'findings', finding_count: 1 })
    expect(JSON.stringify(found)).not.toContain(token)
  })

  it('is taken out by the agent that is told of it, also from the commits it made', async () => {
    const steps: Step[] = [
      thenDo([
        { run: 'git rm -q --cached key.yml; rm key.yml; echo fixed > fixed.txt' },
        { say: 'Sums\n\nAll of it.' },
      ]),
      { run: `echo 'key: ${token}' > key.yml; git add .; git commit -qm 'Add key'` },
    ]
    const id = await test.add(fixtureTask(steps))
    const task = await test.untilEnded(id)

    expect(task).toMatchObject({ state: 'completed' })
    const log = await test.forge.git('log', '-p', `main..${task.head_ref}`)
    expect(log).toContain('+fixed')
    expect(log).not.toContain(token)
    const [before, after] = (await validationsOf(id)).filter((data) =>
      JSON.stringify(data).includes('secret_scanning'),
    )
    expect(before).toMatchObject({ outcome: 'findings' })
    expect(after).toMatchObject({ outcome: 'passed' })
    const pull = test.forge.pulls.find(({ head }) => head === task.head_ref)
    // The command that wrote it is shown, without it.
    expect(pull?.body).toContain('key: ***')
    expect(pull?.body).not.toContain(token)
  })

  it('stops the push where the agent leaves it in', async () => {
    const steps: Step[] = [
      thenDo([{ say: 'It is none.' }]),
      { run: `echo 'key: ${token}' > key.yml` },
    ]
    const id = await test.add(fixtureTask(steps))
    const task = await test.untilEnded(id)

    expect(task.sessions[0]).toMatchObject({
      state: 'failed',
      error: { title: 'A secret in the work' },
    })
    expect(await hasBranch(id)).toBe(false)
  })

  it('stops the push where the agent fails at taking it out', async () => {
    const steps: Step[] = [thenDo([{ exit: 3 }]), { run: `echo 'key: ${token}' > key.yml` }]
    const id = await test.add(fixtureTask(steps))
    const task = await test.untilEnded(id)

    expect(task.sessions[0]).toMatchObject({
      state: 'failed',
      error: { title: 'A secret in the work' },
    })
    expect(JSON.stringify(await test.events(id))).toContain(
      'The agent could not mend what was found',
    )
  })

  it('is not looked for in what a follow-up stands on', async () => {
    await test.forge.commit('given', { 'old.yml': `key: ${token}\n` })
    const id = await test.add({
      prompt: '```sh\necho more >> old.yml\n```',
      head_ref: 'given',
      create_pull_request: false,
    })

    expect(await test.untilEnded(id)).toMatchObject({ state: 'completed' })
  })
})

it('tells of tools the runner is not configured for by events, and not in the pull request', async () => {
  const id = await test.add({ prompt: '```sh\necho x > x\n```' })
  const task = await test.untilEnded(id)

  expect(await validationsOf(id)).toMatchObject([
    { tool: 'secret_scanning', outcome: 'passed' },
    { tool: 'dependency_vulnerability_checks', outcome: 'not_available' },
    { tool: 'codeql', outcome: 'not_available' },
    { tool: 'copilot_code_review', outcome: 'not_available' },
  ])
  const pull = test.forge.pulls.find(({ head }) => head === task.head_ref)
  expect(pull?.body).not.toMatch(/check|scan|review/i)
})
