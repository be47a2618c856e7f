import { z } from 'zod'
import { defineRecipe } from '../recipe.ts'
import { writeWorkflow } from './workflows.ts'

/** Any of these says that there is continuous integration already. */
const existing =
  /^(\.github\/workflows\/[^/]+\.ya?ml|\.gitlab-ci\.yml|Jenkinsfile|\.circleci\/config\.yml|azure-pipelines\.yml|\.travis\.yml|\.buildkite\/.+|bitbucket-pipelines\.yml)$/

export const ciBootstrap = defineRecipe({
  name: 'ci-bootstrap',
  summary: 'write a first CI workflow that fits what the repository is built with',
  description: [
    'Looks at the manifests at the top (package.json, Cargo.toml, go.mod, pyproject.toml, pom.xml,',
    'build.gradle, Makefile) and writes .github/workflows/ci.yml, a job for each: check out, install,',
    'test, with read-only permissions. Where there is CI of any kind already, it changes nothing.',
  ].join(' '),
  options: z.strictObject({
    branch: z
      .string()
      .regex(/^[\w./-]+$/)
      .max(250)
      .exactOptional()
      .describe('the branch whose pushes are tested (default main)'),
  }),
  example: { branch: 'main' },
  run(repository, { branch = 'main' }) {
    const found = [...repository.files.keys()].find((path) => existing.test(path))
    if (found !== undefined) {
      const reason = `There is continuous integration already: ${found}.`
      return Promise.resolve({ type: 'nothing' as const, reason })
    }
    const detected = writeWorkflow(repository, branch)
    if (detected === undefined) {
      const reason = 'No manifest at the top says how the repository is built.'
      return Promise.resolve({ type: 'nothing' as const, reason })
    }
    const { name, because, workflow } = detected
    return Promise.resolve({
      type: 'changes' as const,
      title: `ci: test ${name} on every pull request`,
      body: `A first workflow for ${name}, because of ${because}. Look whether it runs the right tests.`,
      changes: [{ path: '.github/workflows/ci.yml', after: workflow }],
      report: [`found ${because}`, '.github/workflows/ci.yml: new'],
    })
  },
})
