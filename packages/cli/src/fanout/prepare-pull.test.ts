import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeGitHub, openFakeGitHub } from '../testing/fake-github.ts'
import { runCli } from '../testing/run-cli.ts'

let home: string
let journal: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'errand-fanout-'))
  journal = join(home, '.local/state/errand/campaigns/dates.jsonl')
})
afterEach(() => rmSync(home, { recursive: true }))

const repository = 'acme/a'
const wanted = ['--title', 'chore({{repo.name}}): dates', '--label', 'chore', '--label', 'dates']

function fanout(github: FakeGitHub, ...args: string[]) {
  const environment = { HOME: home, ERRAND_URL: github.url, ERRAND_TOKEN: 'ghp_x' }
  return runCli(['fanout', ...args], { environment, cwd: home })
}

const begin = (github: FakeGitHub, ...args: string[]) =>
  fanout(github, 'Do it', '--name', 'dates', '-R', repository, ...args)

/** The journal as it is on the disk when the client dies right after a line of this type. */
function dieAfter(type: string): void {
  const lines = readFileSync(journal, 'utf8').split('\n')
  const last = lines.findLastIndex((line) => line.includes(`"type":"${type}"`))
  writeFileSync(journal, `${lines.slice(0, last + 1).join('\n')}\n`)
}

describe("a campaign's pull request on GitHub", () => {
  it('gets its title, labels and reviewers once, a second apart', async () => {
    await using github = await openFakeGitHub({ repositories: [repository] })

    const { code } = await begin(github, ...wanted, '--reviewer', 'ann')

    const pull = github.pulls.get(repository)
    expect(code).toBe(0)
    expect(pull).toMatchObject({
      title: 'chore(a): dates',
      labels: ['chore', 'dates'],
      reviewers: ['ann'],
    })
    const gaps = pull?.writesAt.slice(1).map((at, index) => at - (pull.writesAt[index] ?? 0)) ?? []
    expect(gaps).toHaveLength(2)
    // Timers may fire a little early.
    expect(Math.min(...gaps)).toBeGreaterThan(950)
    await fanout(github, 'resume')
    expect(pull?.writesAt).toHaveLength(3)
  })

  it('gets only what is missing after a death in the middle', async () => {
    await using github = await openFakeGitHub({ repositories: [repository] })
    await begin(github, ...wanted)
    const pull = github.pulls.get(repository)
    dieAfter('preparing')
    if (pull !== undefined) pull.labels = ['CHORE']

    await fanout(github, 'resume')

    expect(pull?.labels).toEqual(['CHORE', 'dates'])
    expect(pull?.writesAt).toHaveLength(3)
    dieAfter('ended')
    await fanout(github, 'resume')
    expect(pull?.writesAt).toHaveLength(3)
  })

  it('keeps what could be set where a reviewer or a team is not there, and reports the others', async () => {
    await using github = await openFakeGitHub({ repositories: [repository] })

    const reviewers = ['--reviewer', 'ann', '--reviewer', '=nobody()', '--team-reviewer', 'core']
    const { code, out } = await begin(github, '--label', 'chore', ...reviewers)

    const message = 'Reviews may only be requested from collaborators.'
    expect(code).toBe(0)
    expect(out).toContain(`acme/a  not set  reviewers =nobody(): ${message}`)
    expect(github.pulls.get(repository)).toMatchObject({ labels: ['chore'], reviewers: ['ann'] })
    const { out: report } = await fanout(github, 'report', '--format', 'json')
    expect(JSON.parse(report)).toMatchObject({
      repositories: [
        { problems: [`reviewers =nobody(): ${message}`, `team_reviewers core: ${message}`] },
      ],
    })
  })

  it('may be gone by the time it is prepared', async () => {
    await using github = await openFakeGitHub({ repositories: [repository] })
    await begin(github, '--label', 'chore')
    dieAfter('ended')
    github.pulls.clear()

    const { code, out } = await fanout(github, 'resume')

    expect(code).toBe(0)
    expect(out).toContain('there is no pull request 7 any more')
  })

  it('has what the file says, and each flag goes before the same of the file', async () => {
    await using github = await openFakeGitHub({ repositories: [repository] })
    const file = `name: dates\nprompt: p\ntargets:\n  repos: [${repository}]\npull_request:\n  title: From the file\n  labels: [old]\n`
    writeFileSync(join(home, 'campaign.yml'), file)

    const plan = await fanout(github, '--campaign', 'campaign.yml', '--label', 'new', '--dry-run')
    await fanout(github, '--campaign', 'campaign.yml', '--label', 'new')

    expect(plan.out).toContain('Its title: From the file\n')
    expect(github.pulls.get(repository)).toMatchObject({ title: 'From the file', labels: ['new'] })
  })

  it.each([
    [['--title', '{{vars.team}}'], 'The title cannot be made for acme/a'],
    [['--title', ' {{" "}}'], 'The title for acme/a must have 1 to 256 characters'],
    [['--label', 'x', '--no-pr'], 'The campaign opens no pull requests'],
  ])('is refused before anything is sent: %j', async (args, message) => {
    await using github = await openFakeGitHub({ repositories: [repository] })

    const { code, err } = await begin(github, ...args)

    expect([code, github.tasks.length]).toEqual([1, 0])
    expect(err).toContain(message)
  })
})
