import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { Step } from '../testing/fixture-agent.ts'
import { fixtureSettings, fixtureTask } from '../testing/fixture-settings.ts'
import { startTestRunner, type TestRunner } from '../testing/start-test-runner.ts'

let dir: string
let test: TestRunner | undefined
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'errand-tools-'))
})
afterEach(async () => {
  await test?.[Symbol.asyncDispose]()
  test = undefined
  await rm(dir, { recursive: true, force: true })
})

/** A session with these settings, run to its end. */
async function runTask(validation: object, steps: Step[]) {
  test = await startTestRunner({ settings: fixtureSettings({ validation }) })
  const id = await test.add(fixtureTask(steps))
  const task = await test.untilEnded(id)
  const events = await test.events(id)
  const told = events.filter(({ type }) => type === 'session.validation').map(({ data }) => data)
  const pull = test.forge.pulls.find(({ head }) => head === task.head_ref)
  return { task, events, told, body: pull?.body ?? '' }
}

/** What the fixture agent does when it is told what was found. */
function thenDo(steps: Step[]): Step {
  return { run: `cat > ~/next.json <<'EOF'\n${JSON.stringify(steps)}\nEOF` }
}

function write(path: string, content: string): Step {
  return { run: `cat > ${path} <<'EOF'\n${content}\nEOF` }
}

describe('the check of new dependencies', () => {
  const record = {
    id: 'MAL-2026-1',
    summary: 'Steals keys',
    affected: [{ package: { ecosystem: 'npm', name: 'evil' }, versions: ['1.0.0'] }],
  }
  const lockOf = (packages: Record<string, string>): string =>
    JSON.stringify({
      packages: Object.fromEntries(
        Object.entries(packages).map(([name, version]) => [`node_modules/${name}`, { version }]),
      ),
    })

  it('finds what is known to be bad among them, tells the agent, and then the pull request', async () => {
    const path = join(dir, 'osv')
    await mkdir(path)
    await writeFile(join(path, 'MAL-2026-1.json'), JSON.stringify(record))

    const steps = [write('package-lock.json', lockOf({ evil: '1.0.0', good: '1.0.0' }))]
    const { task, told, events, body } = await runTask({ osv: { path } }, steps)

    expect(task.state).toBe('completed')
    const finding = {
      path: 'package-lock.json',
      rule: 'MAL-2026-1',
      severity: 'critical',
      message: 'evil 1.0.0: Steals keys',
    }
    const tool = 'dependency_vulnerability_checks'
    expect(told.filter((data) => data['tool'] === tool)).toEqual([
      { tool, outcome: 'findings', finding_count: 1, findings: [finding] },
      { tool, outcome: 'findings', finding_count: 1, findings: [finding] },
    ])
    expect(JSON.stringify(events)).toContain('heard: Your work was checked')
    expect(body).toContain('- **critical** `package-lock.json`: `evil 1.0.0: Steals keys`')
  })

  it('that cannot be made is told of, and stops nothing', async () => {
    const validation = { osv: { path: join(dir, 'absent') } }
    const { task, told, body } = await runTask(validation, [
      write('go.mod', 'require a.b/c v1.0.0'),
    ])

    expect(task.state).toBe('completed')
    const message =
      'the check of new dependencies failed: the folder of validation.osv cannot be read.'
    expect(told[1]).toMatchObject({ outcome: 'failed', message, findings: [] })
    expect(body).toContain(`Not checked: \`${message}\``)
  })
})

describe('code scanning', () => {
  const result = (uri: string, line: number, text = 'Bad'): object => ({
    ruleId: 'r1',
    level: 'error',
    message: { text },
    locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: line } } }],
  })
  const scanner = (...results: object[]): object => {
    const sarif = JSON.stringify({ version: '2.1.0', runs: [{ tool: { driver: {} }, results }] })
    return { code_scanning: { command: ['printf', '%s', sarif] } }
  }

  it('counts what is about changed lines of changed files, and nothing outside of the checkout', async () => {
    const { told } = await runTask(
      scanner(
        result('README.md', 2),
        result('README.md', 1),
        result('file:///workspace/new.txt', 1),
        result('other.txt', 1),
        result('../../etc/passwd', 1),
        result('file:///etc/passwd', 1),
        result('%zz', 1),
      ),
      [{ run: 'echo more >> README.md; echo new > new.txt' }],
    )

    expect(told[2]).toMatchObject({
      tool: 'codeql',
      findings: [
        { path: 'README.md', line: 2, rule: 'r1', severity: 'high', message: 'Bad' },
        { path: 'new.txt', line: 1 },
      ],
    })
  })

  it('is mended by the agent, and then there is nothing left to tell', async () => {
    const command = [
      'sh',
      '-c',
      `grep -q bad new.txt && printf '%s' '${JSON.stringify({ runs: [{ tool: { driver: {} }, results: [result('new.txt', 1)] }] })}' || echo '{"runs":[]}'`,
    ]
    const { told, body } = await runTask({ code_scanning: { command } }, [
      thenDo([{ run: 'echo good > new.txt' }]),
      { run: 'echo bad > new.txt' },
    ])

    expect(told.filter(({ tool }) => tool === 'codeql').map(({ outcome }) => outcome)).toEqual([
      'findings',
      'passed',
    ])
    expect(body).not.toContain('The checks of this work')
  })

  it('has no way out, not even the one to the models', async () => {
    const command = ['sh', '-c', 'curl -sS -m 5 http://127.0.0.1:4010/ >&2 || echo no way >&2']
    const { told } = await runTask({ code_scanning: { command } }, [{ run: 'echo x > x' }])

    expect(told[2]).toMatchObject({ outcome: 'failed' })
    expect(String(told[2]?.['message'])).toContain('no way')
  })

  it.each([
    [
      'ten megabytes of brackets',
      ['sh', '-c', 'head -c 10000000 /dev/zero | tr "\\\\0" "["'],
      /is no SARIF/,
    ],
    ['no SARIF', ['echo', '{"runs": 3}'], /is no SARIF/],
    ['nothing', ['false'], /printed nothing/],
  ])('that prints %s has failed, and stops nothing', async (_, command, message) => {
    const { task, told } = await runTask({ code_scanning: { command } }, [{ run: 'echo x > x' }])

    expect(task.state).toBe('completed')
    expect(told[2]).toMatchObject({ tool: 'codeql', outcome: 'failed' })
    expect(told[2]?.['message']).toMatch(message)
  })
})

describe('a review', () => {
  /** The fixture agent does what the operator's instructions say. */
  const reviewer = (steps: Step[]): object => ({ review: { prompt: JSON.stringify(steps) } })
  const remark = (message: string): string =>
    JSON.stringify([{ file: 'x.txt', line: 1, severity: 'low', message }])

  it('is told in the pull request as text, whatever Markdown and mentions are in it', async () => {
    const message = 'Ask @acme/team `about` <b>this</b> [x](http://evil.test) ![](http://evil.test)'
    const { task, body } = await runTask(reviewer([{ say: remark(message) }]), [
      { run: 'echo x > x.txt' },
    ])

    expect(task.state).toBe('completed')
    expect(body).toContain(
      `- **low** \`x.txt:1\`: \`\` ${message} \`\` (\`review\`, by the review)`,
    )
  })

  it('sees the work, changes nothing of it, and has none of its agent’s memory', async () => {
    const steps: Step[] = [
      { run: 'echo spoilt > x.txt; git commit -qam spoilt; ls -a ~ | grep -c history.json > seen' },
      { run: 'cat x.txt; git log --oneline | head -3; test ! -e ~/secret' },
      { say: '[]' },
    ]
    const { task, told } = await runTask(reviewer(steps), [
      { run: 'echo secret > ~/secret; echo x > x.txt' },
    ])

    expect(task.state).toBe('completed')
    expect(told[3]).toMatchObject({ tool: 'copilot_code_review', outcome: 'passed' })
    expect(await test?.forge.git('show', `${task.head_ref}:x.txt`)).toBe('x')
  })

  it.each([
    ['says nothing that could be read', [{ say: 'All well.' }], /no list of findings/],
    ['crashes', [{ exit: 3 }], /failed/],
  ] as [string, Step[], RegExp][])(
    'whose agent %s has failed, and stops nothing',
    async (_, steps, message) => {
      const { task, told } = await runTask(reviewer(steps), [{ run: 'echo x > x.txt' }])

      expect(task.state).toBe('completed')
      expect(told[3]).toMatchObject({ tool: 'copilot_code_review', outcome: 'failed' })
      expect(told[3]?.['message']).toMatch(message)
    },
  )
})
