import { z } from 'zod'
import { defineRecipe } from '../recipe.ts'
import type { Change } from '../repository/repository.ts'
import { isForeign } from '../repository/is-foreign.ts'
import { applyEdits } from '../text-edit.ts'
import { requirementFinder } from './find-requirements.ts'

const lockFiles =
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|Cargo\.lock|poetry\.lock|uv\.lock|go\.sum)$/

export const dependencyBump = defineRecipe({
  name: 'dependency-bump',
  summary: 'set one dependency to a version in every manifest',
  description: [
    'Sets a dependency to a version wherever a package.json, Cargo.toml, pyproject.toml,',
    'requirements.txt, pom.xml or go.mod of the repository requires it. Operators like `^` stay;',
    'a requirement of several bounds is left to a person. It has no network, so lock files are not',
    "changed: run your package manager's install on the branch, or let CI do it.",
  ].join(' '),
  options: z.strictObject({
    name: z
      .string()
      .min(1)
      .max(300)
      .describe('the dependency; for Maven `artifact` or `group:artifact`'),
    version: z
      .string()
      .regex(/^v?\d[\w.+-]{0,99}$/, 'a version, like 1.2.3')
      .describe('the version to set, without an operator'),
  }),
  identifiedBy: ['name'],
  example: { name: 'zod', version: '4.6.7' },
  async run(repository, { name, version }) {
    const changes: Change[] = []
    let places = 0
    const paths = [...repository.files.keys()].filter(
      (path) => requirementFinder(path) !== undefined && !isForeign(path),
    )
    for (const [path, before] of await repository.readTexts(paths)) {
      const edits = requirementFinder(path)?.(path, before, name, version) ?? []
      const after = applyEdits(before, edits)
      if (after === before) continue
      places += edits.length
      changes.push({ path, before, after })
    }
    if (changes.length === 0) {
      return { type: 'nothing', reason: `No manifest requires ${name} below or above ${version}.` }
    }
    const locks = [...repository.files.keys()].filter((path) => lockFiles.test(path))
    const files = changes.map(({ path }) => `- \`${path.replaceAll('`', '')}\``)
    const warning =
      locks.length === 0
        ? ''
        : `\n\nStill to be renewed by its package manager: ${locks.join(', ')}.`
    return {
      type: 'changes',
      title: `build(deps): ${name} ${version}`,
      body: `Requires ${name} ${version} in:\n\n${files.join('\n')}${warning}`,
      changes,
      report: [
        `${places} requirements in ${changes.length} files`,
        ...locks.map((path) => `${path} is to be renewed`),
      ],
    }
  },
})
