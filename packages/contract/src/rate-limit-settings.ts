import { z } from 'zod'

/**
 * Each preset's limits; 0 is no limit. GitHub's are those of behaviour.md 2.4. Errand's own keep what
 * protects the server, so many requests at once, and leave out what only makes a campaign wait: a fan-out
 * over 300 repositories is what it is for.
 */
const presets = {
  errand: {
    per_hour: 5000,
    installation_per_hour: 15_000,
    workflow_per_hour: 1000,
    anonymous_per_hour: 60,
    concurrent: 100,
    points_per_minute: 0,
    created_per_minute: 0,
    created_per_hour: 0,
  },
  github: {
    per_hour: 5000,
    installation_per_hour: 15_000,
    workflow_per_hour: 1000,
    anonymous_per_hour: 60,
    concurrent: 100,
    points_per_minute: 900,
    created_per_minute: 80,
    created_per_hour: 500,
  },
} as const

export type RateLimitNumbers = Record<keyof (typeof presets)['errand'], number>

function limit(name: keyof RateLimitNumbers, meaning: string) {
  const [own, github] = [presets.errand[name], presets.github[name]]
  const said = own === github ? `Default: ${own}.` : `Default: ${own}, by preset github ${github}.`
  return z.coerce
    .number()
    .int()
    .min(0)
    .exactOptional()
    .describe(`${meaning}; 0 sets no limit. ${said}`)
}

export const RateLimits = z.strictObject({
  preset: z
    .enum(['errand', 'github'])
    .default('errand')
    .describe(
      "What holds where nothing else is said: `errand` lets a campaign go as fast as the server takes it, `github` has GitHub's own numbers.",
    ),
  per_hour: limit('per_hour', 'API requests of one token in an hour'),
  installation_per_hour: limit(
    'installation_per_hour',
    'Those of one installation token (`ghs_`): an App works for many',
  ),
  workflow_per_hour: limit(
    'workflow_per_hour',
    'Those of one login of a workflow by OIDC, of which each job has its own',
  ),
  anonymous_per_hour: limit('anonymous_per_hour', 'Those of one address without a token'),
  concurrent: limit('concurrent', 'Requests of one token at a time, on each server'),
  points_per_minute: limit(
    'points_per_minute',
    'Points of one token on one operation in a minute: 1 for reading, 5 for anything else',
  ),
  created_per_minute: limit(
    'created_per_minute',
    'Tasks, messages to them, pull requests, comments, branches, repositories, campaigns, automations and their runs, tokens, webhooks and what those are told anew, that one token may create in a minute',
  ),
  created_per_hour: limit('created_per_hour', 'Those it may create in an hour'),
})

/** Every limit as a number: what is set, else what the preset has. */
export function rateLimitsOf({ preset, ...set }: z.infer<typeof RateLimits>): RateLimitNumbers {
  return { ...presets[preset], ...set }
}
