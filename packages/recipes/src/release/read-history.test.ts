import { expect, it } from 'vitest'
import { createCheckout, type TestRepository } from '../testing/run-on.ts'
import { planRelease } from './plan-release.ts'
import { readHistory } from './read-history.ts'

type Git = TestRepository['git']

const asAda = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com']

/** A history after v1.0.0, with the changes it tells as `kind: subject`, oldest first, and the version. */
async function told(work: (git: Git) => void): Promise<{ changes: string[]; version: unknown }> {
  await using checkout = await createCheckout([{ message: 'feat: begin', tag: 'v1.0.0' }])
  work(checkout.git)
  const repository = await checkout.open()
  const entries = await readHistory(repository, 'v1.0.0')
  const plan = await planRelease(repository, {}, { today: '2026-01-31' })
  return {
    changes: entries.map(({ kind, subject }) => `${kind}: ${subject}`).toReversed(),
    version: plan.type === 'release' ? plan.version : plan.type,
  }
}

/** Files of their own let git take any commit back. */
function commit(git: Git, message: string): string {
  const blob = git('hash-object', '-w', '/dev/null')
  const name = message.replaceAll(/\W+/g, '-').slice(0, 40)
  git('update-index', '--add', '--cacheinfo', `100644,${blob},${name}`)
  git(...asAda, 'commit', '--quiet', '-m', message)
  git('checkout', '--quiet', '--', '.')
  return git('rev-parse', 'HEAD')
}

function mergePull(git: Git, title: string, messages: readonly string[]): string {
  git('switch', '--quiet', '-c', 'topic')
  for (const message of messages) commit(git, message)
  git('switch', '--quiet', 'main')
  const message = `Merge pull request #7 from ada/topic\n\n${title}`
  git(...asAda, 'merge', '--quiet', '--no-ff', 'topic', '-m', message)
  git('branch', '--quiet', '-D', 'topic')
  return git('rev-parse', 'HEAD')
}

function revert(git: Git, ...args: string[]): string {
  git(...asAda, 'revert', '--no-edit', ...args)
  return git('rev-parse', 'HEAD')
}

it('takes a merge that was reverted since back with all of its commits', async () => {
  const found = await told((git) => {
    revert(git, '-m', '1', mergePull(git, 'A new API', ['feat!: new api', 'fix: its tests']))
    commit(git, 'fix: small')
  })

  expect(found).toEqual({ changes: ['fix: small'], version: '1.0.1' })
})

it('counts a merge whose revert was itself reverted', async () => {
  const found = await told((git) => {
    revert(git, revert(git, '-m', '1', mergePull(git, 'A new API', ['feat!: new api'])))
    commit(git, 'fix: small')
  })

  expect(found).toEqual({ changes: ['breaking: new api', 'fix: small'], version: '2.0.0' })
})

it('counts what a merge had taken back, where the merge was reverted', async () => {
  const found = await told((git) => {
    const feature = commit(git, 'feat: lamps')
    git('switch', '--quiet', '-c', 'topic')
    revert(git, feature)
    git('switch', '--quiet', 'main')
    const message = 'Merge pull request #7 from ada/topic\n\nNo lamps'
    git(...asAda, 'merge', '--quiet', '--no-ff', 'topic', '-m', message)
    revert(git, '-m', '1', 'HEAD')
  })

  expect(found).toEqual({ changes: ['feature: lamps'], version: '1.1.0' })
})

it('counts the title of a pull request that says more than its commits', async () => {
  const found = await told((git) => {
    mergePull(git, 'feat!: drop v1', ['fix: tests', 'feat: drop v1'])
  })

  expect(found).toEqual({ changes: ['fix: tests', 'breaking: drop v1'], version: '2.0.0' })
})

it.each(['feat: lamps', 'feat: lamps and more', 'docs: lamps', 'Lamps'])(
  'does not tell a change twice for the title "%s" of its pull request',
  async (title) => {
    const found = await told((git) => {
      mergePull(git, title, ['feat: lamps', 'fix: tests'])
    })

    expect(found).toEqual({ changes: ['feature: lamps', 'fix: tests'], version: '1.1.0' })
  },
)

it('does not count a title whose commit was taken back', async () => {
  const found = await told((git) => {
    const merge = mergePull(git, 'feat: lamps', ['feat: lamps', 'fix: tests'])
    revert(git, `${merge}^2~1`)
  })

  expect(found).toEqual({ changes: ['fix: tests'], version: '1.0.1' })
})

it('keeps a commit of a pull request that breaks something by its footer alone', async () => {
  const found = await told((git) => {
    const rewrite = 'Rewrite it\n\nBREAKING CHANGE: the old names are gone'
    mergePull(git, 'Rewrite', ['fix: tests', rewrite])
  })

  expect(found).toEqual({ changes: ['fix: tests', 'breaking: Rewrite it'], version: '2.0.0' })
})
