import { createHmac } from 'node:crypto'
import type { AnySchema } from 'ajv'
import type { Operation } from './operation.ts'

// Requests of senders that have no token: without a right signature none gets past the door.

/** The variables that the settings below name, with what the test signs by. */
export const integrationSecrets = {
  FUZZ_SECRET: 'a secret of the senders',
  FUZZ_CLIENT_ID: 'a client of the portal',
}

/** @param token of the account that what is sent acts for, in the variable FUZZ_TOKEN */
export function integrationSettings(): object {
  const acting = { secret_env: 'FUZZ_SECRET', token_env: 'FUZZ_TOKEN' }
  const hook = { ...acting, repository: '{{ body.repository }}', prompt: '{{ body.prompt }}' }
  return {
    port: {
      ...acting,
      client_id_env: 'FUZZ_CLIENT_ID',
      client_secret_env: 'FUZZ_SECRET',
      // Nobody listens there: what is reported to the portal is tried again later.
      base_url: 'http://127.0.0.1:9',
    },
    hooks: [
      { ...hook, id: 'standard' },
      { ...hook, id: 'github', signature: 'github', model: 'script' },
    ],
    github: { secret_env: 'FUZZ_SECRET' },
  }
}

const text = { type: 'string' }

const portRun: AnySchema = {
  type: 'object',
  required: ['run_id', 'action', 'repositories', 'prompt'],
  properties: {
    run_id: { type: 'string', pattern: '^[a-z0-9]{8}$' },
    action: { enum: ['start_agent_task', 'answer_agent_task'] },
    repositories: { type: 'array', minItems: 1, items: { const: 'acme/sums' } },
    prompt: text,
    task_id: text,
    message: text,
    model: { const: 'script' },
    base_ref: { const: 'main' },
    create_pull_request: { type: 'boolean' },
  },
}

const hookBody: AnySchema = {
  type: 'object',
  required: ['repository', 'prompt'],
  properties: { repository: text, prompt: text, model: text },
}

const gitHubEvent: AnySchema = {
  type: 'object',
  required: ['action', 'issue', 'comment', 'repository', 'pull_request'],
  properties: {
    action: { enum: ['created', 'closed', 'opened', 'edited'] },
    issue: {
      type: 'object',
      required: ['number', 'pull_request'],
      properties: { number: { const: 1 }, pull_request: { type: 'object' } },
    },
    pull_request: {
      type: 'object',
      required: ['number'],
      properties: { number: { const: 1 }, merged: { type: 'boolean' } },
    },
    comment: {
      type: 'object',
      required: ['id', 'body', 'user'],
      properties: {
        id: { type: 'integer', minimum: 1, maximum: 1000 },
        body: { enum: ['@errand go on', '@errand', 'hello', ''] },
        user: {
          type: 'object',
          required: ['login', 'id', 'type'],
          properties: {
            login: { const: 'owner' },
            id: { const: 1 },
            type: { enum: ['User', 'Bot'] },
          },
        },
      },
    },
    repository: {
      type: 'object',
      required: ['id', 'full_name'],
      properties: { id: { enum: [2, 3, 4] }, full_name: { const: 'acme/sums' } },
    },
  },
}

/** What a route's requests hold and are signed by; nothing for a route that goes by tokens. */
export function sign(path: string): Pick<Operation, 'body' | 'sign'> {
  if (path === '/integrations/port/actions') return { body: portRun, sign: byPort }
  if (path === '/integrations/github/webhooks') return { body: gitHubEvent, sign: byGitHub }
  if (path.startsWith('/integrations/hooks/')) return { body: hookBody, sign: byEither }
  return {}
}

function byPort(body: Buffer): Record<string, string> {
  const time = seconds()
  const signature = `v1,${hmac(`${time}.`, body).digest('base64')}`
  return { 'x-port-timestamp': time, 'x-port-signature': signature }
}

function byGitHub(body: Buffer, seed: number): Record<string, string> {
  const events = ['issue_comment', 'pull_request_review_comment', 'pull_request', 'issues', 'push']
  return {
    'x-hub-signature-256': `sha256=${hmac('', body).digest('hex')}`,
    'x-github-delivery': `delivery-${seed}`,
    'x-github-event': events[seed % events.length] ?? 'ping',
  }
}

/** Which of the hooks it is for only the address says: each looks at its own headers. */
function byEither(body: Buffer, seed: number): Record<string, string> {
  const time = seconds()
  const signature = `v1,${hmac(`id-${seed}.${time}.`, body).digest('base64')}`
  return {
    ...byGitHub(body, seed),
    'webhook-id': `id-${seed}`,
    'webhook-timestamp': time,
    'webhook-signature': signature,
  }
}

function hmac(before: string, body: Buffer) {
  return createHmac('sha256', integrationSecrets.FUZZ_SECRET).update(before).update(body)
}

function seconds(): string {
  return String(Math.floor(Date.now() / 1000))
}
