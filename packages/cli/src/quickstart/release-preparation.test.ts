import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const script = join(import.meta.dirname, 'release-preparation.sh')

let repository: string
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'errand-release-'))
  git('init', '-q', '-b', 'main')
})
afterEach(() => rmSync(repository, { recursive: true }))

const identity = {
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@b',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@b',
}

function git(...args: string[]): string {
  const env = { PATH: process.env.PATH, HOME: repository, ...identity }
  return execFileSync('git', ['-C', repository, ...args], { env, encoding: 'utf8' })
}

function commit(message: string, files: Record<string, string> = {}): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(repository, name), text)
  git('add', '-A')
  git('commit', '-q', '--allow-empty', '--cleanup=verbatim', '-m', message)
}

function read(name: string): string {
  return readFileSync(join(repository, name), 'utf8')
}

/** Runs it as the script agent does, with no configuration of git and a folder of its own to write to. */
function prepare(): { title: string; body: string } {
  const summary = join(repository, '.git', 'summary')
  execFileSync('bash', ['-euo', 'pipefail', script], {
    cwd: repository,
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ERRAND_SUMMARY_FILE: summary },
    stdio: 'pipe',
  })
  const [title = '', , ...body] = readFileSync(summary, 'utf8').split('\n')
  return { title, body: body.join('\n') }
}

function changed(): string[] {
  return git('status', '--porcelain')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice(3))
}

const packageJson = (version: string): string =>
  `{\n  "name": "x",\n  "config": { "version": "9.9.9" },\n  "version": "${version}",\n  "private": true\n}\n`

describe('the next version', () => {
  it.each([
    ['a patch', ['fix: a'], '1.2.4'],
    ['a minor, for a feature', ['fix: a', 'feat(x): b'], '1.3.0'],
    ['a major, for an exclamation mark', ['feat!: a'], '2.0.0'],
    ['a major, for a breaking change in a body', ['fix: a\n\nBREAKING CHANGE: b'], '2.0.0'],
    [
      'a patch, for subjects that follow no convention',
      ['Update things', 'wip', ': x', 'feat b'],
      '1.2.4',
    ],
  ])('is %s', (_, messages, version) => {
    commit('chore: start', { 'package.json': packageJson('1.2.3') })
    git('tag', 'v1.2.3')
    for (const message of messages) commit(message)

    expect(prepare().title).toBe(`Release ${version}`)
    expect(read('package.json')).toBe(packageJson(version))
    expect(changed()).toEqual(['package.json', 'CHANGELOG.md'])
  })

  it('raises the minor version for a breaking change before 1.0.0', () => {
    commit('start', { VERSION: '0.4.1\n' })
    git('tag', '0.4.1')
    commit('refactor!: all')

    prepare()

    expect(read('VERSION')).toBe('0.5.0\n')
  })

  it('is that of the manifest when it is ahead of the last tag', () => {
    commit('start', { VERSION: '1.0.0\n' })
    git('tag', 'v1.0.0')
    commit('fix: a', { VERSION: '2.0.0\n' })

    expect(prepare().title).toBe('Release 2.0.0')
    expect(read('VERSION')).toBe('2.0.0\n')
  })

  it('is what a pre-release was named for', () => {
    commit('start', { VERSION: '2.0.0-rc.1\n' })

    expect(prepare().title).toBe('Release 2.0.0')
  })

  it('counts from where the version was last set when there is no tag', () => {
    commit('feat: old', { VERSION: '1.0.0\n' })
    commit('chore: release', { VERSION: '1.1.0\n' })
    commit('fix: new')

    const { title, body } = prepare()

    expect(title).toBe('Release 1.1.1')
    expect(body).toContain('- new (')
    expect(body).not.toContain('old')
  })

  it('is 0.1.0 where there is neither tag nor manifest, and nothing but notes is written', () => {
    commit('Initial commit', { README: 'x' })

    expect(prepare().title).toBe('Release 0.1.0')
    expect(changed()).toEqual(['CHANGELOG.md'])
  })

  it('goes by the newest version among the tags of this history, and by versions only', () => {
    commit('start')
    for (const tag of ['v1.9.0', 'v1.10.0', 'nightly', 'pkg@3.0.0', 'v2.0.0-rc.1']) git('tag', tag)
    git('checkout', '-q', '-b', 'other')
    commit('feat: elsewhere')
    git('tag', 'v7.0.0')
    git('checkout', '-q', 'main')
    commit('fix: here')

    expect(prepare().title).toBe('Release 1.10.1')
  })

  it('is a patch when nothing happened since the last release', () => {
    commit('start')
    git('tag', 'v1.0.0')

    const { title, body } = prepare()

    expect(title).toBe('Release 1.0.1')
    expect(body).toContain('No changes to the code.')
  })
})

describe('the manifests', () => {
  it.each([
    [
      'Cargo.toml',
      '[dependencies]\nversion = "5.0.0"\n[package]\nname = "x"\nversion = "1.0.0" # here\n',
    ],
    ['Cargo.toml', '[workspace.package]\nversion = "1.0.0"\n'],
    ['pyproject.toml', '[build-system]\nversion = "5.0.0"\n\n[project]\nversion = "1.0.0"\n'],
    ['pyproject.toml', '[tool.poetry]\nversion = "1.0.0"\n'],
    ['package.json', '{"dependencies": {"version": "5.0.0"}, "version": "1.0.0"}'],
  ])('%s gets the version at its own place: %j', (name, text) => {
    commit('start', { [name]: text })
    commit('fix: a')

    prepare()

    expect(read(name)).toBe(text.replace('1.0.0', '1.0.1'))
  })

  it('package-lock.json gets it for the root, not for what is installed', () => {
    const lock = (version: string): string =>
      `{\n  "name": "x",\n  "version": "${version}",\n  "packages": {\n    "": {\n      "name": "x",\n      "version": "${version}"\n    },\n    "node_modules/y": {\n      "version": "1.0.0"\n    }\n  }\n}\n`
    commit('start', { 'package.json': packageJson('1.0.0'), 'package-lock.json': lock('1.0.0') })
    commit('feat: a')

    prepare()

    expect(read('package-lock.json')).toBe(lock('1.1.0'))
  })

  it('keep their mode', () => {
    commit('start', { VERSION: '1.0.0\n' })
    execFileSync('chmod', ['755', join(repository, 'VERSION')])
    commit('fix: a')

    prepare()

    expect(statSync(join(repository, 'VERSION')).mode & 0o777).toBe(0o755)
  })
})

describe('the release notes', () => {
  it('are grouped, and stand before the older ones', () => {
    const older = '# Changelog\n\nAll of it.\n\n## 1.0.0\n\n- First\n'
    commit('start', { 'CHANGELOG.md': older })
    git('tag', 'v1.0.0')
    for (const message of ['feat(ui): Colours', 'fix: Crash', 'docs: Words', 'feat!: New API'])
      commit(message)

    prepare()

    const text = read('CHANGELOG.md')
      .replaceAll(/\([0-9a-f]{7,}\)/g, '(HASH)')
      .replace(/\d{4}-\d\d-\d\d/, 'DATE')
    expect(text).toBe(`# Changelog

All of it.

## 2.0.0 (DATE)

### Breaking changes

- New API (HASH)

### Features

- **ui**: Colours (HASH)

### Fixes

- Crash (HASH)

### Other changes

- Words (HASH)

## 1.0.0

- First
`)
  })

  it('take over what stood under Unreleased', () => {
    commit('start', { 'CHANGELOG.md': '# Changelog\n\n## [Unreleased]\n\n- By hand\n\n## 1.0.0\n' })
    git('tag', 'v1.0.0')
    commit('fix: a')

    prepare()

    const headings = read('CHANGELOG.md')
      .split('\n')
      .filter((line) => /^## |^- /.test(line))
    expect(headings.map((line) => line.replace(/ \(.*/, ''))).toEqual([
      '## [Unreleased]',
      '## 1.0.1',
      '- a',
      '- By hand',
      '## 1.0.0',
    ])
  })

  it('let no subject become markup, a mention, or a control character', () => {
    commit('start')
    git('tag', 'v1.0.0')
    commit(
      'fix: <script>alert(1)</script> @everyone `$(rm -rf /)` [x](http://y) \u001b[31m #1 *b* \\n 100%',
    )
    commit('fix(a*b): %s %d "quotes" \'single\' ü ✓')

    const { body } = prepare()

    expect(body).toContain(
      '\\<script\\>alert(1)\\</script\\> \\@everyone \\`$(rm -rf /)\\` \\[x\\](http://y)',
    )
    expect(body).toContain(`**a\\*b**: %s %d "quotes" 'single' ü ✓`)
    expect(body).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })

  it('leave out merges, and name how many there are beyond a hundred', () => {
    commit('start')
    git('tag', 'v1.0.0')
    for (let index = 0; index < 103; index += 1) commit(`fix: number ${index}`)
    git('checkout', '-q', '-b', 'side', 'HEAD~1')
    commit('fix: side')
    git('checkout', '-q', 'main')
    git('merge', '-q', '--no-ff', '-m', 'Merge side', 'side')

    const { body } = prepare()

    expect(body).not.toContain('Merge side')
    expect(body).toContain('and 4 older commits.')
  })
})
