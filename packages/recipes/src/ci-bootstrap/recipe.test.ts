import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { runOn } from '../testing/run-on.ts'

interface Workflow {
  permissions: unknown
  jobs: Record<string, { steps: { run?: string; uses?: string }[] }>
}

async function workflowFor(...paths: string[]): Promise<Workflow> {
  const files = Object.fromEntries(paths.map((path) => [path, '\n']))
  const { after } = await runOn('ci-bootstrap', {}, files)
  return parse(after['.github/workflows/ci.yml'] ?? '') as Workflow
}

it.each([
  [['package.json', 'package-lock.json'], 'nodejs', 'npm ci'],
  [
    ['package.json', 'pnpm-lock.yaml'],
    'nodejs',
    'corepack enable && pnpm install --frozen-lockfile',
  ],
  [['Cargo.toml', 'Cargo.lock'], 'rust', 'cargo test --workspace --locked'],
  [['go.mod'], 'go', 'go test ./...'],
  [['pyproject.toml'], 'python', 'python -m pytest'],
  [['pom.xml', 'mvnw'], 'maven', './mvnw -B verify'],
  [['build.gradle.kts'], 'gradle', 'gradle build'],
  [['Makefile'], 'make', 'make test'],
])('writes a job for %s', async (paths, job, command) => {
  const { jobs, permissions } = await workflowFor(...paths)

  expect(Object.keys(jobs)).toEqual([job])
  expect(jobs[job]?.steps.map(({ run }) => run)).toContain(command)
  expect(permissions).toEqual({ contents: 'read' })
})

it('writes a job for each ecosystem, and Make only where there is no other', async () => {
  const { jobs } = await workflowFor('package.json', 'Cargo.toml', 'Makefile')

  expect(Object.keys(jobs)).toEqual(['nodejs', 'rust'])
})

it.each(['.github/workflows/test.yml', '.gitlab-ci.yml', 'Jenkinsfile'])(
  'leaves a repository alone that has %s',
  async (path) => {
    const { outcome } = await runOn('ci-bootstrap', {}, { 'go.mod': '', [path]: '' })

    expect(outcome).toMatchObject({ type: 'nothing' })
  },
)
