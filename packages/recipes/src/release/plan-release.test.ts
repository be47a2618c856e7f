import { symlink } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { createCheckout, type TestCommit } from '../testing/run-on.ts'
import { planRelease, type ReleaseWishes } from './plan-release.ts'

async function plan(commits: readonly TestCommit[], wishes: ReleaseWishes = {}) {
  await using checkout = await createCheckout(commits)
  return await planRelease(await checkout.open(), wishes, { today: '2026-01-31' })
}

const began = (tag: string, files: Record<string, string> = {}): TestCommit => ({
  message: 'feat: begin',
  files: { 'a.txt': '1', ...files },
  tag,
})

describe('the version', () => {
  it.each([
    ['v1.2.3', 'fix: a', '1.2.4'],
    ['v1.2.3', 'feat: a', '1.3.0'],
    ['v1.2.3', 'feat(x)!: a', '2.0.0'],
    ['v1.2.3', 'fix: a\n\nBREAKING CHANGE: b', '2.0.0'],
    ['v0.2.3', 'feat!: a', '0.3.0'],
    ['v0.2.3', 'feat: a', '0.3.0'],
    ['v0.2.3', 'fix: a', '0.2.4'],
    ['1.2.3', 'Change something', '1.2.4'],
    ['shop@1.2.3', 'perf: a', '1.2.4'],
    ['v2.0.0-rc.1', 'fix: a', '2.0.0'],
    ['v9.10.0', 'fix: a', '9.10.1'],
  ])('after %s and "%s" is %s', async (tag, message, version) => {
    const found = await plan([began(tag), { message }])

    expect(found).toMatchObject({ version, tag: tag.replace(/\d+\.\d+\.\d+.*$/, version) })
  })

  it('is counted from the highest tag that the commit has, not the latest one', async () => {
    await using checkout = await createCheckout([
      began('v1.9.0'),
      { message: 'fix: a', tag: 'v1.10.0' },
      { message: 'fix: b', tag: 'v1.2.0' },
      { message: 'fix: c' },
    ])
    checkout.git('switch', '--quiet', '--orphan', 'other')
    checkout.git('commit', '--quiet', '--allow-empty', '-m', 'x', '--author=A <a@b.c>')
    checkout.git('tag', 'v3.0.0')

    const found = await planRelease(await checkout.open('main'), {}, { today: '2026-01-31' })

    expect(found).toMatchObject({ version: '1.10.1', since: 'v1.10.0' })
  })

  it('is what a manifest is ahead with, and what it is named for before the first release', async () => {
    const ahead = await plan([began('v1.0.0', { VERSION: '1.4.0\n' }), { message: 'fix: a' }])
    const first = await plan([{ message: 'Begin', files: { VERSION: '0.3.0-dev\n' } }])
    const none = await plan([{ message: 'Begin' }])

    expect([ahead, first, none]).toMatchObject([
      { version: '1.4.0', reason: expect.stringContaining('the manifests say so') },
      { version: '0.3.0' },
      { version: '0.1.0', tag: 'v0.1.0' },
    ])
  })

  it.each([
    [
      'npm',
      {
        'package.json': '{"name":"shop","version":"1.2.0","workspaces":["core"]}',
        'core/package.json': '{"name":"core","version":"7.0.0"}',
      },
    ],
    [
      'Cargo',
      {
        'Cargo.toml':
          '[workspace]\nmembers = ["core"]\n[package]\nname = "shop"\nversion = "1.2.0"\n',
        'core/Cargo.toml': '[package]\nname = "core"\nversion = "7.0.0"\n',
      },
    ],
  ])('is not counted from the tag of a member with its own version, of %s', async (_, files) => {
    const after = [{ message: 'docs: a', tag: 'core@7.0.0' }, { message: 'fix: a' }]

    const found = await plan([began('v1.2.0', files), ...after])
    const first = await plan([{ message: 'feat: begin', files }, ...after])

    expect(found).toMatchObject({ version: '1.2.1', tag: 'v1.2.1', since: 'v1.2.0' })
    expect(first).toMatchObject({ version: '1.2.0', tag: 'v1.2.0' })
  })

  it('is counted from the tags of members that go along with the root', async () => {
    const files = {
      'package.json': '{"name":"shop","version":"2.0.0","workspaces":["core"]}',
      'core/package.json': '{"name":"core","version":"2.0.0"}',
    }
    const commits = [began('v1.0.0', files), { message: 'feat!: a', tag: 'core@2.0.0' }]
    const fixed = [...commits, { message: 'fix: a' }]
    const both = [...commits, { message: 'docs: a', tag: 'v2.0.0' }, { message: 'fix: a' }]

    expect(await plan(fixed)).toMatchObject({ version: '2.0.1', tag: 'core@2.0.1' })
    expect(await plan(both)).toMatchObject({ version: '2.0.1', tag: 'v2.0.1' })
  })

  it('can be asked for, if it is above what is released', async () => {
    const commits = [began('v1.0.0'), { message: 'docs: a' }]

    expect(await plan(commits, { version: '4.0.0-rc.1' })).toMatchObject({ version: '4.0.0-rc.1' })
    expect(await plan(commits, { bump: 'minor' })).toMatchObject({ version: '1.1.0' })
    await expect(plan(commits, { version: '1.0.0' })).rejects.toThrow('not above 1.0.0')
    await expect(plan(commits, { version: 'next' })).rejects.toThrow('"next" is no version')
  })

  it('is raised as far as was asked for, with the reason given, which becomes no markup', async () => {
    const commits = [began('v1.0.0'), { message: 'Change something' }]
    const reason = 'It is *new*\nto @everybody.'

    const found = await plan(commits, { bump: 'minor', reason })

    expect(found).toMatchObject({
      reason: String.raw`It is \*new\* to @<!-- -->everybody: minor from 1.0.0.`,
    })
    await expect(plan(commits, { reason })).rejects.toThrow('reason: it goes with bump')
  })

  it.each([
    [['Change something'], {}, true],
    [['Change something'], { VERSION: '1.5.0-dev\n' }, false],
    [['Change something', 'fix: a'], {}, false],
    [['Change something\n\nBREAKING CHANGE: b'], {}, false],
  ])('after %j with %j is a guess: %s', async (messages, files, isGuess) => {
    const found = await plan([began('v1.0.0', files), ...messages.map((message) => ({ message }))])

    expect(found).toMatchObject({ isGuess })
  })
})

describe('nothing to release', () => {
  it.each([
    ['no commits', []],
    ['commits no user notices', [{ message: 'docs: a' }, { message: 'chore(release): 1.0.0' }]],
  ])('is said of %s', async (_, commits) => {
    expect(await plan([began('v1.0.0'), ...(commits as TestCommit[])])).toMatchObject({
      type: 'nothing',
      reason: expect.stringContaining('since v1.0.0'),
    })
  })

  it('is said of a change that was taken back', async () => {
    await using checkout = await createCheckout([began('v1.0.0'), { message: 'feat: a' }])
    const id = checkout.git('rev-parse', 'HEAD')
    const message = `Revert "feat: a"\n\nThis reverts commit ${id}.`
    checkout.git('commit', '--quiet', '--allow-empty', '-m', message, '--author=A <a@b.c>')

    const found = await planRelease(await checkout.open(), {}, { today: '2026-01-31' })

    expect(found).toMatchObject({ type: 'nothing' })
  })

  it('is said when the release is prepared and waits for its tag', async () => {
    const commits = [
      began('v1.0.0'),
      { message: 'feat: a' },
      { message: 'chore: release 1.1.0', files: { 'CHANGELOG.md': '# Changelog\n\n## 1.1.0\n' } },
    ]

    for (const wishes of [{}, { bump: 'minor' as const }]) {
      expect(await plan(commits, wishes)).toEqual({
        type: 'nothing',
        reason: 'Nothing to release: 1.1.0 is prepared already. Tag it v1.1.0 to release it.',
      })
    }
  })
})

describe('the notes', () => {
  it('are grouped and linked, and no message becomes markup or a mention', async () => {
    const found = await plan(
      [
        began('v1.0.0'),
        { message: 'feat(ui): dim <script> by @ada (#12)' },
        { message: 'fix: a `b` [c](d)' },
      ],
      { web_url: 'https://example.com/acme/shop' },
    )
    if (found.type === 'nothing') throw new Error(found.reason)

    expect(
      found.notes.replaceAll(/[0-9a-f]{40}/g, 'ID').replaceAll(/\[[0-9a-f]{7}\]/g, '[ID]'),
    ).toBe(
      [
        '### Features',
        '',
        '- **ui:** dim \\<script\\> by @<!-- -->ada ([#12](https://example.com/acme/shop/pull/12))',
        '',
        '### Fixes',
        '',
        '- a `b` \\[c\\](d) ([ID](https://example.com/acme/shop/commit/ID))',
      ].join('\n'),
    )
    expect(found.compareUrl).toBe('https://example.com/acme/shop/compare/v1.0.0...v1.1.0')
  })

  it('tell a merged pull request by its title, where its commits keep no convention', async () => {
    await using checkout = await createCheckout([began('v1.0.0')])
    checkout.git('switch', '--quiet', '-c', 'topic')
    for (const step of ['wip', 'wip again']) {
      checkout.git('commit', '--quiet', '--allow-empty', '-m', step, '--author=A <a@b.c>')
    }
    checkout.git('switch', '--quiet', 'main')
    const merge = ['-c', 'user.name=A', '-c', 'user.email=a@b.c', 'merge', '--quiet', '--no-ff']
    checkout.git(...merge, 'topic', '-m', 'Merge pull request #7 from a/topic\n\nDim lamps')

    const found = await planRelease(await checkout.open(), {}, { today: '2026-01-31' })

    expect(found).toMatchObject({ notes: '### Other changes\n\n- Dim lamps (#7)' })
  })
})

describe('a hostile repository', () => {
  it('has its links not followed, and named', async () => {
    await using checkout = await createCheckout([began('v1.0.0'), { message: 'feat: a' }])
    await symlink('/etc/passwd', `${checkout.folder}/VERSION`)
    checkout.git('add', '--all')
    checkout.git('commit', '--quiet', '-m', 'feat: b', '--author=A <a@b.c>')

    const found = planRelease(await checkout.open(), {}, { today: '2026-01-31' })

    await expect(found).rejects.toThrow('VERSION is a link, not a file.')
  })

  it.each([
    ['package.json', '[]', 'package.json is not valid JSON.'],
    ['Cargo.toml', '[package', 'Cargo.toml is not valid TOML.'],
    ['pom.xml', '<project>', 'pom.xml is not valid XML.'],
    ['Chart.yaml', 'version: [', 'Chart.yaml is not valid YAML.'],
    ['.github/errand/release.yml', 'files: *x', 'release.yml is not valid YAML.'],
    ['.github/errand/release.yml', 'tags: x', /release\.yml: .*Unrecognized key/],
    [
      '.github/errand/release.yml',
      'files: [{path: ../../etc/passwd, pattern: "{version}"}]',
      'there is no ../../etc/passwd',
    ],
    ['.github/errand/release.yml', 'files: [{path: a.txt, pattern: "x"}]', 'must have {version}'],
    ['pyproject.toml', 'a\0b', 'pyproject.toml is not a text in UTF-8.'],
  ])('is told what is wrong with %s', async (path, text, message) => {
    const commits = [began('v1.0.0', { [path]: text }), { message: 'feat: a' }]

    await expect(plan(commits)).rejects.toThrow(message)
  })

  it('reaches no file outside by the patterns of a workspace', async () => {
    const files = { 'package.json': '{"version":"1.0.0","workspaces":["../*","/etc","**"]}' }

    const found = await plan([began('v1.0.0', files), { message: 'feat: a' }])

    expect(found).toMatchObject({ changes: [{ path: 'package.json' }, { path: 'CHANGELOG.md' }] })
  })
})
