import { z } from 'zod'
import { flag } from './flag.ts'

/** Whose spending something bounds. `organization` is the owner of the repository, whoever that is. */
export const BudgetScope = z.enum(['organization', 'repository', 'user'])
export type BudgetScope = z.infer<typeof BudgetScope>

const named = {
  scope: BudgetScope.describe(
    'Whose: `organization` (the owner of the repository), `repository`, or `user` (who began the session).',
  ),
  name: z
    .string()
    .min(1)
    .describe(
      'A login, or `owner/repo` for a repository; `*` is for each one that no other names.',
    ),
}

/** PostgreSQL counts the billionths of it in 64 bits. */
const mostCredits = 9_000_000_000

/** What may be spent in a month. */
export const BudgetSetting = z.strictObject({
  ...named,
  ai_credits: z.coerce
    .number()
    .min(0)
    .max(mostCredits)
    .describe('How many AI credits may be spent in a month of UTC.'),
  prevent_further_usage: flag
    .default(true)
    .describe(
      'Whether the budget stops: new tasks are refused, and running ones wait until it is raised or the month is over. False only warns.',
    ),
})
export type BudgetSetting = z.infer<typeof BudgetSetting>

/** How dear a model may be. */
export const MultiplierLimit = z.strictObject({
  ...named,
  max_multiplier: z.coerce
    .number()
    .min(0)
    .describe('The dearest multiplier a request may have, like 1 or 0.33.'),
})
export type MultiplierLimit = z.infer<typeof MultiplierLimit>

/** Which model `auto` is. */
export const AutoModel = z.strictObject({
  simple_prompts: z
    .array(z.string().min(1).refine(isPattern, 'must be a regular expression'))
    .default([
      'release notes',
      'changelog',
      'bump (the )?version',
      'bump .*dependenc',
      'update .*dependenc',
      'upgrade .*dependenc',
      'typo',
      'documentation',
      'readme',
    ])
    .describe(
      'Regular expressions, without case. A prompt whose first line matches one is simple, and gets the cheapest model that may be used; any other the first of `models` that may. Default: release notes, version and dependency bumps, typos, documentation.',
    ),
})
export type AutoModel = z.infer<typeof AutoModel>

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'i').test('')
    return true
  } catch {
    return false
  }
}
