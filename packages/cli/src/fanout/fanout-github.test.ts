import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeGitHub, type FakeGitHubOptions, openFakeGitHub } from '../testing/fake-github.ts'
import { runCli } from '../testing/run-cli.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'errand-fanout-'))
})
afterEach(() => rmSync(home, { recursive: true }))

const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `acme/r${at}`)

function fanout(github: FakeGitHub, ...args: string[]) {
  return fanoutAs('ada', github, ...args)
}

function fanoutAs(login: string, github: FakeGitHub, ...args: string[]) {
  const environment = { HOME: home, ERRAND_URL: github.url, ERRAND_TOKEN: `ghp_${login}` }
  return runCli(['fanout', ...args], { environment })
}

function target(options: FakeGitHubOptions): string[] {
  return options.repositories.flatMap((name) => ['-R', name])
}

/** What the campaign `do-it` has become, as if it had happened. */
function rewriteJournal(change: (text: string) => string): void {
  const path = join(home, '.local/state/errand/campaigns/do-it.jsonl')
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

/**
 * GitHub's own limit takes minutes to meet: ERRAND_TEST_REPOSITORIES=120 is the whole promise, beside
 * 30 creates of somebody else; without it, the same in seconds.
 */
const asked = Number(process.env.ERRAND_TEST_REPOSITORIES ?? 0)
const whole =
  asked > 0
    ? { title: '80 a minute', count: asked, limit: { ms: 60_000, most: 80 }, earlier: 30 }
    : { title: '2 in 3.5 seconds', count: 5, limit: { ms: 3500, most: 2 }, earlier: 0 }

describe('a campaign on GitHub', () => {
  it(
    `is sent one by one, a second apart, and waits out the secondary limit: ${whole.title}`,
    async () => {
      const { count, limit, earlier } = whole
      await using github = await openFakeGitHub({ repositories: names(count), limit, earlier })

      const args = ['Do it in {{repo.name}}', ...target({ repositories: names(count) })]
      const { code, out } = await fanout(github, ...args)

      expect([code, out.split('\n').at(-2)]).toEqual([0, `${count} completed`])
      expect(github.refused).toBeGreaterThan(0)
      // Each after the first few is told to wait once at most: none is tried again while it waits.
      expect(github.refused).toBeLessThanOrEqual(count - limit.most)
      expect(github.tasks.map(({ repository }) => repository).toSorted()).toEqual(
        names(count).toSorted(),
      )
      expect(github.tasks.map(({ prompt }) => prompt.split('\n')[0])).toContain('Do it in r3')
      const gaps = github.createsAt.slice(1).map((at, index) => at - (github.createsAt[index] ?? 0))
      // Timers may fire a little early.
      expect(Math.min(...gaps)).toBeGreaterThan(950)
    },
    60_000 + whole.count * 5000,
  )

  it('finds a task again whose create was not answered, and sends none twice', async () => {
    const options = { repositories: names(3), lost: [1, 3] }
    await using github = await openFakeGitHub(options)

    const { code } = await fanout(github, 'Do it', ...target(options))

    expect(code).toBe(0)
    expect(github.tasks.map(({ repository }) => repository)).toEqual(names(3))
    expect(new Set(github.tasks.map(({ prompt }) => prompt)).size).toBe(1)
  })

  it('reports each pull request by its number, which GitHub’s artifacts do not have', async () => {
    const options = { repositories: names(1) }
    await using github = await openFakeGitHub(options)
    await fanout(github, 'Do it', ...target(options))

    const { out } = await fanout(github, 'report', '--format', 'csv')
    const listed = await fanout(github, 'list', '--json', '--jq', '.[].counts.completed')
    const status = await fanout(github, 'status')

    expect(out.split('\n')[1]).toMatch(
      /^acme\/r0,completed,https:\/\/github\.com\/acme\/r0\/pull\/7,/,
    )
    expect(listed.out).toBe('1\n')
    expect(status.out).toBe('acme/r0\tcompleted\t0:00\thttps://github.com/acme/r0/pull/7\n')
  })

  it('asks once after the canary: what was said is not asked for again when it is resumed', async () => {
    const options = { repositories: names(3) }
    await using github = await openFakeGitHub(options)
    const begun = await fanout(github, 'Do it', '--canary', '1', ...target(options))
    const again = await fanout(github, 'resume')

    expect([begun.code, again.code, github.tasks.length]).toEqual([1, 1, 1])
    expect(again.err).toContain('The canary is good: 1 done, 2 left to send.')

    // The command died right after somebody had said yes.
    const journal = join(home, '.local/state/errand/campaigns/do-it.jsonl')
    const passed = { type: 'canary_passed', at: new Date().toISOString() }
    appendFileSync(journal, `${JSON.stringify(passed)}\n`)

    const { code, out } = await fanout(github, 'resume')
    expect([code, out.split('\n').at(-2), github.tasks.length]).toEqual([0, '3 completed', 3])
  })

  it('is not taken up by another account, who may not see its tasks', async () => {
    const options = { repositories: names(2) }
    await using github = await openFakeGitHub(options)
    await fanout(github, 'Do it', '--canary', '1', ...target(options))

    const { code, err } = await fanoutAs('bob', github, 'resume', '--yes')

    expect([code, github.tasks.length]).toEqual([1, 1])
    expect(err).toContain('The campaign do-it was begun by ada, and this token is of bob.')
  })

  it('writes down that the canary was passed before anything else is sent', async () => {
    const options = { repositories: names(2) }
    await using github = await openFakeGitHub(options)

    await fanout(github, 'Do it', '--canary', '1', '--yes', ...target(options))

    const lines = readFileSync(join(home, '.local/state/errand/campaigns/do-it.jsonl'), 'utf8')
    const types = [...lines.matchAll(/"type":"(\w+)"/g)].map(([, type]) => type)
    const sent = ['sending', 'sent', 'ended']
    expect(types).toEqual(['campaign', ...sent, 'canary_passed', ...sent])
  })

  it('stops at its budget, and goes on with a higher one', async () => {
    const options = { repositories: names(4), nano: 1e9 }
    await using github = await openFakeGitHub(options)

    const first = await fanout(github, 'Do it', ...target(options), '--max-ai-credits', '2')
    const listed = await fanout(github, 'list', '--json', '--jq', '.[0].ai_credits')
    const second = await fanout(github, 'resume', '--max-ai-credits', '4')

    expect(first.code).toBe(1)
    expect(first.err).toContain('2 AI credits of 2 are spent')
    expect(listed.out).toBe('2\n')
    expect([second.code, github.tasks.length]).toEqual([0, 4])
  })

  it('says that a budget cannot be kept where the server does not tell what a task has cost', async () => {
    const options = { repositories: names(2) }
    await using github = await openFakeGitHub(options)

    const { code, err } = await fanout(github, 'Do it', ...target(options), '--max-ai-credits', '2')

    expect([code, github.tasks.length]).toEqual([1, 1])
    expect(err).toContain('no budget can be kept')
  })

  it('says on a dry run that GitHub tells no prices', async () => {
    const options = { repositories: names(2) }
    await using github = await openFakeGitHub(options)

    const { out } = await fanout(github, 'Do it', ...target(options), '--dry-run')

    expect(out).toContain('What it would cost is not known: GitHub tells no prices.')
    expect(github.tasks).toEqual([])
  })

  it.each([['cancel'], ['close'], ['answer', 'Yes']])(
    'is not touched on another server: %s',
    async (...command) => {
      const options = { repositories: names(1) }
      await using github = await openFakeGitHub(options)
      await using other = await openFakeGitHub(options)
      await fanout(github, 'Do it', ...target(options))

      const { code, err } = await fanout(other, ...command)

      expect(code).toBe(1)
      expect(err).toContain(`was begun on ${github.url}, and this is ${other.url}`)
    },
  )

  it('is reported with what the forge has by now, or without where it cannot be asked', async () => {
    const options = { repositories: names(1) }
    await using github = await openFakeGitHub(options)
    await using other = await openFakeGitHub(options)
    const begun = await fanout(github, 'Do it', ...target(options))
    Object.assign(github.pulls.get('acme/r0') ?? {}, {
      draft: true,
      statuses: [{ context: 'ci', state: 'pending' }],
    })
    const pullIn = (out: string) => {
      const { repositories } = JSON.parse(out) as { repositories: object[] }
      return repositories[0]
    }

    const asked = await fanout(github, 'report', '--format', 'json')
    const offline = await fanout(github, 'report', '--format', 'json', '--offline')
    const elsewhere = await fanout(other, 'report', '--format', 'json')

    // Piped, nothing moves a cursor.
    expect(begun.out).not.toContain('\u001b')
    expect(pullIn(asked.out)).toMatchObject({ pull_request_state: 'draft', checks: 'pending' })
    expect(pullIn(offline.out)).toMatchObject({ pull_request_state: null, checks: null })
    expect([elsewhere.code, pullIn(elsewhere.out)]).toEqual([0, pullIn(offline.out)])
    expect(elsewhere.err).toContain(
      'Without the state of pull requests: The campaign do-it was begun',
    )
  })

  it('is watched without its journal being held, and ends when all has ended', async () => {
    const options = { repositories: names(2) }
    await using github = await openFakeGitHub(options)
    await fanout(github, 'Do it', ...target(options))
    const path = join(home, '.local/state/errand/campaigns/do-it.jsonl')
    const whole = readFileSync(path, 'utf8')
    // The client died before it saw how the tasks ended.
    const lines = whole.split('\n').filter((line) => !line.includes('"type":"ended"'))
    writeFileSync(path, lines.join('\n'))

    const { code, out } = await fanout(github, 'status', '--watch')

    expect([code, out.split('\n').at(-2)]).toEqual([0, '2 completed'])
    expect(out).toMatch(/acme\/r1 {2}completed {2}https:\/\/github.com\/acme\/r1\/pull\/7/)
    expect(readFileSync(path, 'utf8')).toBe(lines.join('\n'))
    expect((await fanout(github, 'status', '--watch', '--json')).code).toBe(1)
  })

  it('goes on without a task that is gone, and begins it anew by retry --failed', async () => {
    const options = { repositories: names(3) }
    await using github = await openFakeGitHub(options)
    await fanout(github, 'Do it', ...target(options))
    const path = join(home, '.local/state/errand/campaigns/do-it.jsonl')
    const lines = readFileSync(path, 'utf8').split('\n')
    writeFileSync(path, lines.filter((line) => !line.includes('"type":"ended"')).join('\n'))
    github.tasks.splice(1, 1)

    const resumed = await fanout(github, 'resume')
    const status = await fanout(github, 'status')
    const retried = await fanout(github, 'retry', '--failed')

    expect([resumed.code, resumed.out.split('\n').at(-2)]).toEqual([1, '2 completed, 1 failed'])
    expect(status.out).toMatch(/acme\/r1\tfailed\t.*the server shows its task no more: .*\(404\)/)
    expect([retried.code, github.tasks.length]).toEqual([0, 3])
  })

  it('goes on by resume after failures that stopped it, until as many more', async () => {
    const options = { repositories: names(3) }
    await using github = await openFakeGitHub(options)
    const rules = ['--canary', '1', '--stop-after-failures', '1']
    await fanout(github, 'Do it', ...rules, ...target(options))
    const fail = (text: string) => text.replace('"state":"completed"', '"state":"failed"')
    rewriteJournal(fail)

    const first = await fanout(github, 'resume')
    expect([first.err, github.tasks.length]).toEqual([
      expect.stringContaining('The canary is good: 1 done, 1 left to send.'),
      2,
    ])

    rewriteJournal(fail)
    const second = await fanout(github, 'resume', '--yes')
    expect([second.out.split('\n').at(-2), github.tasks.length]).toEqual([
      '1 completed, 2 failed',
      3,
    ])
  })

  it('begins only what failed anew by retry: what was never sent stays so', async () => {
    const options = { repositories: names(3) }
    await using github = await openFakeGitHub(options)
    await fanout(github, 'Do it', '--canary', '1', ...target(options))
    rewriteJournal((text) => text.replace('"state":"completed"', '"state":"failed"'))

    const { code, out } = await fanout(github, 'retry', '--failed')

    expect([code, out.split('\n').at(-2)]).toEqual([0, '2 planned, 1 completed'])
    expect(github.tasks.map(({ repository }) => repository)).toEqual(['acme/r0', 'acme/r0'])
  })

  it('refuses a script and a recipe before anything is sent: only Errand runs them', async () => {
    const options = { repositories: names(1) }
    await using github = await openFakeGitHub(options)

    for (const prompt of ['#!/bin/sh\ntrue', '#!errand-recipe release\n{}']) {
      const { code, err } = await fanout(github, prompt, ...target(options))
      expect([code, err]).toEqual([1, expect.stringContaining('a script or a recipe (#!)')])
    }
    expect(github.tasks).toEqual([])
  })

  it.each([
    ['--wave', '2'],
    ['--pause-after-wave'],
    ['--max-open-pulls', 'per_author=1'],
    ['--anew'],
  ])('is not begun with what only the server can obey: %s', async (...flags) => {
    const options = { repositories: names(1) }
    await using github = await openFakeGitHub(options)

    const { code, err } = await fanout(github, 'Do it', ...target(options), ...flags)

    expect([code, err, github.tasks]).toEqual([1, expect.stringContaining('--detach'), []])
  })

  it('nor with a file that says it, by its key', async () => {
    await using github = await openFakeGitHub({ repositories: names(1) })
    const file = join(home, 'campaign.yml')
    writeFileSync(file, 'name: x\nprompt: p\ntargets: {repos: [acme/r0]}\nwaves: [1]\n')

    const { code, err } = await fanout(github, '--campaign', file)

    expect([code, err]).toEqual([1, expect.stringContaining('cannot obey --wave (waves)')])
  })

  it('leaves a repository alone where the same campaign, begun elsewhere, has its pull request open', async () => {
    const options = { repositories: names(2) }
    await using github = await openFakeGitHub(options)
    await fanout(github, 'Do it', '-R', 'acme/r0')
    rmSync(join(home, '.local'), { recursive: true })

    const { code, out } = await fanout(github, 'Do it', ...target(options))

    expect([code, github.tasks.length]).toEqual([0, 2])
    expect(out).toMatch(/acme\/r0 {2}skipped {2}a pull request of this campaign is open already/)
  })
})
