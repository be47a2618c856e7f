import type { Settings } from '@errand/contract'
import type { Environment } from '../settings.ts'
import { readSecret } from './read-secret.ts'

interface Check {
  name: string
  ok: boolean
  detail: string
  remedy?: string
}

/** Whether comments can be listened to as the settings say; undefined where they say nothing of it. */
export function examineWebhooks(settings: Settings, environment: Environment): Check | undefined {
  const { integrations, forge, github_app: app } = settings
  if (integrations.github === undefined) return undefined
  const name = 'webhooks'
  const { secret_env: variable } = integrations.github
  if (forge !== 'embedded' && app === undefined) {
    return {
      name,
      ok: false,
      detail: 'integrations.github is set, and github_app is not',
      remedy: 'Comments are answered by a GitHub App of yours: see docs/comments.md.',
    }
  }
  if (!readSecret(environment, variable)) {
    return {
      name,
      ok: false,
      detail: `integrations.github.secret_env: the variable ${variable} is not set`,
      remedy: `Set it, or ${variable}_FILE, to the secret of the webhook.`,
    }
  }
  const bot = app === undefined ? 'the bot of the embedded forge' : `the GitHub App ${app.app_id}`
  return { name, ok: true, detail: `${integrations.mention} is answered by ${bot}` }
}
