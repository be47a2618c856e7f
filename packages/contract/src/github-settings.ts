import { z } from 'zod'

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable')

export const GitHubApp = z.strictObject({
  app_id: z.coerce.number().int().min(1).describe("The App's id, as its settings page shows it."),
  private_key_env: variable.describe(
    "The variable with the App's private key as PEM, or `NAME_FILE` beside it the file with it.",
  ),
})
export type GitHubApp = z.infer<typeof GitHubApp>

export const ActionsOidc = z.strictObject({
  issuer: z
    .url({ protocol: /^https?$/ })
    .default('https://token.actions.githubusercontent.com')
    .describe(
      "Who signs the tokens. GitHub Enterprise Server's is `https://HOST/_services/token`. Its keys are read from `/.well-known/jwks` under it.",
    ),
  audience: z
    .string()
    .min(1)
    .exactOptional()
    .describe('What the workflow asks its token for. Default: `public_url`.'),
  refs: z
    .array(z.string().regex(/^refs\/[^*]*\*?$/, 'must be a ref, or the beginning of one and a `*`'))
    .default(['refs/heads/*', 'refs/tags/*'])
    .describe('The refs whose workflows may log in. Pull requests have `refs/pull/*`.'),
  events: z
    .array(z.string())
    .default([
      'push',
      'schedule',
      'workflow_dispatch',
      'repository_dispatch',
      'release',
      'issues',
      'issue_comment',
    ])
    .describe(
      "The events whose workflows may log in. `pull_request_target` and `workflow_run` are left out: they run with the repository's rights on what others sent.",
    ),
})
export type ActionsOidc = z.infer<typeof ActionsOidc>
