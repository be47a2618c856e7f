import { CampaignRules, OpenPullCaps } from '@errand/contract'
import { z } from 'zod'

const repositoryName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9._-]+$/, 'must be owner/name')
const texts = z.array(z.string().min(1)).default([])

export const campaignName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,62}$/,
    'must be lower case letters, digits, dots, dashes and underscores, 63 at most',
  )

/** Which repositories a campaign is about: those named, and those found, less those left out. */
export const Targets = z.strictObject({
  repos: z.array(repositoryName).default([]).describe('Repositories by name, as owner/name.'),
  orgs: texts.describe('All repositories of these organizations.'),
  users: texts.describe('All repositories of these users.'),
  search: z
    .string()
    .min(1)
    .exactOptional()
    .describe("What the server's repository search finds, in GitHub's search syntax."),
  topic: z.string().min(1).exactOptional().describe('Only repositories with this topic.'),
  language: z.string().min(1).exactOptional().describe('Only repositories in this language.'),
  match: texts.describe('Only repositories whose owner/name matches one of these globs.'),
  exclude: texts.describe('Not those whose owner/name matches one of these globs.'),
  has_file: texts.describe('Only repositories that have all of these files.'),
  archived: z.boolean().default(false).describe('Archived repositories too.'),
  forks: z.boolean().default(false).describe('Forks too.'),
})
export type Targets = z.infer<typeof Targets>

/** When a campaign stops sending by itself. */
export const StopAfter = z
  .union([z.int().min(1), z.string().regex(/^([1-9]\d?|100)%$/)])
  .describe('So many tasks without a result, or such a part of those that ended, like 10%.')
export type StopAfter = z.infer<typeof StopAfter>

/** What each pull request of a campaign is to have, beside what its task gave it. */
export const PullRequest = z.strictObject({
  title: z
    .string()
    .min(1)
    .exactOptional()
    .describe("A Liquid template like the prompt. Default: the task's own title."),
  labels: z.array(z.string().min(1).max(50)).default([]).describe('Labels to be put on it.'),
  reviewers: texts.describe('Who is asked for a review, by login.'),
  team_reviewers: texts.describe('Which teams are asked for a review, by slug.'),
})

/** Rules that a campaign sent from a machine cannot keep. */
const ofServer = 'Only with --detach: the server keeps to it.'

/** A campaign as `campaign.yml` has it: one prompt, sent to many repositories. */
export const Campaign = z.strictObject({
  name: campaignName.describe('What it is called; its journal has this name.'),
  prompt: z
    .string()
    .min(1)
    .describe('What is to be done, a Liquid template: {{repo.name}}, {{vars.team}}.'),
  targets: Targets,
  variables: z
    .string()
    .min(1)
    .exactOptional()
    .describe('A CSV or YAML file of variables for each repository.'),
  model: z.string().min(1).exactOptional().describe('The model. Default: the server decides.'),
  agent: z
    .string()
    .min(1)
    .exactOptional()
    .describe('The agent that works on it. Default: that of the model.'),
  custom_agent: z.string().min(1).exactOptional().describe('A custom agent of the repositories.'),
  base_ref: z
    .string()
    .min(1)
    .exactOptional()
    .describe("The branch to start from. Default: each repository's default branch."),
  create_pull_request: z.boolean().default(true).describe('Whether a pull request is opened.'),
  pull_request: PullRequest.exactOptional().describe(
    'The title, labels and reviewers that its pull requests get.',
  ),
  concurrency: z
    .int()
    .min(1)
    .exactOptional()
    .describe('How many tasks may be open at a time. Default: as many as there are.'),
  canary: z
    .int()
    .min(1)
    .exactOptional()
    .describe('So many tasks come first; the rest waits until they were good.'),
  stop_after_failures: StopAfter.exactOptional(),
  max_ai_credits: z
    .number()
    .positive()
    .exactOptional()
    .describe('What all tasks together may cost, in AI credits of a US cent.'),
  waves: CampaignRules.shape.waves
    .removeDefault()
    .exactOptional()
    .describe(`How many repositories the first waves have, the last is all the rest. ${ofServer}`),
  pause_after_wave: z
    .boolean()
    .exactOptional()
    .describe(`Whether \`errand campaign resume\` is waited for after each wave. ${ofServer}`),
  max_open_pulls: z
    .strictObject(OpenPullCaps.shape)
    .exactOptional()
    .describe(`How many pull requests of campaigns may be open at a time. ${ofServer}`),
})
export type Campaign = z.infer<typeof Campaign>
