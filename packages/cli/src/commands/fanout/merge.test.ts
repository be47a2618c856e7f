import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeGitHub, openFakeGitHub } from '../../testing/fake-github.ts'
import type { FakePull } from '../../testing/fake-pulls.ts'
import { runCli, type RunOptions } from '../../testing/run-cli.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'errand-fanout-'))
})
afterEach(() => rmSync(home, { recursive: true }))

const repository = 'acme/a'
const passed = { context: 'ci', state: 'success' }
const page = 'https://github.com/acme/a/pull/7'

function fanout(github: FakeGitHub, args: string[], options: RunOptions = {}) {
  const environment = { HOME: home, ERRAND_URL: github.url, ERRAND_TOKEN: 'ghp_x' }
  return runCli(['fanout', ...args], { environment, ...options })
}

/** A campaign on one repository, whose pull request is as told. */
async function openCampaign(pull: Partial<FakePull>): Promise<FakeGitHub & { pull: FakePull }> {
  const github = await openFakeGitHub({ repositories: [repository] })
  await fanout(github, ['Do it', '-R', repository])
  const found = github.pulls.get(repository)
  if (found === undefined) throw new Error('there is no pull request')
  return Object.assign(github, { pull: Object.assign(found, pull) })
}

const run = (status: string, conclusion: string | null) => ({ name: 'x', status, conclusion })

describe('merging a campaign on GitHub', () => {
  it('is asked for with a list of what would be merged, and only those that are open', async () => {
    await using github = await openCampaign({ statuses: [passed], title: 'A \u001b[2Jtitle' })

    const refused = await fanout(github, ['merge'])
    const no = await fanout(github, ['merge'], { answers: ['n'] })

    expect([refused.code, no.code, github.pull.merged]).toEqual([1, 0, false])
    expect(refused.err).toContain('Add --yes.')
    expect(no.err).toContain('acme/a  #7  open  1/1 passed  A ^[[2Jtitle')
    expect(no.err).toContain('Merge these 1? [y/N]')

    const yes = await fanout(github, ['merge'], { answers: ['y'] })
    expect(yes.out).toBe(`acme/a  merged  ${page}\n`)
    const again = await fanout(github, ['merge', '--yes'])
    expect([again.code, again.out, github.pull.writesAt.length]).toEqual([0, '', 1])
  })

  it.each<[string, Partial<FakePull>, string]>([
    [
      'a failed status',
      { statuses: [passed, { context: 'b', state: 'error' }] },
      '1 of its checks',
    ],
    ['a failed run', { checkRuns: [run('completed', 'timed_out')] }, '1 of its checks failed'],
    ['no checks', {}, 'it has no checks'],
    ['a draft', { draft: true, statuses: [passed] }, 'it is a draft: --ready ends that'],
  ])('by --when-green leaves %s open, and says why', async (_, pull, reason) => {
    await using github = await openCampaign(pull)

    const { code, out } = await fanout(github, ['merge', '--when-green', '--yes'])

    expect([code, github.pull.merged]).toEqual([1, false])
    expect(out).toContain(`acme/a  not merged: ${reason}`)
  })

  it('by --when-green takes what passed, was skipped or has no opinion', async () => {
    const checkRuns = ['success', 'skipped', 'neutral'].map((end) => run('completed', end))
    await using github = await openCampaign({ checkRuns })

    expect((await fanout(github, ['merge', '--when-green', '--yes'])).code).toBe(0)
    expect(github.pull.merged).toBe(true)
  })

  it('ends a draft by GraphQL, which is the only way there', async () => {
    await using github = await openCampaign({ draft: true })

    expect((await fanout(github, ['merge', '--ready', '--yes'])).out).toContain('acme/a  merged')
  })

  it.each([
    [405, 'Pull Request is not mergeable'],
    [409, 'Head branch was modified. Review and try the merge again.'],
    [403, 'Resource not accessible by personal access token'],
  ])("reports GitHub's %i and its reason", async (status, message) => {
    await using github = await openCampaign({ unmergeable: { status, message } })

    const { code, out } = await fanout(github, ['merge', '--yes'])

    expect([code, out]).toEqual([1, `acme/a  not merged: ${message} (${status})  ${page}\n`])
  })
})
