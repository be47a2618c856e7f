import { z } from 'zod'

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable')
const template = z.string().min(1)

const PortSettings = z.strictObject({
  client_id_env: variable.describe("The variable with the client id for Port's API."),
  client_secret_env: variable.describe("The variable with the client secret for Port's API."),
  secret_env: variable
    .exactOptional()
    .describe('The variable with the secret Port signs with. Default: that of the client secret.'),
  token_env: variable.describe('The variable with the token of the account tasks are started as.'),
  base_url: z
    .url({ protocol: /^https?$/ })
    .default('https://api.getport.io')
    .describe("Port's API; `https://api.us.getport.io` in the US region."),
})
export type PortSettings = z.infer<typeof PortSettings>

const HookSettings = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and dashes')
    .describe('The last part of its address: `POST /integrations/hooks/ID`.'),
  signature: z
    .enum(['standard-webhooks', 'github'])
    .default('standard-webhooks')
    .describe('How the sender signs: by the Standard Webhooks specification, or as GitHub does.'),
  secret_env: variable.describe('The variable with the secret the sender signs with.'),
  token_env: variable.describe('The variable with the token of the account tasks are started as.'),
  when: template
    .exactOptional()
    .describe('A Liquid template over `body`: no task is started unless it comes out as `true`.'),
  repository: template.describe('A Liquid template over `body` that makes `owner/name`.'),
  prompt: template.describe('A Liquid template over `body` that makes the prompt.'),
  model: z.string().exactOptional().describe('The model of its tasks. Default: `auto`.'),
  agent: z
    .string()
    .exactOptional()
    .describe('The agent that works on its tasks. Default: that of the model.'),
  base_ref: z
    .string()
    .exactOptional()
    .describe('The branch tasks start from. Default: the default branch.'),
  create_pull_request: z
    .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
    .default(true)
    .describe('Whether its tasks open a pull request.'),
})
export type HookSettings = z.infer<typeof HookSettings>

const GitHubWebhooks = z.strictObject({
  secret_env: variable.describe(
    'The variable with the secret of the webhook. While it is changed, both, each on a line of its own.',
  ),
})
export type GitHubWebhooks = z.infer<typeof GitHubWebhooks>

/** Where tasks and messages come from beside the API: a portal's button, comments, or a signed request of anybody. */
export const Integrations = z.strictObject({
  port: PortSettings.exactOptional().describe('Self-service actions of Port (docs/port.md).'),
  github: GitHubWebhooks.exactOptional().describe(
    "A GitHub's webhooks, at `POST /integrations/github/webhooks` (docs/comments.md). Needs `github_app`.",
  ),
  mention: z
    .string()
    .regex(/^@[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}$/, 'must be a name with an @ before it')
    .default('@errand')
    .describe(
      'How a comment on the pull request of a task speaks to Errand. It should be the name of an account of its own.',
    ),
  hooks: z
    .array(HookSettings)
    .default([])
    .describe('Signed requests of other senders (docs/hooks.md).'),
})
