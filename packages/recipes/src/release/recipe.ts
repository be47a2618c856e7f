import { z } from 'zod'
import { defineRecipe } from '../recipe.ts'
import { planRelease, type ReleasePlan } from './plan-release.ts'

export const release = defineRecipe({
  name: 'release',
  summary: 'prepare the next release: version, release notes, changelog',
  description: [
    'Finds the last release tag, reads the commits and merged pull requests since, and decides on the',
    'next version: by Conventional Commits where they are used, else the smallest step. It writes the',
    'notes into the changelog in the form it has, and sets the version in package.json with its lock',
    'file and workspaces, Cargo.toml and Cargo.lock, pyproject.toml, pom.xml, Chart.yaml, VERSION, and',
    'the places named in .github/errand/release.yml. It tags and publishes nothing.',
  ].join(' '),
  options: z.strictObject({
    version: z.string().max(100).exactOptional().describe('the version, instead of deciding on it'),
    bump: z
      .enum(['major', 'minor', 'patch'])
      .exactOptional()
      .describe('how far to raise it, instead of deciding on it'),
    reason: z
      .string()
      .min(1)
      .max(300)
      .exactOptional()
      .describe('why it is raised so far, as the pull request tells it; goes with bump'),
    tag_prefix: z.string().max(100).exactOptional().describe('what stands before it in a tag'),
    web_url: z
      .url({ protocol: /^https?$/ })
      .max(1000)
      .exactOptional()
      .describe("the repository's page, for links in the notes"),
  }),
  example: { bump: 'minor' },
  async run(repository, options, context) {
    const plan = await planRelease(repository, options, context)
    if (plan.type === 'nothing') return plan
    return {
      type: 'changes',
      title: plan.isConventional ? `chore: release ${plan.version}` : `Release ${plan.version}`,
      body: presentBody(plan),
      changes: plan.changes,
      report: [
        `next version ${plan.version}`,
        plan.reason,
        ...plan.changes.map(
          ({ path, before }) => `${path}: ${before === undefined ? 'new' : 'changed'}`,
        ),
        ...plan.kept.map((place) => `${place} keeps its own version`),
      ],
    }
  },
})

function presentBody(plan: ReleasePlan): string {
  const after = plan.since === undefined ? '' : ` after ${plan.since}`
  const files = plan.changes.map(({ path }) => `- \`${path.replaceAll('`', '')}\``)
  return [
    `Release **${plan.version}**${after}. ${plan.reason}`,
    plan.notes,
    plan.compareUrl === undefined ? '' : `[All changes](${plan.compareUrl})`,
    `<details><summary>Changed files</summary>\n\n${files.join('\n')}\n\n</details>`,
    plan.kept.length === 0 ? '' : `Left at their own version: ${plan.kept.join(', ')}.`,
    `To release it, merge this and tag the merge \`${plan.tag}\`.`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}
