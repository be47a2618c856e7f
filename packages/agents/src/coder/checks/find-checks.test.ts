import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findChecks } from './find-checks.ts'
import { isCheck } from './is-check.ts'

let workspace: string
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'errand-checks-'))
})
afterEach(() => rm(workspace, { recursive: true, force: true }))

async function found(files: Record<string, string>): Promise<string[]> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(workspace, name)), { recursive: true })
    await writeFile(join(workspace, name), text)
  }
  return (await findChecks(workspace)).map(({ command }) => command)
}

const scripts = (scripts: object, more: object = {}) => JSON.stringify({ scripts, ...more })

describe('the tests of a repository', () => {
  it.each([
    ['npm', { 'package.json': scripts({ test: 'x', lint: 'y' }) }, ['npm test', 'npm run lint']],
    ['pnpm', { 'package.json': scripts({ test: 'x' }), 'pnpm-lock.yaml': '' }, ['pnpm test']],
    ['yarn', { 'package.json': scripts({ test: 'x' }), 'yarn.lock': '' }, ['yarn test']],
    ['bun', { 'package.json': scripts({ test: 'x' }), 'bun.lock': '' }, ['bun run test']],
    [
      'a runner that no script calls',
      {
        'package.json': scripts(
          { test: 'echo "Error: no test specified"' },
          { devDependencies: { vitest: '1' } },
        ),
      },
      ['npx --no-install vitest run'],
    ],
    ['node', { 'package.json': '{}', 'test/a.test.js': '' }, ['node --test']],
    ['pytest', { 'pyproject.toml': '[tool.pytest.ini_options]\n' }, ['python3 -m pytest']],
    [
      'pytest by a conftest',
      { 'tests/conftest.py': '', 'tests/test_a.py': '' },
      ['python3 -m pytest'],
    ],
    ['unittest', { 'tests/test_a.py': '' }, ['python3 -m unittest discover -s tests']],
    [
      'unittest of a package',
      { 'tests/__init__.py': '', 'tests/test_a.py': '' },
      ['python3 -m unittest discover -s tests -t .'],
    ],
    ['cargo', { 'Cargo.toml': '' }, ['cargo test --offline']],
    ['go', { 'go.mod': '' }, ['go test ./...']],
    ['maven', { 'pom.xml': '' }, ['mvn -o -q test']],
    ['gradle', { 'build.gradle.kts': '', gradlew: '' }, ['./gradlew --offline test']],
    ['make', { Makefile: 'all:\n\ncheck: all\n\ttrue\n' }, ['make check']],
    ['make beside another', { Makefile: 'test:\n', 'go.mod': '' }, ['go test ./...']],
    ['nothing', { 'README.md': 'npm test\n', Makefile: 'test := 1\n' }, []],
    ['what cannot be read', { 'package.json': '{', 'pom.xml/x': '' }, ['mvn -o -q test']],
  ])('are found by %s', async (_, files, commands) => {
    expect(await found(files as Record<string, string>)).toEqual(commands)
  })

  it('are looked for in folders where the root has none, but not in hostile names or deep down', async () => {
    const manifest = scripts({ test: 'x' })
    const names = ['apps/web', '$(touch x)', 'node_modules/a', 'a/b/c', '.hidden', '--help']
    await symlink('/', join(workspace, 'link'))

    const commands = await found(
      Object.fromEntries(names.map((name) => [`${name}/package.json`, manifest])),
    )

    expect(commands).toEqual(['cd apps/web && npm test'])
  })

  it('are at most a dozen', async () => {
    const files = Array.from({ length: 150 }, (_, at) => [`p${at}/go.mod`, ''])

    expect(await found(Object.fromEntries(files))).toHaveLength(12)
  })
})

it.each([
  ['npm test', true],
  ['cd web && CI=1 npm run test -- a', true],
  ['python -m pytest -q | tail -5', true],
  ['node --import tsx --test src', true],
  ['./node_modules/.bin/vitest run', true],
  ['timeout 60 cargo test', true],
  ['./run-checks.sh', true],
  ['echo npm test', false],
  ['cat test.js', false],
  ['git commit -m "npm test"', false],
])('%j is a check: %s', (command, is) => {
  const found = [{ command: './run-checks.sh', from: 'Makefile', kind: 'tests' as const }]

  expect(isCheck(command, found)).toBe(is)
})
